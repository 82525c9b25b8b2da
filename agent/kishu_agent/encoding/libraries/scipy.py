"""scipy: sparse arrays without what is found out by looking at them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from kishu_agent.encoding.encoder import Encoder, Reduced

_FOUND_OUT = frozenset({"_has_canonical_format", "_has_sorted_indices"})


def _reduce_sparse(_encoder: Encoder, values: Any) -> Reduced:
    function, arguments, *rest = values.__reduce_ex__(5)
    if rest and type(rest[0]) is dict:
        rest[0] = {key: value for key, value in rest[0].items() if key not in _FOUND_OUT}
    return function, arguments, *rest


def reducer(kind: type) -> Callable[[Encoder, Any], Reduced] | None:
    """Return the reducer for objects of this type."""
    bases = {(base.__module__, base.__qualname__) for base in type.__dict__["__mro__"].__get__(kind)}
    return _reduce_sparse if ("scipy.sparse._base", "_spbase") in bases else None
