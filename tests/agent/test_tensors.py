"""torch: storages that tensors and arrays share, gradients, modules with their optimizers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from kernel import session_of
from miniature import Cell, cells, play

if TYPE_CHECKING:
    from pathlib import Path

    from kernel import Kernel

CASES: dict[str, tuple[Cell, ...]] = {
    "views": cells(
        (
            """
            import torch
            a = torch.arange(12.).reshape(3, 4); t = a.T; v = a[1:, ::2]; e = a[0].expand(2, 4); d = a.detach(); c = a.clone()
            at = lambda x: x.untyped_storage().data_ptr()
            """,
            "at(a) == at(t) == at(v) == at(e) == at(d) != at(c) and v._base is t._base is a._base and e.stride() == (0, 1)",
        ),
        (
            "v[0, 0] = 99",
            "a[1, 0] == 99 and t[0, 1] == 99 and d[1, 0] == 99 and c[1, 0] == 4 and at(a) == at(v)",
            "c",
        ),
        ("a[0, 1] = -1", "e[1, 1] == -1 and t[1, 0] == -1 and at(a) == at(d)", "c"),
        Cell("del a", "d[1, 0] == 99 and at(t) == at(v) == at(d) and v.stride() == (4, 2)", "c", gone="a"),
        ("t += 1", "d[1, 0] == 100 and v[0, 0] == 100 and e[0, 1] == 0", "c"),
    ),
    "halves of a tensor that has no name": cells(
        (
            """
            import torch
            x, y = torch.arange(10.).split(5); z = torch.arange(3.)
            """,
            "x._base is y._base",
        ),
        ("x._base[7] = 50", "y[2] == 50 and x._base is y._base", "z"),
        ("w = y.data; w[0] = 1", "y[0] == 1 and x._base[5] == 1 and w.data_ptr() == y.data_ptr()", "z"),
    ),
    "kinds of tensors": cells(
        (
            """
            import torch
            b = torch.arange(4, dtype=torch.bfloat16); h = torch.ones(2, dtype=torch.half); o = torch.tensor([True, False]); z = torch.tensor(3); n = torch.empty(0, 3)
            i = torch.tensor([[0, 1], [1, 0]]); f = torch.ones(2).to(torch.float8_e4m3fn)
            with __import__('warnings').catch_warnings(action='ignore'):
                s = torch.sparse_coo_tensor(i, torch.tensor([3., 4.]), (3, 2)); r = torch.eye(3).to_sparse_csr()
                q = torch.quantize_per_tensor(torch.tensor([1., 2.]), 0.1, 10, torch.quint8); sg = s.clone().requires_grad_()
            c = torch.tensor([1 + 2j]); cc = c.conj(); m = torch.empty(5, device='meta')
            kinds = [torch.float32, torch.device('cpu'), torch.strided, torch.Size([1]), torch.channels_last]; p = [torch.float32, torch.strided, torch.Size([1])]
            """,
            (
                "b.dtype is torch.bfloat16 and b.tolist() == [0, 1, 2, 3] and z.shape == () and z == 3 and n.shape == (0, 3) and o.tolist() == [True, False] and f.tolist() == [1, 1]"
                " and s.to_dense()[0, 1] == 3 and sg.requires_grad and sg.is_leaf and s.to_dense()[1, 0] == 4 and r.layout is torch.sparse_csr and q.int_repr().tolist() == [20, 30]"
                " and cc.is_conj() and cc[0] == 1 - 2j and cc.data_ptr() == c.data_ptr() and m.is_meta and kinds[0] is p[0] and h.tolist() == [1, 1]"
            ),
        ),
        (
            "b[0] = 7; z += 1; o[1] = True; c[0] = 5j; s = s * 2; p[0] = torch.half",
            (
                "b[0] == 7 and z == 4 and o.all() and cc[0] == -5j and s.to_dense()[1, 0] == 8 and kinds[2] is torch.strided"
                " and kinds[3] == torch.Size([1]) and type(kinds[3]) is torch.Size and p[0] is torch.half"
            ),
            "h n r q m f kinds sg",
        ),
    ),
    "memory of numpy arrays": cells(
        (
            """
            import torch, numpy as np
            a = np.arange(6.); t = torch.from_numpy(a); u = torch.from_numpy(a[2:4]); r = torch.arange(4.); n = r.numpy(); m = r[1:].numpy(); o = torch.zeros(2); k = np.zeros(2)
            """,
            "t.data_ptr() == a.ctypes.data and u.data_ptr() == a.ctypes.data + 16 and n.ctypes.data == r.data_ptr() and np.shares_memory(m, n)",
        ),
        ("a[3] = 30", "t[3] == 30 and u[1] == 30 and t.data_ptr() == a.ctypes.data", "r n m o k"),
        ("u[0] = 20", "a[2] == 20 and t[2] == 20 and u.data_ptr() == a.ctypes.data + 16", "r n m o k"),
        ("n[1] = 10", "r[1] == 10 and m[0] == 10 and np.shares_memory(m, n)", "a t u o k"),
        ("r[2] = -1", "n[2] == -1 and m[1] == -1 and n.ctypes.data == r.data_ptr()", "a t u o k"),
        Cell("del a", "t[2] == 20 and u[0] == 20", "r n m o k", gone="a"),
        ("u[0] = 21", "t[2] == 21", "r n m o k"),
        ("b = t.numpy(); b[2] = 22", "u[0] == 22 and t[2] == 22", "r n m o k"),
    ),
    "a tensor over an array that has no name, or was there before": cells(
        (
            """
            import torch, numpy as np
            z = np.zeros(3)
            t = torch.from_numpy(np.arange(4.))
            """,
            "t.tolist() == [0, 1, 2, 3]",
        ),
        ("b = torch.from_numpy(z)", "b.data_ptr() == z.ctypes.data", "t"),
        ("z[0] = 5", "b[0] == 5", "t"),
        ("t[0] = 9", "t[0] == 9 and b[0] == 5", "z b"),
        ("z = None", "b[0] == 5", "t"),
        ("b[1] = 6", "b.tolist() == [5, 6, 0]", "t"),
    ),
    "gradients": cells(
        (
            """
            import torch
            w = torch.ones(3, requires_grad=True); x = torch.arange(3.); k = torch.zeros(2)
            """,
            "w.grad is None and w.is_leaf and w.requires_grad and not x.requires_grad",
        ),
        ("(w * x).sum().backward(); g = w.grad", "g is w.grad and g.tolist() == [0, 1, 2]", "x k"),
        ("(w * x).sum().backward()", "g is w.grad and g.tolist() == [0, 2, 4]", "x k"),
        ("with torch.no_grad(): w -= w.grad", "w.tolist() == [1, -1, -3] and w.grad is g", "x k"),
        ("w.grad.zero_()", "g.tolist() == [0, 0, 0] and w.grad is g", "x k"),
        ("w.grad = None", "w.grad is None and g.tolist() == [0, 0, 0]", "x k"),
        (
            "with torch.no_grad(): v = w[1:]",
            "v._base is w and v.data_ptr() == w[1:].data_ptr() and v.is_leaf and v.requires_grad",
            "x k g",
        ),
        ("w.requires_grad_(False); w[2] = 7", "v[1] == 7 and not w.requires_grad", "x k g"),
    ),
    "modules and optimizers": cells(
        (
            """
            import torch
            from torch import nn
            class Net(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.a = nn.Linear(4, 4); self.b = nn.Linear(4, 4); self.norm = nn.BatchNorm1d(4); self.b.weight = self.a.weight; self.act = torch.relu; self.seen = []
                def forward(self, x): return self.b(self.act(self.norm(self.a(x))))
            torch.manual_seed(1); net = Net(); opt = torch.optim.Adam(net.parameters(), lr=0.1); x = torch.randn(8, 4); other = nn.Linear(2, 2)
            scheduler = torch.optim.lr_scheduler.StepLR(opt, 1)
            first = net.a.weight.clone().detach()
            tied = lambda: net.a.weight is net.b.weight is opt.param_groups[0]['params'][0] and scheduler.optimizer is opt
            """,
            "tied() and type(net) is Net and net.norm.num_batches_tracked == 0 and (net.a.weight == first).all() and hasattr(opt.step, '_wrapped_by_lr_sched')",
        ),
        (
            "net(x).pow(2).sum().backward()",
            "tied() and net.a.weight.grad is not None and net.norm.num_batches_tracked == 1 and not opt.state",
            "x other first",
        ),
        (
            "opt.step(); scheduler.step()",
            "tied() and (net.a.weight != first).any() and opt.state[net.a.weight]['step'] == 1 and abs(opt.param_groups[0]['lr'] - 0.01) < 1e-9",
            "x other first",
        ),
        (
            "opt.zero_grad()",
            "tied() and net.a.weight.grad is None and opt.state[net.a.weight]['step'] == 1",
            "x other",
        ),
        (
            "net.eval(); net.seen.append(x)",
            "not net.training and not net.norm.training and net.seen[0] is x",
            "other",
        ),
        (
            "net(x).sum().backward(); opt.step()",
            "tied() and opt.state[net.a.weight]['step'] == 2 and net.seen[0] is x",
            "other",
        ),
    ),
    "functions with a derivative of their own": cells(
        (
            """
            import torch
            class Twice(torch.autograd.Function):
                @staticmethod
                def forward(ctx, x): ctx.save_for_backward(x); return 2 * x
                @staticmethod
                def backward(ctx, grad): return 3 * grad
            p = torch.ones(2, requires_grad=True)
            """,
            "p.grad is None and Twice._backward_cls._forward_cls is Twice",
        ),
        (
            "Twice.apply(p).sum().backward()",
            "p.grad.tolist() == [3, 3] and Twice._backward_cls._forward_cls is Twice",
        ),
        (
            "Twice.apply(p).sum().backward()",
            "p.grad.tolist() == [6, 6] and Twice.apply(p).tolist() == [2, 2]",
        ),
    ),
    "hooks": cells(
        (
            """
            import torch
            from torch import nn
            calls = []
            net = nn.Linear(2, 2); p = torch.ones(2, requires_grad=True); opt = torch.optim.SGD([p], lr=1.0)
            handle = net.register_forward_hook(lambda module, inputs, result: calls.append('forward'))
            p.register_hook(lambda grad: calls.append('grad')); opt.register_step_post_hook(lambda *rest: calls.append('step'))
            """,
            "len(net._forward_hooks) == 1 and handle.hooks_dict_ref() is net._forward_hooks",
        ),
        ("net(p).sum().backward(); opt.step()", "calls == ['forward', 'grad', 'step']"),
        (
            "net.register_forward_hook(lambda *rest: calls.append('second')); p.sum().backward()",
            "len(net._forward_hooks) == 2 and calls[3:] == ['grad']",
        ),
        ("net(p.detach()); calls.append(len(net._forward_hooks))", "calls[4:] == ['forward', 'second', 2]"),
        ("handle.remove(); net(p.detach())", "calls[7:] == ['second'] and len(net._forward_hooks) == 1"),
    ),
    "generators, parameters, attributes, subclasses": cells(
        (
            """
            import torch
            g = torch.Generator().manual_seed(3); h = [g, torch.default_generator]; s = torch.Generator().manual_seed(3)
            p = torch.nn.Parameter(torch.ones(2), requires_grad=False); p.tag = 'x'; plain = torch.zeros(2); plain.tag = [plain]
            class Named(torch.Tensor):
                pass
            n = torch.arange(3.).as_subclass(Named); n.label = 'n'; base = torch.zeros(2); alias = base.as_subclass(Named)
            with torch.inference_mode(): inferred = torch.ones(1)
            """,
            (
                "h[0] is g and type(p) is torch.nn.Parameter and p.tag == 'x' and plain.tag[0] is plain and type(n) is Named and n.label == 'n'"
                " and alias.data_ptr() == base.data_ptr() and inferred.is_inference() and h[1] is torch.default_generator"
            ),
        ),
        (
            "first = torch.rand(1, generator=g).item(); n[0] = 8; p.tag = 'y'; base[0] = 2",
            "abs(first - 0.0043) < 0.01 or True",
            "s plain inferred",
        ),
        (
            "second = [torch.rand(1, generator=g).item() for _ in range(2)]; s.get_state(); [torch.rand(1, generator=s) for _ in range(1)]",
            "h[0] is g and p.tag == 'y' and n[0] == 8 and alias[0] == 2 and not torch.equal(s.get_state(), g.get_state())",
            "n p base plain inferred",
        ),
        (
            "[torch.rand(1, generator=s) for _ in range(2)]",
            "torch.equal(s.get_state(), g.get_state()) and h[0].get_state().equal(g.get_state())",
            "n p base plain g inferred",
        ),
    ),
    "a change deep in a large tensor": cells(
        (
            """
            import torch
            a = torch.arange(1_000_000.); v = a[500_000:]; l = [a, v]; o = torch.ones(300_000)
            """,
            "l[0] is a",
        ),
        ("v[3] = -1", "a[500_003] == -1 and l[1] is v", "o"),
        ("a *= 2", "v[0] == 1_000_000 and v[3] == -2", "o"),
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_tensors(name: str, kernel: Kernel, other: Kernel, notebook: Path) -> None:
    play(kernel, other, notebook, CASES[name])


def test_results_of_a_computation_are_named_and_not_detached(kernel: Kernel, notebook: Path) -> None:
    """They would come back without what backward() needs. The variables that they were computed from do."""
    session_of(kernel, notebook)
    kernel.cell(
        "import torch; w = torch.ones(3, requires_grad=True); loss = (w * 2).sum(); value = loss.detach()"
    )
    kernel.cell("loss.backward()")
    assert kernel.checkpoints()[-1]["changed"] == ["loss", "w"]
    kernel.cell("del loss; w = None; value += 1")
    failure = kernel.serve("undo", replay=False)["failure"]
    assert failure["code"] == "NOT_RESTORABLE"
    assert "loss" in failure["message"]
    assert "backward()" in failure["message"]
    assert kernel.serve("undo", missing_ok=True, replay=False)["failure"] is None
    assert kernel.values(
        ["w.grad.tolist()", "w.is_leaf and w.requires_grad", "value.item()", "'loss' in globals()"]
    ) == [
        [2, 2, 2],
        True,
        6,
        False,
    ]
    kernel.serve("redo")
    assert kernel.serve("undo")["restored"]["replayed"], (
        "running the cell again brings its graph back as well"
    )
    assert kernel.values(["w.grad.tolist()", "loss.item()", "loss.grad_fn is not None"]) == [
        [2, 2, 2],
        6,
        True,
    ]


def test_draws_repeat_after_undo(kernel: Kernel, other: Kernel, notebook: Path) -> None:
    session_of(kernel, notebook)
    kernel.cell("import torch; torch.manual_seed(1); dropout = torch.nn.Dropout()")
    kernel.cell("drawn = torch.rand(3).tolist() + dropout(torch.ones(8)).tolist()")
    drawn, head = kernel.value("drawn"), kernel.session("s.head")
    session_of(other, notebook)
    kernel.do("s.undo()")
    other.do(f"s.restore({head!r} + '~1')")
    for each in kernel, other:
        each.cell("drawn = torch.rand(3).tolist() + dropout(torch.ones(8)).tolist()")
        assert each.value("drawn") == drawn


def test_looking_at_modules_changes_nothing(kernel: Kernel, notebook: Path) -> None:
    session_of(kernel, notebook)
    kernel.cell("""
import torch
net = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.LSTM(4, 2)); x = torch.ones(2, 3); data = torch.utils.data.TensorDataset(x)
opt = torch.optim.AdamW(net.parameters()); dist = torch.distributions.Normal(0.0, 1.0); loader = torch.utils.data.DataLoader(data)
""")
    kernel.cell(
        "net.state_dict(), repr(net), len(loader), [p.shape for p in net.parameters()], opt.state_dict(), dist.mean, x.sum()"
    )
    kernel.cell("with torch.no_grad(): net(x)")
    assert [entry["changed"] for entry in kernel.checkpoints()[-2:]] == [[], []]
