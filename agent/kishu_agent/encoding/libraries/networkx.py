"""networkx: graphs without the views and results that they keep once somebody asked for them."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import networkx as nx

from kishu_agent.encoding.instances import instance_reducer

if TYPE_CHECKING:
    from collections.abc import Callable

    from kishu_agent.encoding.encoder import Encoder, Reduced

_RESULTS = "__networkx_cache__"


def _reduce_graph(encoder: Encoder, graph: Any) -> Reduced:
    kind = type(graph)
    usual = instance_reducer(kind)
    if usual is None:  # the class says itself how it is stored
        return NotImplemented
    function, arguments, (attributes, slots), *rest = usual(encoder, graph)
    attributes = {name: value for name, value in attributes.items() if not _is_cached(kind, name)}
    if _RESULTS in attributes:
        attributes[_RESULTS] = {}
    return function, arguments, (attributes, slots), *rest


def _is_cached(kind: type, name: str) -> bool:
    """Tell whether networkx computes an attribute when it is asked for first."""
    owner = next((base for base in type.__dict__["__mro__"].__get__(kind) if name in base.__dict__), None)
    return (
        owner is not None
        and str(owner.__module__).startswith("networkx.")
        and type(owner.__dict__[name]) is cached_property
    )


def reducer(kind: type) -> Callable[[Encoder, Any], Reduced] | None:
    """Return the reducer for objects of this type."""
    return _reduce_graph if issubclass(kind, nx.Graph) else None
