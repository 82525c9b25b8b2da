"""Finds the array whose memory an object of another library has borrowed: such objects know an address only.

The arrays that lend memory are remembered weakly, for the whole process.
"""

from __future__ import annotations

import weakref
from bisect import bisect_right, insort
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

Interval = tuple[int, int]
"""Address and size in bytes."""

LENDERS: dict[type, Callable[[Any], Interval | None]] = {}
"""Types of objects that lend memory. Each function returns where the memory that an object owns is."""

_known: dict[int, weakref.ref[Any]] = {}
_starts: list[int] = []
_sought: list[Interval] = []


def find(start: int, size: int) -> tuple[Any, int] | None:
    """Return the object that owns this memory, and the offset of the memory in its own.

    What is not found is looked for by the next `learn`.
    """
    if (place := bisect_right(_starts, start)) > 0:
        first = _starts[place - 1]
        lender = _known[first]()
        interval = None if lender is None else LENDERS[type(lender)](lender)
        if interval is None or interval[0] != first:
            _known.pop(first)
            _starts.pop(place - 1)
        elif start + size <= first + interval[1]:
            return lender, start - first
    _sought.append((start, size))
    return None


def learn(met: Iterable[Iterable[Any]]) -> bool:
    """Look among objects that were met for owners of memory that was not found. Tells whether there is one."""
    if not _sought:
        return False
    sought = sorted(_sought)
    _sought.clear()
    found = False
    for objects in met:
        for obj in objects:
            interval = LENDERS[type(obj)](obj) if type(obj) in LENDERS else None
            if interval is not None:
                place = bisect_right(sought, (interval[0], 0))
                if place < len(sought) and sum(sought[place]) <= sum(interval):
                    note(obj)
                    found = True
    return found


def note(lender: Any) -> None:
    """Remember an object that lends its memory."""
    interval = LENDERS[type(lender)](lender)
    if interval is not None:
        if interval[0] not in _known:
            insort(_starts, interval[0])
        _known[interval[0]] = weakref.ref(lender)
