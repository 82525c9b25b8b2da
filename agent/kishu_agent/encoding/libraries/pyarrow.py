"""pyarrow: buffers out of band, each once in a co-variable, slices without what they do not need.

What Arrow holds does not change, so its objects join no names; but a buffer over the memory of a numpy array is
stored as such, since that array can change. `buffer`, `buffer_over`, `same` are part of the folder's format.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa

from kishu_agent.encoding import rebuild

if TYPE_CHECKING:
    from collections.abc import Callable

    from kishu_agent.encoding.encoder import Encoder, Reduced

# Rebuilding


def buffer(number: int, size: int, mutable: bool) -> Any:
    """Make a buffer with memory of its own, and read its bytes."""
    made = pa.allocate_buffer(size)
    if size:
        rebuild.fill(number, memoryview(made).cast("B"))
    return made if mutable else made.slice(0)


def buffer_over(array: Any, offset: int, size: int) -> Any:
    """Make a buffer over the memory of a numpy array."""
    from kishu_agent.encoding.libraries.numpy import lent_bytes

    return pa.py_buffer(lent_bytes(array, offset, size))


def same(found: Any) -> Any:
    """Return what was made once for several objects."""
    return found


# Reducing


class _Memory:
    """Stands in a stream for memory that several Python objects refer to: pyarrow makes one for each question."""

    __slots__ = ("buffer", "encoder")

    def __init__(self, encoder: Encoder, held: Any) -> None:
        self.encoder = encoder
        self.buffer = held

    def __reduce__(self) -> Reduced:
        held, encoder = self.buffer, self.encoder
        if held.size and held.is_mutable:
            lender = encoder.find_lender(held.address, held.size)
            if lender is not None:
                return buffer_over, (*lender, held.size)
        number = encoder.add_array(memoryview(held).cast("B").toreadonly()) if held.size else 0
        return buffer, (number, held.size, held.is_mutable)


def _reduce_buffer(encoder: Encoder, held: Any) -> Reduced:
    if not held.is_cpu:
        return NotImplemented
    key = (_Memory, held.address, held.size, held.is_mutable)
    memory = encoder.stand_ins.get(key)
    if memory is None:
        memory = encoder.stand_ins[key] = _Memory(encoder, held)
    return same, (memory,)


_SLACK = 64 * 1024
"""Bytes that a slice may store in vain: so much is not worth a copy at each look."""


def _reduce_array(_encoder: Encoder, values: Any) -> Reduced:
    if values.get_total_buffer_size() > 2 * values.nbytes + _SLACK:
        values = pa.concat_arrays([values])
    reduced = values.__reduce_ex__(5)
    function, arguments = reduced[:2]
    if len(reduced) > 2 or len(arguments) != 1 or len(arguments[0]) != _FIELDS:
        return reduced
    return function, (_without_counts(arguments[0]),)


_FIELDS = 7
"""Of the data of an array: type, length, null count, offset, buffers, children, dictionary."""


def _without_counts(data: Any) -> Any:
    """Leave out how many values are missing, which is counted when somebody asks."""
    if data is None:
        return None
    kind, length, _count, offset, buffers, children, dictionary = data
    children = list(map(_without_counts, children))
    return kind, length, -1, offset, buffers, children, _without_counts(dictionary)


def reducer(kind: type) -> Callable[[Encoder, Any], Reduced] | None:
    """Return the reducer for objects of this type."""
    if issubclass(kind, pa.Buffer):
        return _reduce_buffer
    if issubclass(kind, pa.Array):
        return _reduce_array
    return None
