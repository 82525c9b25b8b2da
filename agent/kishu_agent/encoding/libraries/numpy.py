"""numpy: arrays as buffers, views with their base, dtypes by name.

The functions `dtype`, `array`, `object_array`, `view`, `item`, `over`, and `global_generator` are part of the folder's format.
"""

from __future__ import annotations

import array as array_module
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from kishu_agent.encoding import rebuild

if TYPE_CHECKING:
    from collections.abc import Callable

    from kishu_agent.encoding.encoder import Encoder, Reduced

# Rebuilding


def dtype(text: str) -> np.dtype[Any]:
    """Return the dtype that numpy has for this description: one object, as everywhere else."""
    return np.dtype(text)


def array(
    number: int, kind: np.dtype[Any], shape: tuple[int, ...], order: Any, writeable: bool
) -> np.ndarray[Any, Any]:
    """Make an array with memory of its own, and read the bytes of its items in the given order."""
    made: np.ndarray[Any, Any] = np.empty(shape, dtype=kind, order=order)
    if made.size:
        rebuild.fill(number, _bytes(made))
    if not writeable:
        made.flags.writeable = False
    return made


def _bytes(values: np.ndarray[Any, Any]) -> memoryview:
    """Return the memory of a contiguous array."""
    flat: Any = values.reshape(-1, order="A").view(np.uint8)
    return memoryview(flat)


def object_array(shape: tuple[int, ...], order: Any, kind: np.dtype[Any]) -> np.ndarray[Any, Any]:
    """Make an array of objects, to be filled by fill_object_array."""
    return np.empty(shape, dtype=kind, order=order)


def fill_object_array(made: np.ndarray[Any, Any], state: tuple[list[Any], bool]) -> None:
    """Fill an array of objects with its items in memory order."""
    items, writeable = state
    flat = made.reshape(-1, order="A")
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
    locked = writeable and not base.flags.writeable
    if locked:
        base.flags.writeable = True
    made: np.ndarray[Any, Any] = np.ndarray(shape, kind, base, offset, strides)
    if locked:
        base.flags.writeable = False
    if made.flags.writeable != writeable:
        made.flags.writeable = writeable
    return made


def over(
    exporter: Any,
    offset: int,
    kind: np.dtype[Any],
    shape: tuple[int, ...],
    strides: tuple[int, ...],
    writeable: bool = True,
) -> np.ndarray[Any, Any]:
    """Make an array over the memory of another kind of object, such as a bytearray."""
    made: np.ndarray[Any, Any] = np.ndarray(shape, kind, exporter, offset, strides)
    made.flags.writeable = writeable
    return made


def item(base: np.ndarray[Any, Any], offset: int, kind: np.dtype[Any]) -> np.void:
    """Make an item of a structured array, which is a view of the array's memory."""
    place: Any = view(base, offset, kind, (), (), base.flags.writeable)
    made: np.void = place[()]
    return made


def subclass(plain: np.ndarray[Any, Any], cls: Any) -> Any:
    """Make an array of a subclass over the memory of a plain one."""
    return plain.view(cls)


def set_subclass_attributes(made: Any, attributes: dict[str, Any]) -> None:
    """Give an array of a subclass the attributes that it had."""
    made.__dict__.update(attributes)


def masked(plain: np.ndarray[Any, Any], mask: Any, fill_value: Any, hard: bool) -> Any:
    """Make a masked array over the memory of a plain one and of a mask."""
    made: Any = plain.view(np.ma.MaskedArray)
    made._mask = mask
    made._fill_value = fill_value
    made._hardmask = hard
    return made


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
    base = owner(values)
    encoder.memory.add(id(base))
    if base is values:
        return _own(encoder, values)
    if isinstance(base, np.ndarray):
        return _reduce_view(encoder, values, base)
    if isinstance(base, bytearray | array_module.array):
        return _reduce_over(values, base)
    encoder.external = True
    return _own(encoder, values)


def owner(values: np.ndarray[Any, Any] | np.void) -> Any:
    """Return the object that owns an array's memory."""
    base: Any = values
    while True:
        # Past the stand-in that as_strided puts between, and the memoryview that np.frombuffer does.
        further = base.obj if type(base) is memoryview else getattr(base, "base", None)
        if further is None:
            return base
        base = further


