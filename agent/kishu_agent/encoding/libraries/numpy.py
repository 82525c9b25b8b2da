"""numpy: arrays as buffers, views with their base, dtypes by name.

The functions under "Rebuilding" are part of the folder's format.
"""

from __future__ import annotations

import array as arrays
import ctypes
import mmap
import sys
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

import numpy as np

from kishu_agent.encoding import borrowed, rebuild
from kishu_agent.encoding.standard import address

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from kishu_agent.encoding.encoder import Encoder, Reduced

# Rebuilding


def dtype(text: str) -> np.dtype[Any]:
    """Return the dtype that numpy has for this description: one object, as everywhere else."""
    return np.dtype(text)


def array(
    number: int, kind: np.dtype[Any], shape: tuple[int, ...], order: Any, writeable: bool
) -> np.ndarray[Any, Any]:
    """Make an array with memory of its own, and read the bytes of its items in the given order.

    `order` is C, F, or the axes from that of the longest stride to that of the shortest.
    """
    made = _empty(shape, kind, order)
    if made.size:
        rebuild.fill(number, memory_of(made, order))
    if not writeable:
        made.flags.writeable = False
    return made


def _empty(shape: tuple[int, ...], kind: np.dtype[Any], order: Any) -> np.ndarray[Any, Any]:
    if type(order) is str:
        return np.empty(shape, kind, order)  # type: ignore[call-overload, no-any-return]
    packed = np.empty([shape[axis] for axis in order], np.uint8)
    return np.empty_like(packed.transpose(np.argsort(order)), kind)  # keeps the order of the strides


def memory_of(values: np.ndarray[Any, Any], order: Any) -> memoryview:
    """Return the memory of an array whose items follow each other in the given order."""
    flat: Any = _flat(values, order).view(np.uint8)
    return memoryview(flat)


def _flat(values: np.ndarray[Any, Any], order: Any) -> np.ndarray[Any, Any]:
    return values.reshape(-1, order="A") if type(order) is str else values.transpose(order).reshape(-1)


def object_array(shape: tuple[int, ...], order: Any, kind: np.dtype[Any]) -> np.ndarray[Any, Any]:
    """Make an array of objects, to be filled by fill_object_array."""
    return _empty(shape, kind, order)


def fill_object_array(made: np.ndarray[Any, Any], state: tuple[list[Any], bool]) -> None:
    """Fill an array of objects with its items in memory order."""
    items, writeable = state
    flat = _flat(made, layout(made) or "C")
    if made.size and not np.shares_memory(flat, made):
        raise ValueError("the array is not contiguous")
    for index, item in enumerate(items):
        flat[index] = item
    made.flags.writeable = writeable


def view(
    base: np.ndarray[Any, Any],
    offset: int,
    kind: np.dtype[Any],
    shape: tuple[int, ...],
    strides: tuple[int, ...],
    writeable: bool,
) -> np.ndarray[Any, Any]:
    """Make a view of an array's memory. `offset` and `strides` are in bytes."""
    if kind.kind == "T":
        kind = base.dtype  # which holds the text
    with _unlocked(base, writeable):
        made: np.ndarray[Any, Any] = np.ndarray(shape, kind, _packed(base), offset, strides)
    if made.flags.writeable != writeable:
        made.flags.writeable = writeable
    return made


