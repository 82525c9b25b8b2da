"""matplotlib: figures that are not changed by being stored."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

from matplotlib.cbook import CallbackRegistry
from matplotlib.transforms import TransformNode

if TYPE_CHECKING:
    from collections.abc import Callable

    from kishu_agent.encoding.encoder import Encoder, Reduced


def _reduce_callbacks(_encoder: Encoder, registry: Any) -> Reduced:
    # __getstate__ draws the next number from the registry's counter: put the counter back.
    count = registry._cid_gen.__reduce__()[1]
    try:
        state = registry.__getstate__()
    finally:
        registry._cid_gen = itertools.count(*count)
    return object.__new__, (type(registry),), state


def _reduce_transform(_encoder: Encoder, node: Any) -> Reduced:
    # Parents are kept by their address, which says nothing in a stream.
    reduced = node.__reduce_ex__(5)
    state = reduced[2]
    if type(state) is dict and type(state.get("_parents")) is dict:
        state = {**state, "_parents": dict(enumerate(state["_parents"].values()))}
    return (*reduced[:2], state, *reduced[3:])


def reducer(kind: type) -> Callable[[Encoder, Any], Reduced] | None:
    """Return the reducer for objects of this type."""
    if issubclass(kind, CallbackRegistry):
        return _reduce_callbacks
    if issubclass(kind, TransformNode):
        return _reduce_transform
    return None
