"""Events: immutable files whose fold, in order of time and then id, gives the current names.

A branch or a tag is never a file that changes; so two people's folders merge by union.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

EventKind = Literal["branch", "rename-branch", "tag", "untag"]


def now() -> str:
    """Return the time as records have it."""
    return datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


@dataclass(frozen=True, slots=True)
class Event:
    """One change of a name.

    `branch`: the branch with id `subject` begins and is called `name`. `rename-branch`: it is called `name`
    from now on. `tag`: `name` names the checkpoint `subject`. `untag`: `name` names nothing any more.
    """

    id: str
    kind: EventKind
    subject: str
    name: str
    time: str
    """UTC, ISO 8601 with microseconds and `Z`."""
    format: int = 1
