"""pandas: blocks stored independently of who else uses their memory, and without caches.

With copy-on-write (the only mode from pandas 3 on) frames that share memory behave as if they did not. Storing
each with its own data is therefore right, keeps unrelated frames apart, and costs no space, because equal chunks
are stored once. A shared view without pandas' reference counts would be wrong: a write to one would reach the
other.
"""

from __future__ import annotations

import copyreg
import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from pandas.api.extensions import ExtensionArray, ExtensionDtype
from pandas.core.generic import NDFrame
from pandas.core.groupby.groupby import BaseGroupBy
from pandas.core.groupby.grouper import Grouping
from pandas.core.groupby.ops import BaseGrouper
from pandas.core.internals.blocks import Block
from pandas.core.internals.managers import SingleBlockManager
from pandas.core.window.rolling import BaseWindow

from kishu_agent.encoding.libraries.numpy import Independent, owner

if TYPE_CHECKING:
    from collections.abc import Callable

    from kishu_agent.encoding.encoder import Encoder, Reduced


def instance(cls: type, *arguments: Any) -> Any:
    """Make an instance without initializing it. Part of the folder's format."""
    return cls.__new__(cls, *arguments)


def single_manager(cls: Any, block: Any, axis: Any) -> Any:
    """Make the manager of a Series. Part of the folder's format."""
    return cls(block, axis)


_CACHES = frozenset({"_cache", "_metadata"})
"""Parts of states that are derived (filled by looking at an object) or belong to the class."""


class _Detached:
    """Stands in a stream for an extension array whose memory nobody else shares."""

    __slots__ = ("encoder", "values")

    def __init__(self, encoder: Encoder, values: ExtensionArray) -> None:
        self.encoder = encoder
        self.values = values

    def __reduce__(self) -> Reduced:
        return _reduce_plainly(self.encoder, self.values)


def _detach(encoder: Encoder, value: Any) -> Any:
    if type(value) is np.ndarray:
        encoder.memory.add(id(owner(value)))
        return Independent(encoder, value)
    if isinstance(value, ExtensionArray):
        return _Detached(encoder, value)
    if type(value) is tuple:
        return tuple(_detach(encoder, item) for item in value)
    if type(value) is list:
        return [_detach(encoder, item) for item in value]
    if type(value) is dict:
        # Names of attributes are interned as a class' own are: else it would show whether an object was loaded.
        return {
            sys.intern(key) if type(key) is str else key: _detach(encoder, item)
            for key, item in value.items()
            if key not in _CACHES
            and not (key == "_readonly" and item is False)  # the class has False as well
        }
    return value


def _reduce_plainly(encoder: Encoder, obj: Any) -> Reduced:
    """Use the object's own reduction, without caches and with arrays on their own."""
    reduced = obj.__reduce_ex__(5)
    if isinstance(reduced, str):
        return reduced
    function, arguments, *rest = reduced
    if function is copyreg.__newobj__:  # type: ignore[attr-defined]
        function = instance  # pickle's own checks that the object reduced is an instance of the class
    if rest:
        rest[0] = _detach(encoder, rest[0]) or None
    return (function, _detach(encoder, arguments), *rest)


def _reduce_frame(_encoder: Encoder, frame: Any) -> Reduced:
    function, arguments, *rest = frame.__reduce_ex__(5)
    if rest and type(rest[0]) is dict:
        rest[0] = {key: value for key, value in rest[0].items() if key not in _CACHES}
    return (function, arguments, *rest)


def _reduce_single_manager(_encoder: Encoder, manager: Any) -> Reduced:
    # Its own state repeats the values as bare arrays.
    return single_manager, (type(manager), manager.blocks[0], manager.axes[0])


_LAZY = (BaseGroupBy, BaseGrouper, Grouping, BaseWindow)
"""What keeps its results in a cache."""

_PLAIN = (Block, ExtensionArray, ExtensionDtype, pd.Index)


def reducer(kind: type) -> Callable[[Encoder, Any], Reduced] | None:
    """Return the reducer for objects of this type."""
    if kind is SingleBlockManager:
        return _reduce_single_manager
    if issubclass(kind, NDFrame):
        return _reduce_frame
    if issubclass(kind, _PLAIN):
        return _reduce_plainly
    if issubclass(kind, _LAZY):
        return _reduce_frame
    return None
