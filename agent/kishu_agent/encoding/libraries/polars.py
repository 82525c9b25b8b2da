"""polars: each column out of band, so that columns that are the same are stored once.

Numbers are stored as their memory, and as that of a numpy array where polars uses it; all else as Arrow streams.
The functions of the first part are part of the folder's format.
"""

from __future__ import annotations

import io
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import polars as pl

from kishu_agent.encoding import rebuild
from kishu_agent.encoding.classes import NotEncodableError

if TYPE_CHECKING:
    from collections.abc import Callable

    from kishu_agent.encoding.encoder import Encoder, Reduced

# Rebuilding


def numbers(name: str, array: Any, descending: bool | None) -> Any:
    """Make a series of an array with numbers."""
    return _sorted(pl.Series(name, array), descending)


def numbers_over(name: str, lender: Any, offset: int, kind: str, length: int, descending: bool | None) -> Any:
    """Make a series over the memory of an array."""
    import numpy as np

    from kishu_agent.encoding.libraries.numpy import lent_bytes

    kept = lent_bytes(lender, offset, length * np.dtype(kind).itemsize).view(kind)
    return _sorted(pl.Series(name, kept), descending)


def _sorted(made: Any, descending: bool | None) -> Any:
    return made if descending is None else made.set_sorted(descending=descending)


def series(chunks: list[tuple[int, int]], descending: bool | None) -> Any:
    """Read a series. `descending` tells how it is known to be sorted, None if it is not."""
    made, *others = (pl.read_ipc_stream(io.BytesIO(_read(*chunk))).to_series() for chunk in chunks)
    for other in others:
        made.append(other)
    return _sorted(made, descending)


def _read(number: int, size: int) -> bytearray:
    data = bytearray(size)
    rebuild.fill(number, memoryview(data))
    return data


def object_series(name: str, values: list[Any]) -> Any:
    """Make a series of Python objects."""
    return pl.Series(name, values, dtype=pl.Object)


def frame(columns: list[Any], height: int) -> Any:
    """Make a frame of its columns."""
    return pl.DataFrame(columns) if columns else pl.DataFrame(height=height)


def plan(cls: Any, number: int, size: int) -> Any:
    """Make a lazy frame or an expression."""
    made = cls.__new__(cls)
    made.__setstate__(bytes(_read(number, size)))
    return made


# Reducing


def _reduce_series(encoder: Encoder, values: Any) -> Reduced:
    if values.dtype == pl.Object:
        return object_series, (values.name, values.to_list())
    flags = values.flags
    descending = True if flags.get("SORTED_DESC") else False if flags.get("SORTED_ASC") else None
    if values.n_chunks() == 1 and str(values.dtype) in _NUMBERS and values.null_count() == 0 and _HAS_NUMPY:
        return _numbers_reduction(encoder, values.name, values.to_numpy(), descending)
    chunks = values.get_chunks() if values.n_chunks() > 1 else [values]
    return series, ([_written(encoder, chunk) for chunk in chunks], descending)


_HAS_NUMPY = find_spec("numpy") is not None

_NUMBERS = frozenset(
    {"Int8", "Int16", "Int32", "Int64", "UInt8", "UInt16", "UInt32", "UInt64", "Float32", "Float64"}
)
"""What numpy and polars keep in the same way."""


def _numbers_reduction(encoder: Encoder, name: str, array: Any, descending: bool | None) -> Reduced:
    from kishu_agent.encoding.libraries.numpy import Independent

    if array.size:
        lender = encoder.find_lender(array.__array_interface__["data"][0], array.nbytes)
        if lender is not None:
            return numbers_over, (name, *lender, array.dtype.str, len(array), descending)
    return numbers, (name, Independent(encoder, array), descending)


def _written(encoder: Encoder, chunk: Any) -> tuple[int, int]:
    sink = io.BytesIO()
    chunk.to_frame().write_ipc_stream(sink, compat_level=pl.CompatLevel.newest())
    memory = sink.getbuffer().toreadonly()
    return encoder.add_array(memory), memory.nbytes


def _reduce_frame(_encoder: Encoder, values: Any) -> Reduced:
    return frame, (values.get_columns(), values.height)


def _reduce_plan(encoder: Encoder, value: Any) -> Reduced:
    state = value.__getstate__()
    if b"cloudpickle" in state or b"__main__" in state:
        # Functions with copies of all that they refer to: not the notebook's functions and variables any more.
        raise NotEncodableError("a query that calls functions of Python cannot be stored")
    return plan, (type(value), encoder.add_array(memoryview(state)), len(state))


_REDUCERS: dict[type, Callable[[Encoder, Any], Reduced]] = {
    pl.Series: _reduce_series,
    pl.DataFrame: _reduce_frame,
    pl.LazyFrame: _reduce_plan,
    pl.Expr: _reduce_plan,
}


def reducer(kind: type) -> Callable[[Encoder, Any], Reduced] | None:
    """Return the reducer for objects of exactly this type."""
    return _REDUCERS.get(kind)
