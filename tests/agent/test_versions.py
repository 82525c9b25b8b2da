"""A state that was recorded with other versions of packages than are installed: the error names them, a replay goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from kernel import session_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from kernel import Kernel


@pytest.fixture
def package(kernel: Kernel, other: Kernel, notebook: Path) -> Iterator[Path]:
    """A package `wares` of the person's that both kernels find; gone from them afterwards."""
    folder = notebook.parent / "wares"
    folder.mkdir()
    session_of(kernel, notebook)
    for each in (kernel, other):
        each.hidden(
            f"import sys; sys.path.insert(0, {str(notebook.parent)!r}); sys.dont_write_bytecode = True; del sys"
        )
    yield folder
    for each in (kernel, other):
        each.hidden(
            "import sys; sys.path.pop(0); sys.modules.pop('wares', None); sys.dont_write_bytecode = False; del sys"
        )


def test_an_object_that_another_version_does_not_load(
    kernel: Kernel, other: Kernel, notebook: Path, package: Path
) -> None:
    (package / "__init__.py").write_text(
        "__version__ = '1.0'\nclass Basket(list): pass\ndef basket(*items): return Basket(items)\n"
    )
    kernel.cell("import wares; n = 3")
    kernel.cell("b = wares.basket(1, 2, n); c = b")
    kernel.cell("n = 4")
    (package / "__init__.py").write_text(
        "__version__ = '2.0'\nclass Crate(list): pass\ndef basket(*items): return Crate(items)\n"
    )
    session_of(other, notebook)
    recorded = kernel.checkpoints()[-2]
    assert recorded["packages"]["wares"] == "1.0"
    failure = other.serve("restore", ref=recorded["id"])["failure"]
    assert failure["code"] == "LOAD_FAILED"
    assert "b, c could not be loaded" in failure["message"]
    assert "wares 1.0, and here is 2.0" in failure["message"]
    assert "replay=True" in failure["action"]
    assert other.value("[name for name in ('b', 'c', 'n', 'wares') if name in globals()]") == []

    report = other.serve("restore", ref=recorded["id"], missing_ok=True)["restored"]
    assert sorted(report["missing"]) == ["b", "c"]
    assert other.value("n") == 3

    report = other.serve("restore", ref=recorded["id"], replay=True)["restored"]
    assert report["replayed"] == [recorded["id"]]
    assert report["missing"] == {}
    assert other.values(["b", "b is c", "type(b).__name__", "n"]) == [[1, 2, 3], True, "Crate", 3]


def test_a_package_that_is_gone(kernel: Kernel, other: Kernel, notebook: Path, package: Path) -> None:
    (package / "__init__.py").write_text("__version__ = '1.0'\nclass Basket(list): pass\n")
    kernel.cell("from wares import Basket as B; b = B([1]); a = 1")
    (package / "__init__.py").unlink()
    package.rmdir()
    session_of(other, notebook)
    failure = other.serve("restore", ref=kernel.session("s.head"))["failure"]
    assert failure["code"] == "LOAD_FAILED"
    assert "wares 1.0, and it is not installed here" in failure["message"]
    failure = other.serve("restore", ref=kernel.session("s.head"), replay=True)["failure"]
    assert failure["code"] == "NOT_RESTORABLE"
    assert "ModuleNotFoundError" in failure["message"]
    assert other.value("'a' in globals()") is False
