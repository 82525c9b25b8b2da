"""Names for checkpoints: ids, unique prefixes of ids, branches, tags, HEAD and steps back."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from kishu_agent.errors import AmbiguousRefError, UnknownRefError

if TYPE_CHECKING:
    from kishu_agent.history.graph import History

SHORTEST_PREFIX = 4

_STEPS = re.compile(r"(.+)~([0-9]{0,9})", re.DOTALL)
_PREFIX = re.compile(r"[0-9a-f]{4,32}")
_LISTED = 5
_LONGEST = 1000


def resolve(history: History, ref: str, head: str | None = None) -> str:
    """Return the id of the checkpoint that `ref` names.

    `ref` is a full id, the name of a branch (its newest checkpoint) or of a tag, a unique prefix of an id of
    at least 4 characters, or `HEAD`; `~n` after any of them goes n checkpoints back, `~` one. A name wins over
    a prefix. `head` is the id of the checkpoint at which the kernel is.

    Raises UnknownRefError or AmbiguousRefError.
    """
    ref = ref.strip()
    start, back = ref, 0
    while (found := _exact(history, start, head)) is None:
        # A name may contain a tilde, so it is tried before its end is taken for steps.
        steps = _STEPS.fullmatch(start)
        if steps is None or len(ref) > _LONGEST:
            raise _unknown(start)
        start, back = steps[1], back + int(steps[2] or 1)
    return _back(history, found, back, ref)


def _exact(history: History, ref: str, head: str | None) -> str | None:
    if ref == "HEAD":
        if head is None or head not in history:
            raise UnknownRefError("There is no HEAD: no checkpoint has been recorded yet.", ref)
        return head
    if ref in history:
        return ref
    named = {history.branch_head(branch.id) for branch in history.branches.values() if branch.name == ref} - {
        None
    }
    tag = history.tags.get(ref)
    if tag is not None:
        if tag not in history:
            raise UnknownRefError(f"The tag {ref} names checkpoint {tag[:8]}, which is not there.", ref)
        named.add(tag)
    matches = sorted(found for found in named if found is not None)
    if not matches and _PREFIX.fullmatch(ref.lower()):
        matches = sorted(checkpoint.id for checkpoint in history if checkpoint.id.startswith(ref.lower()))
    if len(matches) > 1:
        shown = ", ".join(match[:12] for match in matches[:_LISTED])
        more = f" and {len(matches) - _LISTED} more" if len(matches) > _LISTED else ""
        raise AmbiguousRefError(f"{ref} may mean any of {shown}{more}.", ref)
    return matches[0] if matches else None


def _back(history: History, start: str, count: int, ref: str) -> str:
    current = start
    for step in range(count):
        parent = history[current].parent
        if parent is None:
            raise UnknownRefError(
                f"{ref} goes back too far: there are {step} checkpoints before that one.", ref
            )
        if parent not in history:
            raise UnknownRefError(f"{ref} passes checkpoint {parent[:8]}, which is missing or damaged.", ref)
        current = parent
    return current


def _unknown(ref: str) -> UnknownRefError:
    if len(ref) < SHORTEST_PREFIX and _PREFIX.fullmatch(ref.lower().ljust(SHORTEST_PREFIX, "0")):
        return UnknownRefError(
            f"{ref!r} is not the name of a branch or tag, and too short for an id.",
            ref,
            action=f"Give at least {SHORTEST_PREFIX} characters of the id.",
        )
    return UnknownRefError(f"No checkpoint, branch or tag is called {ref!r}.", ref)
