"""All checkpoints of a notebook, as a graph, with the state at each and the names that events give."""

from __future__ import annotations

import heapq
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from kishu_agent.errors import DamagedError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from kishu_agent.history.checkpoint import Checkpoint, StoredCovariable
    from kishu_agent.history.damage import Damage
    from kishu_agent.history.event import Event

State = dict[tuple[str, ...], "StoredCovariable"]
"""Co-variables by their roots."""

_STATES_KEPT = 32
_SHORT = 8


@dataclass(frozen=True, slots=True)
class Branch:
    """A line of work."""

    id: str
    name: str
    """Not unique: two people may have chosen the same."""


class History:
    """The checkpoints of one notebook. Plain data; `update`, `append` and `append_event` are the only changes."""

    def __init__(
        self,
        checkpoints: Iterable[Checkpoint] = (),
        events: Iterable[Event] = (),
        damaged: Iterable[Damage] = (),
        path: Path | None = None,
    ) -> None:
        self.path = Path() if path is None else path
        """The notebook's folder, for messages."""
        self.damaged = tuple(damaged)
        """Files that could not be used."""
        self._order: list[Checkpoint] = []
        self._by_id: dict[str, Checkpoint] = {}
        self._children: dict[str | None, list[Checkpoint]] = {}
        self._heads: dict[str, str] = {}
        self._events: list[Event] = sorted(events, key=_event_order)
        self._states: OrderedDict[str, State] = OrderedDict()
        for checkpoint in _parents_first(checkpoints):
            self._insert(checkpoint)

    # Checkpoints

    @property
    def checkpoints(self) -> tuple[Checkpoint, ...]:
        """Oldest first, and each after its parent."""
        return tuple(self._order)

    def __len__(self) -> int:
        return len(self._order)

    def __iter__(self) -> Iterator[Checkpoint]:
        return iter(self._order)

    def __contains__(self, checkpoint_id: object) -> bool:
        return checkpoint_id in self._by_id

    def __getitem__(self, checkpoint_id: str) -> Checkpoint:
        return self._by_id[checkpoint_id]

    def get(self, checkpoint_id: str | None) -> Checkpoint | None:
        """Return the checkpoint with this id, None when there is none."""
        return None if checkpoint_id is None else self._by_id.get(checkpoint_id)

    def children(self, checkpoint_id: str | None) -> tuple[Checkpoint, ...]:
        """Return the checkpoints that follow directly, oldest first. Those of None begin a history."""
        return tuple(self._children.get(checkpoint_id, ()))

    def newest(self) -> Checkpoint | None:
        """Return the checkpoint that was recorded last."""
        return self._order[-1] if self._order else None

    def update(self, fresh: History) -> None:
        """Take over what another reading of the folder found: new checkpoints, all names, damaged files."""
        for checkpoint in fresh:
            self.append(checkpoint)
        known = {event.id for event in fresh._events}
        self._events = sorted(
            [*fresh._events, *(event for event in self._events if event.id not in known)], key=_event_order
        )
        self.damaged = fresh.damaged

    def append(self, checkpoint: Checkpoint) -> None:
        """Add a checkpoint that was recorded now. Nothing happens when it is there already."""
        if checkpoint.id not in self._by_id:
            self._insert(checkpoint)

    def ancestors(self, checkpoint_id: str) -> Iterator[Checkpoint]:
        """Return the checkpoint, its parent, and so on to the first.

        Raises DamagedError when one is missing, or follows itself.
        """
        seen: set[str] = set()
        current: str | None = checkpoint_id
        while current is not None:
            checkpoint = self._by_id.get(current)
            if checkpoint is None:
                raise DamagedError(
                    f"Checkpoint {current[:_SHORT]} is missing or damaged, and {checkpoint_id[:_SHORT]} needs it.",
                    self.path / "checkpoints" / f"{current}.json",
                )
            if current in seen:
                raise DamagedError(
                    f"Checkpoint {current[:_SHORT]} is recorded as its own ancestor.",
                    self.path / "checkpoints" / f"{current}.json",
                )
            seen.add(current)
            yield checkpoint
            current = checkpoint.parent

    def state(self, checkpoint_id: str) -> State:
        """Return the co-variables at a checkpoint, by their roots. The caller owns the dict.

        Raises DamagedError when a checkpoint on the way from the first one is missing or does not fit.
        """
        pending: list[Checkpoint] = []
        base: State | None = None
        for checkpoint in self.ancestors(checkpoint_id):
            base = self._states.get(checkpoint.id)
            if base is not None:
                self._states.move_to_end(checkpoint.id)
                break
            pending.append(checkpoint)
        if not pending and base is not None:
            return dict(base)
        state = dict(base or {})
        for checkpoint in reversed(pending):
            self._apply(checkpoint, state)
        self._check_disjoint(checkpoint_id, state)
        self._states[checkpoint_id] = state
        while len(self._states) > _STATES_KEPT:
            self._states.popitem(last=False)
        return dict(state)

    def origin(self, checkpoint_id: str, stored: StoredCovariable) -> Checkpoint | None:
        """Return the checkpoint that recorded a co-variable of a state. Raises DamagedError as `ancestors`."""
        return next((found for found in self.ancestors(checkpoint_id) if stored in found.added), None)

    def _apply(self, checkpoint: Checkpoint, state: State) -> None:
        for roots in checkpoint.removed:
            if state.pop(roots, None) is None:
                raise DamagedError(
                    f"Checkpoint {checkpoint.id[:_SHORT]} does not fit its parent: {', '.join(roots)}.",
                    self.path / "checkpoints" / f"{checkpoint.id}.json",
                )
        for stored in checkpoint.added:
            state[stored.roots] = stored

    def _check_disjoint(self, checkpoint_id: str, state: State) -> None:
        seen: set[str] = set()
        for roots in state:
            if not roots or not seen.isdisjoint(roots):
                raise DamagedError(
                    f"Checkpoint {checkpoint_id[:_SHORT]} holds {', '.join(roots) or 'a value'} twice.",
                    self.path / "checkpoints" / f"{checkpoint_id}.json",
                )
            seen.update(roots)

    def _insert(self, checkpoint: Checkpoint) -> None:
        self._order.append(checkpoint)
        self._by_id[checkpoint.id] = checkpoint
        self._children.setdefault(checkpoint.parent, []).append(checkpoint)
        self._heads[checkpoint.branch] = checkpoint.id

    # Names

    def append_event(self, event: Event) -> None:
        """Add an event that was recorded now."""
        self._events.append(event)
        self._events.sort(key=_event_order)

    @property
    def branches(self) -> dict[str, Branch]:
        """All branches by their id. One whose event is missing is named by its id."""
        names = {branch: branch[:_SHORT] for branch in self._heads}
        for event in self._events:
            if event.kind in {"branch", "rename-branch"}:
                names[event.subject] = event.name
        return {branch: Branch(branch, name) for branch, name in names.items()}

    @property
    def tags(self) -> dict[str, str]:
        """Ids of checkpoints by the name of their tag."""
        tags: dict[str, str] = {}
        for event in self._events:
            if event.kind == "tag":
                tags[event.name] = event.subject
            elif event.kind == "untag":
                tags.pop(event.name, None)
        return tags

    def branch_head(self, branch_id: str) -> str | None:
        """Id of the newest checkpoint that was recorded on a branch."""
        return self._heads.get(branch_id)

    def branch_name(self, branch_id: str) -> str:
        """Return what a branch is called now."""
        for event in reversed(self._events):
            if event.subject == branch_id and event.kind in {"branch", "rename-branch"}:
                return event.name
        return branch_id[:_SHORT]


def _event_order(event: Event) -> tuple[str, str]:
    return (event.time, event.id)


def _parents_first(checkpoints: Iterable[Checkpoint]) -> Iterator[Checkpoint]:
    """Order by start, but a checkpoint whose parent is known after it. Cycles come last."""
    by_id = {checkpoint.id: checkpoint for checkpoint in checkpoints}
    waiting: dict[str, list[Checkpoint]] = {}
    ready: list[tuple[str, str]] = []
    for checkpoint in by_id.values():
        if checkpoint.parent in by_id:
            waiting.setdefault(checkpoint.parent, []).append(checkpoint)
        else:
            ready.append((checkpoint.started, checkpoint.id))
    heapq.heapify(ready)
    left = dict(by_id)
    while ready:
        _started, checkpoint_id = heapq.heappop(ready)
        yield left.pop(checkpoint_id)
        for child in waiting.pop(checkpoint_id, ()):
            heapq.heappush(ready, (child.started, child.id))
    yield from sorted(left.values(), key=lambda checkpoint: (checkpoint.started, checkpoint.id))
