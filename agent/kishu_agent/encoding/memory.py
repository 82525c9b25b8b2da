"""Whose memory arrays use, and which of it is seen through frames and arrays alike.

Frames that share memory only with other frames behave as if they did not (copy-on-write). An array over a frame's
memory does not know of that: what is written through the one is seen in the other. Memory of both kinds is *linked*.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable


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


def linked(memories: Iterable[Memory]) -> set[int]:
    """Return the ids of the owners of linked memory."""
    arrays: set[int] = set()
    writable: set[int] = set()
    frames: set[int] = set()
    labels: set[int] = set()
    for memory in memories:
        if memory.arrays:
            arrays.update(memory.arrays)
            writable |= memory.writable
        if memory.frames or memory.labels:
            frames.update(memory.frames)
            labels.update(memory.labels)
    return (arrays & frames) | (writable & labels)
