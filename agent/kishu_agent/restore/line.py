"""Which recorded cells have to run again to bring back what has no stored form."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kishu_agent.tracking import randomness

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from kishu_agent.history.checkpoint import Cell, Checkpoint, StoredCovariable
    from kishu_agent.history.graph import History, State
    from kishu_agent.tracking.covariable import Roots

_LONG = 10.0
"""Seconds: a cell that ran longer does not run again without being asked for."""

_NO_CELL = "no recorded cell made it"


@dataclass(frozen=True, slots=True)
class Rerun:
    """One cell that is to run again."""

    checkpoint: Checkpoint
    cell: Cell
    before: State
    """The state in which the cell ran."""
    inputs: tuple[StoredCovariable, ...]
    """What the cell may read of that state."""
    wanted: tuple[StoredCovariable, ...]
    """Co-variables that it made and that are needed."""

    @property
    def label(self) -> str:
        """How the cell is named to a person."""
        first = self.cell.code.strip().partition("\n")[0]
        count = self.cell.execution_count
        return f"[{'' if count is None else count}] {first[:60]}"

    @property
    def concern(self) -> str:
        """Why a person wants to be asked before it runs again; empty if there is no reason."""
        found = []
        checkpoint = self.checkpoint
        if checkpoint.effects:
            found.append(f"its code has {', '.join(checkpoint.effects)}")
        if checkpoint.duration > _LONG:
            found.append(f"it ran for {checkpoint.duration:.0f} s")
        if checkpoint.outcome != "ok":
            found.append(f"it ended with {checkpoint.error.name if checkpoint.error else 'an error'}")
        return "; ".join(found)


@dataclass(frozen=True, slots=True)
class Line:
    """Cells that run again, in the order in which they ran."""

    reruns: tuple[Rerun, ...]
    refused: dict[StoredCovariable, str]
    """What no cell brings back, with the reason."""

    @property
    def concerns(self) -> dict[str, str]:
        """Which cells a person is to be asked about, and why, by checkpoint."""
        return {
            rerun.checkpoint.id: f"{rerun.label} ({rerun.concern})" for rerun in self.reruns if rerun.concern
        }


def make_line(
    history: History,
    target: str,
    wanted: Iterable[StoredCovariable],
    unloadable: Collection[StoredCovariable] = (),
) -> Line:
    """Find the cells that made `wanted`, which is part of a checkpoint's state, and those that made what they read.

    `unloadable` has co-variables whose stored form does not load here. A replay begins at the states before the
    cells, so that a generator that was advanced twice takes three cells.
    """
    order = {checkpoint.id: number for number, checkpoint in enumerate(history.ancestors(target))}
    makers: dict[str, Checkpoint] = {}
    made: dict[str, list[StoredCovariable]] = {}
    refused: dict[StoredCovariable, str] = {}
    waiting = list(wanted)
    while waiting:
        stored = waiting.pop()
        maker = history.origin(target, stored)
        if stored.how == "none" or maker is None or maker.cell is None:
            refused[stored] = stored.reason or _NO_CELL
            continue
        if maker.outcome == "interrupted":
            refused[stored] = "the cell that made it was interrupted"
            continue
        if maker.id not in makers:
            makers[maker.id] = maker
            waiting += [
                read
                for read in _inputs(maker, _state_before(history, maker))
                if read.how in {"none", "replay"} or read in unloadable
            ]
        if stored not in made.setdefault(maker.id, []):
            made[maker.id].append(stored)
    reruns = []
    for maker in sorted(makers.values(), key=lambda maker: -order[maker.id]):
        before = _state_before(history, maker)
        if maker.cell is not None:
            reruns.append(Rerun(maker, maker.cell, before, _inputs(maker, before), tuple(made[maker.id])))
    return Line(tuple(reruns), refused)


def _state_before(history: History, checkpoint: Checkpoint) -> State:
    return {} if checkpoint.parent is None else history.state(checkpoint.parent)


def _inputs(checkpoint: Checkpoint, before: State) -> tuple[StoredCovariable, ...]:
    """Return what a cell may have read: what its names lead to, the random generators, and what those depend on."""
    if checkpoint.reads is None:
        return tuple(before.values())
    owner = {root: roots for roots in before for root in roots}
    waiting = [root for root in checkpoint.reads if root in owner]
    waiting += [root for root in owner if root.startswith(randomness.PREFIX)]
    found: dict[Roots, StoredCovariable] = {}
    while waiting:
        roots = owner.get(waiting.pop())
        if roots is not None and roots not in found:
            found[roots] = before[roots]
            waiting += before[roots].depends
    return tuple(found.values())
