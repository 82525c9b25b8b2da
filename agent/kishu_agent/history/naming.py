"""Giving names: what a branch or a tag may be called, and the events that say so."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kishu_agent.errors import AmbiguousRefError, InvalidNameError, UnknownRefError
from kishu_agent.history.checkpoint import new_id
from kishu_agent.history.event import Event, now
from kishu_agent.history.refs import SHORTEST_PREFIX

if TYPE_CHECKING:
    from kishu_agent.history.graph import Branch, History

LONGEST = 100
"""Characters of a name."""

_LIKE_ID = re.compile(r"[0-9a-f]{4,32}", re.IGNORECASE)
_LIKE_STEPS = re.compile(r".*~[0-9]*")


@dataclass(frozen=True, slots=True)
class NamedBranch:
    """A branch as it is listed."""

    id: str
    name: str
    head: str | None
    """Id of its newest checkpoint."""
    current: bool
    """Whether the kernel is on it."""


def branches(history: History, current: str | None) -> tuple[NamedBranch, ...]:
    """Return all branches by name. `current` is the id of the one that the kernel is on."""
    found = sorted(history.branches.values(), key=lambda branch: (branch.name, branch.id))
    return tuple(
        NamedBranch(branch.id, branch.name, history.branch_head(branch.id), branch.id == current)
        for branch in found
    )


def renaming(history: History, branch: str, new_name: str) -> Event:
    """Return the event that gives a branch, named by its name or id, another name.

    Raises UnknownRefError, AmbiguousRefError (two people chose the same name) or InvalidNameError.
    """
    found = _find(history, branch)
    if any(other.name == new_name and other.id != found.id for other in history.branches.values()):
        raise InvalidNameError(f"There is a branch {new_name!r} already.", new_name)
    if new_name in history.tags:
        raise InvalidNameError(f"There is a tag {new_name!r} already.", new_name)
    check(new_name)
    return Event(id=new_id(), kind="rename-branch", subject=found.id, name=new_name, time=now())


def tagging(history: History, name: str, checkpoint: str) -> Event:
    """Return the event that makes `name` name a checkpoint; a tag of this name moves. Raises InvalidNameError."""
    if any(branch.name == name for branch in history.branches.values()):
        raise InvalidNameError(f"There is a branch {name!r} already.", name)
    check(name)
    return Event(id=new_id(), kind="tag", subject=checkpoint, name=name, time=now())


def check(name: str) -> None:
    """Raise InvalidNameError for what would be taken for something else than a name."""
    problem = ""
    if not name.strip():
        problem = "it is empty"
    elif name != name.strip():
        problem = "it begins or ends with a space"
    elif not name.isprintable():
        problem = "it has characters that cannot be shown"
    elif len(name) > LONGEST:
        problem = f"it is longer than {LONGEST} characters"
    elif name.upper() == "HEAD":
        problem = "HEAD is where the kernel is"
    elif _LIKE_STEPS.fullmatch(name):
        problem = "~ with a number at the end means steps back"
    elif _LIKE_ID.fullmatch(name):
        problem = f"{SHORTEST_PREFIX} or more of the characters 0-9 and a-f look like the id of a checkpoint"
    if problem:
        raise InvalidNameError(f"{name!r} cannot be a name: {problem}.", name)


def _find(history: History, ref: str) -> Branch:
    known = history.branches
    if ref in known:
        return known[ref]
    named = [branch for branch in known.values() if branch.name == ref]
    if not named and len(ref) >= SHORTEST_PREFIX:
        named = [branch for branch in known.values() if branch.id.startswith(ref)]
    if len(named) > 1:
        ids = ", ".join(sorted(branch.id for branch in named))
        raise AmbiguousRefError(
            f"{ref!r} may mean any of the branches {ids}.", ref, action="Give the branch's id instead."
        )
    if not named:
        raise UnknownRefError(
            f"There is no branch {ref!r}.",
            ref,
            action="List them with Session.branches() or `kishu-agent branch`.",
        )
    return named[0]


def branch_after(history: History, parent: str | None, current: str | None) -> tuple[str, Event | None]:
    """Return the branch for a new checkpoint, with the event that begins it if it is a new one.

    `current` is the branch on which the session goes on anyway. A checkpoint whose parent is not the head of its branch
    begins a branch, with the next free name.
    """
    if current is not None:
        return current, None
    checkpoint = history.get(parent)
    if checkpoint is not None and history.branch_head(checkpoint.branch) == parent:
        return checkpoint.branch, None
    branch = new_id()[:8]
    taken = {known.name for known in history.branches.values()}
    number = len(taken) + 1
    name = "main" if not taken else f"branch-{number}"
    while name in taken:
        number += 1
        name = f"branch-{number}"
    return branch, Event(id=new_id(), kind="branch", subject=branch, name=name, time=now())
