"""What the canonical form tells of the types of numpy and pandas. See canonical.py."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from canonical import Form, Walk


def form_of(walk: Walk, value: Any, kind: type) -> Form | None:
    """Return the form of an object of a library, None for one that is not known."""
    if isinstance(value, np.ndarray):
        return [walk.number(value), kind.__name__, *_array(walk, value)]
    if kind is np.void and value.base is not None:
        # An item of a structured array is a view of it.
        return [
            walk.number(value),
            "item",
            walk.form(_owner(value)),
            _place(value, _owner(value)),
            repr(value),
        ]
    if isinstance(value, np.generic | np.dtype | np.ufunc):
        return [kind.__name__, repr(value)]
    if isinstance(value, np.random.Generator):
        return [walk.number(value), "generator", repr(value.bit_generator.state)]
    if isinstance(value, np.random.RandomState):
        return [walk.number(value), "generator", repr(value.get_state())]
    if kind is pd.DataFrame:
        _meet_memory(walk, value)
        columns = [_column(walk, value.iloc[:, place]) for place in range(value.shape[1])]
        rest = [walk.form(value.attrs), value.flags.allows_duplicate_labels]
        return [
            walk.number(value),
            "frame",
            _index(walk, value.columns),
            _index(walk, value.index),
            rest,
            columns,
        ]
    if kind is pd.Series:
        _meet_memory(walk, value)
        rest = [walk.form(value.name), _index(walk, value.index), walk.form(value.attrs)]
        return [walk.number(value), "series", rest, _column(walk, value)]
    if isinstance(value, pd.Index):
        return ["index", *_index(walk, value)]
    if isinstance(value, pd.Timestamp | pd.Timedelta) or value is pd.NA or value is pd.NaT:
        return ["text", repr(value)]
    if isinstance(value, pd.api.extensions.ExtensionArray):
        return [walk.number(value), kind.__name__, str(value.dtype), walk.forms(value.tolist())]
    return None


def _meet_memory(walk: Walk, frame: Any) -> None:
    """Put a frame into one group with the arrays that use its memory; what it looks like does not tell of them."""
    for block in frame._mgr.blocks:
        if isinstance(block.values, np.ndarray):
            walk.meet(_owner(block.values))


def _column(walk: Walk, column: Any) -> list[Form]:
    return [
        str(column.dtype),
        *walk.forms(column.array.tolist() if column.dtype == object else _texts(column)),
    ]


def _texts(values: Any) -> list[str]:
    return [repr(item) for item in values]


def _index(walk: Walk, index: Any) -> list[Form]:
    return [type(index).__name__, str(index.dtype), walk.forms(index.names), _texts(index)]


def _array(walk: Walk, array: Any) -> list[Form]:
    plain = array.view(np.ndarray)
    flags = [array.flags.writeable, array.flags.c_contiguous, array.flags.f_contiguous]
    content = (
        walk.forms(plain.ravel(order="K").tolist()) if array.dtype.hasobject else plain.tobytes("A").hex()
    )
    form = [repr(array.dtype), array.shape, array.strides, flags, content]
    base = _owner(array)
    if base is not array and type(base) is not bytes:  # over bytes, which do not change, it is as its own
        form += [walk.form(base), _place(array, base)]
    if isinstance(array, np.ma.MaskedArray):
        form += walk.forms([array.mask, array.hardmask])
    elif type(array) is not np.ndarray:
        form += walk.forms([type(array), vars(array)])
    return form


def _owner(array: Any) -> Any:
    """Return whose memory an array has. What is in between (for subclasses, there is) is not told."""
    base = array
    while (further := base.obj if type(base) is memoryview else getattr(base, "base", None)) is not None:
        base = further
    return base


def _place(view: Any, base: Any) -> int:
    """Return how far a view's memory is from that of its base."""
    return address(view) - address(base) if view.nbytes else 0


def address(exporter: Any) -> int:
    """Return the address of an object's memory."""
    if isinstance(exporter, np.ndarray | np.void):
        place: int = exporter.__array_interface__["data"][0]
        return place
    return address(np.frombuffer(exporter, np.uint8)) if len(exporter) else 0
