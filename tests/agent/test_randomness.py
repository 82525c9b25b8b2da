"""Random generators are part of the state: a cell that runs again draws the same numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kernel import session_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from kernel import Kernel

DRAW = (
    "drawn = [random.random(), float(np.random.rand()), float(rng.random()), float(rs.rand()), own.random()]"
)


def test_a_draw_repeats_after_undo(kernel: Kernel, other: Kernel, notebook: Path) -> None:
    session_of(kernel, notebook)
    kernel.cell(
        "import random, numpy as np\nrng = np.random.default_rng(3); rs = np.random.RandomState(4); own = random.Random(5)"
    )
    kernel.cell(DRAW)
    first, head = kernel.value("drawn"), kernel.session("s.head")
    kernel.cell(DRAW)
    second = kernel.value("drawn")
    assert not set(first) & set(second)
    kernel.serve("undo")
    kernel.cell(DRAW)
    assert kernel.value("drawn") == second
    kernel.serve("restore", ref=f"{head}~1")
    kernel.cell(DRAW)
    assert kernel.value("drawn") == first
    session_of(other, notebook)
    other.serve("restore", ref=head)
    other.cell(DRAW)
    assert other.value("drawn") == second


def test_a_draw_repeats_in_a_restarted_kernel(fresh: Callable[..., Kernel]) -> None:
    kernel = fresh()
    kernel.attach()
    kernel.cell("import random; import numpy as np; a = [random.random(), float(np.random.rand())]")
    kernel.cell("b = [random.random(), float(np.random.rand())]")
    drawn = kernel.value("b")
    head = kernel.session("s.head")
    kernel.restart()
    kernel.attach()
    assert kernel.serve("restore", ref=f"{head}~1")["failure"] is None
    kernel.cell("b = [random.random(), float(np.random.rand())]")
    assert kernel.value("b") == drawn


def test_recording_does_not_move_the_generators(fresh: Callable[..., Kernel], tmp_path: Path) -> None:
    kernel = fresh()
    code = [
        "import random, numpy as np; random.seed(1); np.random.seed(1)",
        "a = random.random()",
        "b = np.random.rand()",
    ]
    for cell in code:
        kernel.cell(cell)
    plain = kernel.values(["a", "b"])
    kernel.attach(tmp_path / "notebook.ipynb")
    for cell in code:
        kernel.cell(cell)
    assert kernel.values(["a", "b"]) == plain


def test_functions_of_the_global_generator_stay_its_own(
    kernel: Kernel, other: Kernel, notebook: Path
) -> None:
    session_of(kernel, notebook)
    kernel.cell("import random as module; from random import random, shuffle; module.seed(1)")
    kernel.cell("drawn = [random(), module.random()]")
    drawn, head = kernel.value("drawn"), kernel.session("s.head")
    kernel.do("s.undo()")
    session_of(other, notebook)
    other.do(f"s.restore({head + '~1'!r})")
    for each in (kernel, other):
        each.cell("drawn = [random(), module.random()]")
        assert each.values(["drawn", "shuffle.__self__ is random.__self__ is module._inst"]) == [drawn, True]
