"""pandas: blocks stored independently of who else uses their memory, and without caches.

With copy-on-write (the only mode from pandas 3 on) frames that share memory behave as if they did not. Storing
each with its own data is therefore right, keeps unrelated frames apart, and costs no space, because equal chunks
are stored once. Only over linked memory (encoding/memory.py) blocks and indexes are stored as the views that they
are, and with pandas' reference counts: without them a write to one frame would reach another.
"""

from __future__ import annotations

import copyreg
import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from pandas._libs.arrays import NDArrayBacked
from pandas._libs.internals import BlockValuesRefs, _unpickle_block
from pandas.api.extensions import ExtensionArray, ExtensionDtype
from pandas.core.generic import NDFrame
from pandas.core.groupby.groupby import BaseGroupBy
from pandas.core.groupby.grouper import Grouping
from pandas.core.groupby.ops import BaseGrouper
from pandas.core.internals.blocks import Block
from pandas.core.internals.managers import SingleBlockManager
from pandas.core.window.rolling import BaseWindow

from kishu_agent.encoding.libraries.numpy import EXPORTERS, Independent, owner

if TYPE_CHECKING:
    from collections.abc import Callable

    from kishu_agent.encoding.encoder import Encoder, Reduced


def instance(cls: type, *arguments: Any) -> Any:
    """Make an instance without initializing it. Part of the folder's format."""
    return cls.__new__(cls, *arguments)


def single_manager(cls: Any, block: Any, axis: Any) -> Any:
    """Make the manager of a Series. Part of the folder's format."""
    return cls(block, axis)


def references() -> Any:
    """Make the list of what uses the same memory, still empty. Part of the folder's format."""
    return BlockValuesRefs()


def linked_block(values: Any, placement: Any, ndim: int, references: Any) -> Any:
    """Make a block whose memory others may use. Part of the folder's format."""
    block = _unpickle_block(values, placement, ndim)
    block.refs = references
    references.add_reference(block)
    return block


def set_references(index: Any, references: Any) -> None:
    """Make an index one of those that use the same memory. Part of the folder's format."""
    index._references = references
    references.add_index_reference(index)


_CACHES = frozenset({"_cache", "_metadata"})
"""Parts of states that are derived (filled by looking at an object) or belong to the class."""


class _Detached:
    """Stands in a stream for an extension array whose memory nobody else shares."""

    __slots__ = ("encoder", "owners", "values")

    def __init__(self, encoder: Encoder, values: ExtensionArray, owners: dict[int, Any]) -> None:
        self.encoder = encoder
        self.values = values
        self.owners = owners

    def __reduce__(self) -> Reduced:
        return _reduce_with(self.values, lambda value: _detach(self.encoder, value, self.owners))


def _detach(encoder: Encoder, value: Any, owners: dict[int, Any]) -> Any:
    """Replace arrays by what is stored for them, and note in `owners` whose memory they use."""
    if type(value) is np.ndarray:
        base = owner(value)
        owners[id(base)] = base
        return value if _is_attached(encoder, base) else Independent(encoder, value)
    if isinstance(value, ExtensionArray):
        if encoder.linked and any(_is_attached(encoder, base) for base in _owners(value)):
            return value
        return _Detached(encoder, value, owners)
    return _inside(value, lambda item: _detach(encoder, item, owners))


def _is_attached(encoder: Encoder, base: Any) -> bool:
    """Tell whether what uses this memory is stored as a view: it is linked, or no array's own."""
    return id(base) in encoder.linked or isinstance(base, (*EXPORTERS, np.memmap))


def _owners(values: ExtensionArray) -> list[Any]:
    """Return whose memory an extension array uses."""
    found: list[Any] = []

    def look(value: Any) -> Any:
        if type(value) is np.ndarray:
            found.append(owner(value))
        elif isinstance(value, ExtensionArray):
            found.extend(_owners(value))
        else:
            _inside(value, look)
        return value

    _reduce_with(values, look)
    return found


def _inside(value: Any, change: Callable[[Any], Any]) -> Any:
    """Change what is in a plain container."""
    if type(value) is tuple:
        return tuple(map(change, value))
    if type(value) is list:
        return list(map(change, value))
    if type(value) is dict:
        # Names of attributes are interned as a class' own are: else it would show whether an object was loaded.
        return {
            sys.intern(key) if type(key) is str else key: change(item)
            for key, item in value.items()
            if key not in _CACHES
            and not (key == "_readonly" and item is False)  # the class has False as well
        }
    return value


