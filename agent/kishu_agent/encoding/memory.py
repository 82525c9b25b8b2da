"""Whose memory arrays use, and which of it is seen through frames and arrays alike.

Frames that share memory only with other frames behave as if they did not (copy-on-write). An array over a frame's
memory does not know of that: what is written through the one is seen in the other. Memory of both kinds is *linked*.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Set as AbstractSet


class Memory:
    """The objects that own the memory of the arrays that were met on a walk, by id. Keeps them alive."""

    __slots__ = ("arrays", "frames", "labels", "writable")

    def __init__(self) -> None:
        self.arrays: dict[int, Any] = {}
        """Owners of memory that was reached through an array."""
        self.writable: set[int] = set()
        """Those through whose array it can be written."""
        self.frames: dict[int, Any] = {}
        """Owners of the memory of columns."""
        self.labels: dict[int, Any] = {}
        """Owners of the memory of indexes, which pandas never writes to and gives away for reading only."""

    @property
    def ids(self) -> frozenset[int]:
        """The ids of all owners."""
        return frozenset().union(self.arrays, self.frames, self.labels)


_NONE: frozenset[int] = frozenset()


def linked(memories: Iterable[Memory]) -> AbstractSet[int]:
    """Return the ids of the owners of linked memory."""
    memories = [memory for memory in memories if memory.arrays or memory.frames or memory.labels]
    if not any(memory.frames or memory.labels for memory in memories):
        return _NONE
    arrays = _NONE.union(*(memory.arrays for memory in memories))
    writable = _NONE.union(*(memory.writable for memory in memories))
    frames = _NONE.union(*(memory.frames for memory in memories))
    labels = _NONE.union(*(memory.labels for memory in memories))
    return (arrays & frames) | (writable & labels)
