"""Notebooks in miniature: cells, and after each what must be true, whichever way the session came there.

`play` runs the cells in a recorded kernel and checks each state; undoes all of them one by one, checking each
state again, and redoes them; jumps from the last state to the first and back; and restores every state in a
kernel that has never run the cells. An expression is checked directly after its cell first, so that a wrong
expectation fails before anything was restored.
"""

from __future__ import annotations

import textwrap
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from kernel import session_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from kernel import Kernel


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell with what holds after it."""

    code: str
    then: str = "True"
    """An expression that must be true in the state after the cell."""
    keeps: str = ""
    """Names whose objects must stay the same objects when the cell is undone and redone."""
    raises: str | None = None
    """Name of the exception with which the cell ends."""
    gone: str = ""
    """Names that do not exist after the cell."""


def cells(*given: Cell | tuple[str, str] | tuple[str, str, str] | str) -> tuple[Cell, ...]:
    """Make cells from (code, then, keeps); code may be indented as a block."""
    made = (
        cell if isinstance(cell, Cell) else Cell(cell) if isinstance(cell, str) else Cell(*cell)
        for cell in given
    )
    return tuple(replace(cell, code=block(cell.code)) for cell in made)


def block(code: str) -> str:
    """Return the code of a cell that is written as an indented block."""
    return textwrap.dedent(code).strip("\n ")


def play(
    kernel: Kernel,
    other: Kernel | None,
    notebook: Path,
    script: Sequence[Cell],
    *,
    replay: bool | None = None,
) -> None:
    """Run a notebook in miniature and check every state in every way, without `other` in its own kernel only."""
    how = f"replay={replay}"
    session_of(kernel, notebook)
    names = [_look(kernel, Cell("")).names]
    states: list[str] = []
    for number, cell in enumerate(script):
        run = kernel.run(cell.code)
        assert run.error == cell.raises, f"cell {number}: {run.error} {run.message}"
        assert not run.stderr, run.stderr
        seen = _look(kernel, cell)
        _check(seen, cell, f"after cell {number}")
        assert seen.failure is None
        assert seen.head is not None
        assert seen.head not in states, f"cell {number} was not recorded"
        states.append(seen.head)
        names.append(seen.names)
    states.insert(0, kernel.session("s.checkpoints()[0].id"))
    for number in range(len(script), 0, -1):
        keeps = script[number - 1].keeps
        before = _identities(kernel, keeps)
        kernel.do(f"s.undo({how})")
        _check_state(kernel, script, states, names, number - 1, f"undo of cell {number - 1}")
        assert _identities(kernel, keeps) == before, f"undo of cell {number - 1}: reloaded"
    for number, cell in enumerate(script, 1):
        before = _identities(kernel, cell.keeps)
        kernel.do(f"s.redo({how})")
        _check_state(kernel, script, states, names, number, f"redo of cell {number - 1}")
        assert _identities(kernel, cell.keeps) == before, f"redo of cell {number - 1}: reloaded"
    for number in (0, len(script)):
        kernel.do(f"s.restore({states[number]!r}, {how})")
        _check_state(kernel, script, states, names, number, f"jump to state {number}")
    if other is None:
        return
    session_of(other, notebook)
    for number in (len(script), *range(1, len(script))):
        other.do(f"s.restore({states[number]!r}, {how})")
        _check_state(other, script, states, names, number, f"state {number} in another kernel")


@dataclass(frozen=True, slots=True)
class _Seen:
    """What one request found in a kernel."""

    head: str | None
    failure: str | None
    unseen: list[str] | bool
    """Co-variables that a look at everything finds changed since the last checkpoint; False without a change."""
    names: list[str]
    """Names in the kernel's namespace that are the person's, told without the agent."""
    then: bool


def _look(kernel: Kernel, cell: Cell) -> _Seen:
    session = "(lambda s: [s.head, s.failure])(__import__('kishu_agent').current())"
    names = "[name for name in globals() if isinstance(name, str)]"
    (head, failure), unseen, listed, then = kernel.values([session, _UNSEEN, names, f"bool({cell.then})"])
    own = set(listed) - _KERNELS_OWN - {name for name in listed if _is_cache(name)}
    return _Seen(head, failure, unseen, sorted(own), then)


def _check_state(
    kernel: Kernel,
    script: Sequence[Cell],
    states: Sequence[str],
    names: Sequence[list[str]],
    number: int,
    where: str,
) -> None:
    cell = script[number - 1] if number else Cell("")
    seen = _look(kernel, cell)
    if seen.head != states[number]:
        entry = {entry["id"]: entry for entry in kernel.checkpoints()}[seen.head]
        unexpected = {key: entry[key] for key in ("kind", "created", "changed", "deleted", "added")}
        raise AssertionError(f"{where}: another checkpoint: {unexpected}")
    assert seen.names == names[number], f"{where}: names {seen.names}, not {names[number]}"
    _check(seen, cell, where)


def _check(seen: _Seen, cell: Cell, where: str) -> None:
    assert seen.then, f"{where}: not {cell.then}"
    assert seen.unseen is False, f"{where}: a change of {seen.unseen} was not recorded"
    assert not set(cell.gone.split()) & set(seen.names), f"{where}: {cell.gone} should be gone"


_UNSEEN = """
(lambda look: look.differs and [" ".join(roots) for roots, c in look.covariables.items() if c.waits])(
    __import__("kishu_agent").current()._tracker.look())
""".replace("\n", " ").strip()


def _is_cache(name: str) -> bool:
    return name.startswith("_") and name.strip("_i0123456789") == ""


_KERNELS_OWN = {
    "__name__", "__doc__", "__package__", "__loader__", "__spec__", "__builtin__", "__builtins__", "__session__",
    "_ih", "_oh", "_dh", "In", "Out", "get_ipython", "exit", "quit", "open", "_exit_code", "__annotations__",
    "__warningregistry__", "__file__",
}  # fmt: skip


def _identities(kernel: Kernel, names: str) -> list[int]:
    return kernel.values([f"id({name})" for name in names.split()]) if names else []