def _reduce_with(obj: Any, change: Callable[[Any], Any]) -> Reduced:
    """Use the object's own reduction, without caches, and with its arrays changed."""
    reduced = obj.__reduce_ex__(5)
    if isinstance(reduced, str):
        return reduced
    function, arguments, *rest = reduced
    if function is copyreg.__newobj__:  # type: ignore[attr-defined]
        function = instance  # pickle's own checks that the object reduced is an instance of the class
    if rest:
        state = rest[0]
        if isinstance(obj, NDArrayBacked) and type(state) is tuple and len(state) == 2:
            state = (*state, {})  # the attributes, which are there once one was cached
        rest[0] = change(state) or None
    return (function, change(arguments), *rest)


def _reduce_extension(_encoder: Encoder, obj: Any) -> Reduced:
    """Reduce an extension array outside of frames, or a dtype: its arrays are arrays like others."""
    return _reduce_with(obj, _without_caches)


def _without_caches(value: Any) -> Any:
    return _inside(value, _without_caches)


def _reduce_block(encoder: Encoder, block: Any) -> Reduced:
    # The block's own reduction may copy the values.
    arguments = (block.values, block.mgr_locs.indexer, block.ndim)  # noqa: PD011 - no frame's
    if not _copies_on_write():
        return _unpickle_block, arguments  # then its arrays are arrays like others
    detached = _detach(encoder, arguments, encoder.memory.frames)
    if isinstance(detached[0], _DETACHED):
        return _unpickle_block, detached
    return linked_block, (*detached, block.refs)


_DETACHED = (Independent, _Detached)


def _copies_on_write() -> bool:
    """Tell whether frames that share memory behave as if they did not."""
    return _ALWAYS_COPIES or pd.options.mode.copy_on_write is True


_ALWAYS_COPIES = int(pd.__version__.partition(".")[0]) >= 3


def _reduce_index(encoder: Encoder, index: Any) -> Reduced:
    # Labels that are objects are left out: np.asarray(df.columns) is in every fitted model.
    labels = encoder.memory.labels if index.dtype != object else {}
    function, arguments, *rest = _reduce_with(index, lambda value: _detach(encoder, value, labels))
    data = arguments[1].get("data") if len(arguments) == 2 and type(arguments[1]) is dict else None
    if isinstance(data, np.ndarray | ExtensionArray) and index._references is not None:
        return function, arguments, index._references, None, None, set_references
    return (function, arguments, *rest)


def _reduce_references(_encoder: Encoder, _references: Any) -> Reduced:
    return references, ()


def _reduce_frame(_encoder: Encoder, frame: Any) -> Reduced:
    function, arguments, *rest = frame.__reduce_ex__(5)
    if rest and type(rest[0]) is dict:
        rest[0] = {key: value for key, value in rest[0].items() if key not in _CACHES}
        if isinstance(frame, NDFrame):
            rest[0].update(_persons_attributes(frame))
    return (function, arguments, *rest)


def _persons_attributes(frame: Any) -> dict[str, Any]:
    """Return what was set on a frame as on any object, which its own state leaves out."""
    own = frame._internal_names_set | frame._accessors | {"_attrs"}
    return {name: value for name, value in frame.__dict__.items() if name not in own}


def _reduce_single_manager(_encoder: Encoder, manager: Any) -> Reduced:
    # Its own state repeats the values as bare arrays.
    return single_manager, (type(manager), manager.blocks[0], manager.axes[0])


_LAZY = (BaseGroupBy, BaseGrouper, Grouping, BaseWindow)
"""What keeps its results in a cache."""


def reducer(kind: type) -> Callable[[Encoder, Any], Reduced] | None:
    """Return the reducer for objects of this type."""
    if kind is SingleBlockManager:
        return _reduce_single_manager
    if issubclass(kind, NDFrame):
        return _reduce_frame
    if issubclass(kind, Block):
        return _reduce_block
    if issubclass(kind, pd.Index):
        return _reduce_index
    if issubclass(kind, ExtensionArray | ExtensionDtype):
        return _reduce_extension
    if kind is BlockValuesRefs:
        return _reduce_references
    if issubclass(kind, _LAZY):
        return _reduce_frame
    return None