def _reduce_view(encoder: Encoder, values: np.ndarray[Any, Any], base: np.ndarray[Any, Any]) -> Reduced:
    if not _is_contiguous(base):
        return _own(encoder, values)
    offset = values.__array_interface__["data"][0] - base.__array_interface__["data"][0]
    if base.dtype.hasobject and base.dtype != values.dtype:
        return NotImplemented
    return view, (base, offset, values.dtype, values.shape, values.strides, values.flags.writeable)


def _reduce_item(encoder: Encoder, value: np.void) -> Reduced:
    base = owner(value)
    if not (isinstance(base, np.ndarray) and _is_contiguous(base)) or value.dtype.hasobject:
        return NotImplemented
    encoder.memory.add(id(base))
    offset = value.__array_interface__["data"][0] - base.__array_interface__["data"][0]
    return item, (base, offset, value.dtype)


def _reduce_over(values: np.ndarray[Any, Any], exporter: Any) -> Reduced:
    start = np.frombuffer(exporter, np.uint8).__array_interface__["data"][0]
    offset = values.__array_interface__["data"][0] - start
    return over, (exporter, offset, values.dtype, values.shape, values.strides, values.flags.writeable)


def _is_contiguous(values: np.ndarray[Any, Any]) -> bool:
    return values.flags.c_contiguous or values.flags.f_contiguous


def _own(encoder: Encoder, values: np.ndarray[Any, Any]) -> Reduced:
    """Reduce an array to its items."""
    order: Literal["C", "F"] = "F" if values.flags.f_contiguous and not values.flags.c_contiguous else "C"
    writeable = values.flags.writeable
    if values.dtype.hasobject:
        if values.dtype.kind != "O":
            return values.__reduce_ex__(5)
        items = values.ravel(order=order).tolist()
        return (
            object_array,
            (values.shape, order, values.dtype),
            (items, writeable),
            None,
            None,
            fill_object_array,
        )
    if values.dtype.itemsize == 0 or values.dtype.kind == "T":
        return values.__reduce_ex__(5)
    if not _is_contiguous(values):
        values = np.ascontiguousarray(values)
    number = encoder.add_array(_bytes(values)) if values.size else 0
    return array, (number, values.dtype, values.shape, order, writeable)


def _reduce_subclass(encoder: Encoder, values: np.ndarray[Any, Any]) -> Reduced:
    plain = _plain(encoder, values)
    return subclass, (plain, type(values)), dict(values.__dict__), None, None, set_subclass_attributes


def _plain(encoder: Encoder, values: np.ndarray[Any, Any]) -> Any:
    """Return the memory of an array of a subclass: its own, or a view of whose it is."""
    plain = values.view(np.ndarray)
    return plain if values.base is not None else Independent(encoder, plain)


def _reduce_masked(encoder: Encoder, values: Any) -> Reduced:
    # The fill value is made when somebody looks at it; one that nobody set is left out.
    plain = _plain(encoder, values)
    return masked, (plain, values._mask, None, values._hardmask)


def _reduce_generator(_encoder: Encoder, generator: np.random.RandomState) -> Reduced:
    if generator is global_generator():
        return global_generator, ()
    return NotImplemented


_REDUCERS: dict[type, Callable[[Encoder, Any], Reduced]] = {
    np.ndarray: _reduce_array,
    np.void: _reduce_item,
}


def reducer(kind: type) -> Callable[[Encoder, Any], Reduced] | None:
    """Return the reducer for objects of exactly this type."""
    if issubclass(kind, np.dtype):
        return _reduce_dtype
    if kind.__qualname__ == "RandomState":
        return _reduce_generator
    if issubclass(kind, np.ndarray) and kind is not np.ndarray:
        return _subclass_reducer(kind)
    return _REDUCERS.get(kind)


def _subclass_reducer(kind: type) -> Callable[[Encoder, Any], Reduced] | None:
    if kind is np.ma.MaskedArray:
        return _reduce_masked
    if issubclass(kind, np.memmap) or kind.__reduce__ is not np.ndarray.__reduce__:
        return None
    return _reduce_subclass
