"""Why variables are recorded as they are: one sentence for each pair that shares something."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from kernel import session_of

if TYPE_CHECKING:
    from pathlib import Path

    from kernel import Kernel


def diagnoses(kernel: Kernel) -> dict[str, dict[str, Any]]:
    reply = kernel.serve("doctor")
    assert reply["failure"] is None, reply["failure"]
    return {diagnosis["name"]: diagnosis for diagnosis in reply["diagnoses"]}


WHY: dict[str, tuple[str, set[str]]] = {
    "a list in a list and in a dict": ("x = [1]; a = [x]; b = {'x': x}; del x", {"a[0] is b['x']"}),
    "two names": ("x = [1]; y = x; z = [1]", {"x is y"}),
    "a tuple": ("t = ([1],); u = t", {"t is u"}),
    "three names": (
        "a = [[1]]; b = {'k': a[0]}; c = [a]",
        {"a[0] is b['k']", "c[0] is a", "c[0][0] is b['k']"},
    ),
    "keys": (
        "d = {}; a = {1.5: d, ('a', 2): [d], '{}' * 30: 1}; b = {('a', 2): d}",
        {"a[1.5] is d", "b['a', 2] is d", "a[1.5] is b['a', 2]"},
    ),
    "attributes and slots": (
        "class Box:\n    def __init__(self, item): self.item = item\nclass Slim: __slots__ = ('thing', 'empty')\nx = [1]; a = Box([x]); s = Slim(); s.thing = x; del x",
        {"a.item[0] is s.thing"},
    ),
    "subclasses of containers": (
        "class L(list): pass\nclass D(dict): pass\nx = [1]; a = L([x]); b = D(k=x); a.note = b; del x",
        {"a.note is b"},
    ),
    "closures": (
        "def make():\n    count = []\n    def f(): return count\n    def g(): count.append(1)\n    return f, g\nf, g = make()",
        {"f.__closure__[0] is g.__closure__[0]"},
    ),
    "a class that was defined again": (
        "count = []\nclass C: items = count\nd = C()\nclass C: items = count",
        {"C.items is count", "(another C).items is count", "(another C).items is C.items"},
    ),
    "bound methods": ("l = []; m = l.append", {"m.__self__ is l"}),
    "methods of instances": (
        "class Box:\n    def go(self): pass\nb = Box(); go = b.go",
        {"go.__self__ is b"},
    ),
    "views": ("import numpy as np\nbase = np.arange(9.); v = base[2:]", {"v shares memory with base"}),
    "views of an array in a list": (
        "import numpy as np\nholder = [np.arange(9.)]; v = holder[0][::2]",
        {"v shares memory with holder[0]"},
    ),
    "views of a hidden array": (
        "import numpy as np\nv = np.arange(9.)[1:]; w = v[1:]",
        {"v shares memory with w"},
    ),
    "sets, deques, iterators": (
        "import collections\nclass K: pass\nk = K(); s = {k}; q = collections.deque([1, k])",
        {"an element of s is k", "q[1] is k", "an element of s is q[1]"},
    ),
    "what only the interpreter sees": ("l = [[1]]; i = iter(l)", {"something inside i is l"}),
    "a namespace and a partial": (
        "import types, functools\nx = [1]; n = types.SimpleNamespace(x=x); p = functools.partial(print, x); del x",
        {"p.args[0] is n.x"},
    ),
    "what is out of reach": (
        "import numpy as np\nx = [1]; o = np.array([x, None], dtype=object)",
        {"o and x share an object of the type list"},
    ),
    "too far": (
        "x = [1]; deep = x\nfor _ in range(20): deep = [deep]",
        {"deep and x share an object of the type list (path too long)"},
    ),
    "too wide": (
        "x = [1]; wide = [[i] for i in range(200_000)]; wide.append(x)",
        {"wide and x share an object of the type list (path too long)"},
    ),
    "cycles": ("a = []; b = {'a': a}; a.append(b); a.append(a)", {"b['a'] is a"}),
}


@pytest.mark.parametrize("case", WHY)
def test_why_variables_are_joined(case: str, kernel: Kernel, notebook: Path) -> None:
    session_of(kernel, notebook)
    code, expected = WHY[case]
    kernel.cell(code)
    found = diagnoses(kernel)
    assert {sentence for diagnosis in found.values() for sentence in diagnosis["because"]} == expected
    for name, diagnosis in found.items():
        assert bool(diagnosis["because"]) == bool(diagnosis["joined"]), name
        assert name not in diagnosis["joined"]
    for sentence in expected:
        first, is_same, second = sentence.partition(" is ")
        if (
            is_same
            and "something" not in sentence
            and "element" not in sentence
            and "another" not in sentence
        ):
            assert kernel.value(f"({first}) is ({second})"), sentence


def test_what_a_variable_is_and_costs(kernel: Kernel, notebook: Path) -> None:
    session_of(kernel, notebook)
    kernel.cell(
        "import numpy as np\nclass Base: pass\nclass Box(Base):\n    def go(self): return helper\ndef helper(): return 1\n"
        "b = Box(); b.f = helper; boxes = [b]; a = np.zeros(50_000); n = 1; np.random.seed(1)\n"
        "g = (i for i in range(3)); _private = []"
    )
    found = diagnoses(kernel)
    assert list(found) == ["np", "Base", "Box", "helper", "b", "boxes", "a", "n", "g", "_private"]
    assert found["b"]["definitions"] == ["Base", "Box", "helper"]
    assert (found["Box"]["definitions"], found["helper"]["definitions"]) == (["Base"], [])
    assert (found["b"]["joined"], found["b"]["because"]) == (["boxes"], ["boxes[0] is b"])
    assert [found[name]["type"] for name in ("b", "a", "n", "Box")] == ["Box", "numpy.ndarray", "int", "type"]
    assert found["a"]["buffer_bytes"] == 400_000
    assert found["n"]["buffer_bytes"] == 0
    assert 0 < found["n"]["stream_bytes"] < 100
    assert all(diagnosis["seconds"] > 0 for diagnosis in found.values())
    assert (found["g"]["how"], found["g"]["reason"]) == (
        "replay",
        "generator: cannot pickle 'generator' object",
    )
    assert {name for name, diagnosis in found.items() if diagnosis["how"] != "pickle"} == {"g"}


def test_what_needs_a_class_that_cannot_be_stored(kernel: Kernel, notebook: Path) -> None:
    session_of(kernel, notebook)
    kernel.cell("from _py_abc import ABCMeta\nclass P(metaclass=ABCMeta): pass\nkinds = [P]; n = 1")
    found = diagnoses(kernel)
    assert [found[name]["how"] for name in ("P", "kinds", "n")] == ["replay", "replay", "pickle"]
    assert found["kinds"]["reason"] == f"it needs P: {found['P']['reason']}"
    assert "metaclass" in found["P"]["reason"]


def test_it_changes_nothing_and_runs_no_code_of_the_notebook(kernel: Kernel, notebook: Path) -> None:
    session_of(kernel, notebook)
    kernel.cell(
        "ran = []\ndef note(name, value=None):\n    def method(self, *a):\n        ran.append(name)\n        return value\n    return method\n"
        "class Odd:\n    __hash__ = note('hash', 1); __eq__ = note('eq', True); __len__ = note('len', 0); __bool__ = note('bool', True)\n"
        "    __repr__ = note('repr', ''); __iter__ = note('iter', iter(())); __getattr__ = note('getattr')\n"
        "class OddDict(dict):\n    keys = values = get = note('items', ()); __getitem__ = note('item'); __iter__ = note('iter', iter(())); __repr__ = note('repr', '')\n"
        "x = [1]; o = Odd(); o.x = x; d = OddDict(k=x); a = [o, d]; t = {1: o}; import functools; p = functools.partial(print, x)"
    )
    kernel.cell("ran.clear()")
    kernel.serve("flush")
    before = (kernel.session("s.head"), len(kernel.checkpoints()))
    found = diagnoses(kernel)
    assert "d['k'] is x" in found["x"]["because"]
    assert "o.x is x" in found["x"]["because"]
    assert kernel.value("ran") == []
    assert kernel.session("s._tracker.look().differs") is False
    kernel.serve("flush")
    assert (kernel.session("s.head"), len(kernel.checkpoints())) == before
    kernel.cell("x.append(2)")
    assert kernel.checkpoints()[-1]["changed"] == ["a", "d", "o", "p", "t", "x"]


def test_what_changed_since_the_last_cell(kernel: Kernel, notebook: Path) -> None:
    session_of(kernel, notebook)
    kernel.cell("a = [[1]]; b = [2]")
    kernel.hidden("b.append(a[0]); c = (i for i in a)\nNone")
    found = diagnoses(kernel)
    assert "a[0] is b[1]" in found["b"]["because"]
    assert found["c"]["how"] == "none"