def _packed(base: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Return an array whose items fill its memory in an order in which they follow each other there."""
    order = layout(base)
    return base if type(order) is str else base.transpose(order)


@contextmanager
def _unlocked(base: np.ndarray[Any, Any], writeable: bool) -> Iterator[None]:
    """Let writeable views be made of an array, also of one that is not."""
    locked = writeable and not base.flags.writeable
    if locked:
        base.flags.writeable = True
    try:
        yield
    finally:
        if locked:
            base.flags.writeable = False


def lent_bytes(base: np.ndarray[Any, Any], offset: int, size: int) -> np.ndarray[Any, Any]:
    """Return a part of an array's memory as bytes that can be written to."""
    borrowed.note(base)
    with _unlocked(base, writeable=True):
        return np.ndarray((size,), np.uint8, _packed(base), offset)


def over(
    exporter: Any,
    offset: int,
    kind: np.dtype[Any],
    shape: tuple[int, ...],
    strides: tuple[int, ...],
    writeable: bool,
) -> np.ndarray[Any, Any]:
    """Make an array over the memory of another kind of object, such as a bytearray."""
    made: np.ndarray[Any, Any] = np.ndarray(shape, kind, exporter, offset, strides)
    if made.flags.writeable != writeable:
        made.flags.writeable = writeable
    return made


def row(base: np.ndarray[Any, Any], offset: int, kind: np.dtype[Any], writeable: bool) -> np.void:
    """Make the view of one item of a structured array."""
    made: Any = view(base, offset, kind, (), (), writeable)[()]
    return made  # type: ignore[no-any-return]


class _Bare(np.ndarray[Any, Any]):
    """What an array of a notebook's class is until it is given its class, whose __array_finalize__ is not run."""


def subclass(plain: np.ndarray[Any, Any], cls: Any) -> Any:
    """Make an array of a subclass over the memory of a plain one."""
    if cls.__module__ == "__main__":
        made = plain.view(_Bare)
        with suppress(TypeError):  # a class with slots
            made.__class__ = cls
            return made
    return plain.view(cls)


def set_subclass_attributes(made: Any, attributes: dict[str, Any]) -> None:
    """Give an array of a subclass the attributes that it had."""
    made.__dict__.update(attributes)


def global_generator() -> np.random.RandomState:
    """Return the generator behind np.random's functions."""
    return np.random.mtrand._rand


# Reducing


class Independent:
    """Stands in a stream for the content of an array, whatever shares its memory."""

    __slots__ = ("encoder", "values")

    def __init__(self, encoder: Encoder, values: np.ndarray[Any, Any]) -> None:
        self.encoder = encoder
        self.values = values

    def __reduce__(self) -> Reduced:
        return _own(self.encoder, self.values)


def _reduce_dtype(_encoder: Encoder, kind: np.dtype[Any]) -> Reduced:
    if kind.isbuiltin == 1 and kind.metadata is None:
        return dtype, (kind.str,)
    if kind.char in "mM" and kind.metadata is None:
        return dtype, (kind.str,)
    if kind.fields is None:
        return NotImplemented
    # The state has the dtype's own dict of fields, by which all arrays of this dtype would be joined.
    reduced: Any = kind.__reduce__()
    function, arguments, state = reduced
    return function, arguments, tuple(dict(part) if type(part) is dict else part for part in state)


def _reduce_array(encoder: Encoder, values: np.ndarray[Any, Any]) -> Reduced:
    base = note(encoder, values)
    if base is values:
        return _own(encoder, values)
    if isinstance(base, np.ndarray):
        return _reduce_view(encoder, values, base)
    if isinstance(base, EXPORTERS):
        return _reduce_over(values, base)
    if (torch := sys.modules.get("torch")) is not None and isinstance(base, torch.Tensor):
        from kishu_agent.encoding.libraries.torch import array_reduction

        return array_reduction(encoder, values, base)
    encoder.external = True
    return _own(encoder, values)


EXPORTERS = (bytearray, arrays.array, mmap.mmap, *ctypes.Structure.__bases__)
"""Objects whose memory arrays can be over, besides arrays."""


def note(encoder: Encoder, values: np.ndarray[Any, Any]) -> Any:
    """Note whose memory an array uses, and return that owner."""
    base = owner(values)
    encoder.memory.arrays[id(base)] = base
    if values.flags.writeable:
        encoder.memory.writable.add(id(base))
    return base


def owner(values: np.ndarray[Any, Any]) -> Any:
    """Return the object that owns an array's memory; of a mapped file the array that was made with it."""
    base: Any = values
    while True:
        if type(base) is memoryview:
            below = base.obj
        elif isinstance(base, np.ndarray) or type(base).__name__ == "DummyArray":
            below = base.base  # also past the stand-in that as_strided puts between
        else:
            return base
        if below is None or (isinstance(below, mmap.mmap) and isinstance(base, np.memmap)):
            return base
        base = below


def _reduce_view(encoder: Encoder, values: np.ndarray[Any, Any], base: np.ndarray[Any, Any]) -> Reduced:
    if layout(base) is None:
        return _own(encoder, values)
    if base.dtype.hasobject and base.dtype != values.dtype:
        return NotImplemented
    offset = _address(values) - _address(base)
    return view, (base, offset, values.dtype, values.shape, values.strides, values.flags.writeable)


def _reduce_over(values: np.ndarray[Any, Any], exporter: Any) -> Reduced:
    offset = _address(values) - address(exporter) if values.size else 0
    return over, (exporter, offset, values.dtype, values.shape, values.strides, values.flags.writeable)


def _address(values: Any) -> int:
    return int(values.__array_interface__["data"][0])


def layout(values: np.ndarray[Any, Any]) -> Any:
    """Return the order in which the items of an array fill its memory (see `array`), None if they don't."""
    if values.flags.c_contiguous:
        return "C"
    if values.flags.f_contiguous:
        return "F"
    axes = tuple(sorted(range(values.ndim), key=lambda axis: -values.strides[axis]))
    return axes if values.transpose(axes).flags.c_contiguous else None


def _own(encoder: Encoder, values: np.ndarray[Any, Any]) -> Reduced:
    """Reduce an array to its items."""
    writeable = values.flags.writeable
    order = layout(values)
    if order is None:
        order = "C"
        values = np.ascontiguousarray(values)
        values.flags.writeable = False  # a copy: nobody is to write to it in the belief that it is the array
    if values.dtype.hasobject:
        if values.dtype.kind != "O":
            return values.__reduce_ex__(5)
        return (
            object_array,
            (values.shape, order, values.dtype),
            (_flat(values, order).tolist(), writeable),
            None,
            None,
            fill_object_array,
        )
    if values.dtype.itemsize == 0 or values.dtype.kind == "T":
        return values.__reduce_ex__(5)
    number = encoder.add_array(memory_of(values, order)) if values.size else 0
    return array, (number, values.dtype, values.shape, order, writeable)


def _reduce_subclass(encoder: Encoder, values: np.ndarray[Any, Any]) -> Reduced:
    plain = plain_of(encoder, values)
    return subclass, (plain, type(values)), dict(values.__dict__), None, None, set_subclass_attributes


def plain_of(encoder: Encoder, values: np.ndarray[Any, Any]) -> Any:
    """Return the memory of an array of a subclass: its own, or a view of whose it is."""
    plain = values.view(np.ndarray)
    if values.base is not None:
        return plain
    note(encoder, values)
    return Independent(encoder, plain)


def _reduce_row(_encoder: Encoder, values: Any) -> Reduced:
    if not isinstance(values.base, np.ndarray):
        return NotImplemented
    base = owner(values.base)
    if not isinstance(base, np.ndarray) or base.dtype.hasobject or layout(base) is None:
        return NotImplemented
    return row, (base, _address(values) - _address(base), values.dtype, values.flags.writeable)


def _reduce_generator(_encoder: Encoder, generator: np.random.RandomState) -> Reduced:
    if generator is global_generator():
        return global_generator, ()
    return NotImplemented


def _lendable(values: np.ndarray[Any, Any]) -> tuple[int, int] | None:
    """Return the address and size of the memory that an array owns and that other libraries may use."""
    if values.base is not None or values.nbytes == 0 or values.dtype.hasobject or layout(values) is None:
        return None
    return values.__array_interface__["data"][0], values.nbytes


borrowed.LENDERS[np.ndarray] = _lendable

_REDUCERS: dict[type, Callable[[Encoder, Any], Reduced]] = {
    np.ndarray: _reduce_array,
}


def reducer(kind: type) -> Callable[[Encoder, Any], Reduced] | None:
    """Return the reducer for objects of exactly this type."""
    if issubclass(kind, np.dtype):
        return _reduce_dtype
    if issubclass(kind, np.void):
        return _reduce_row
    if kind.__qualname__ == "RandomState":
        return _reduce_generator
    if issubclass(kind, np.ndarray) and kind is not np.ndarray:
        return _subclass_reducer(kind)
    return _REDUCERS.get(kind)


def _subclass_reducer(kind: Any) -> Callable[[Encoder, Any], Reduced] | None:
    from kishu_agent.encoding.libraries import masked, memmap

    if kind.__reduce__ is np.ma.MaskedArray.__reduce__:
        return masked.reduce_masked
    if kind.__reduce__ is not np.ndarray.__reduce__:
        return None
    return memmap.reduce_memmap if issubclass(kind, np.memmap) else _reduce_subclass
