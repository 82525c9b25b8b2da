"""scikit-learn: search trees without the counts of their use."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from kishu_agent.encoding.encoder import Encoder, Reduced

_COUNTS = slice(7, 11)
"""Where the state of a tree has how often it was asked, and what that took."""

_FIELDS = 13


def _reduce_tree(_encoder: Encoder, tree: Any) -> Reduced:
    function, arguments, state, *rest = tree.__reduce_ex__(5)
    if type(state) is tuple and len(state) == _FIELDS and all(type(count) is int for count in state[_COUNTS]):
        state = (*state[: _COUNTS.start], 0, 0, 0, 0, *state[_COUNTS.stop :])
    return function, arguments, state, *rest


def reducer(kind: type) -> Callable[[Encoder, Any], Reduced] | None:
    """Return the reducer for objects of this type."""
    is_tree = any(
        base.__module__ in {"sklearn.neighbors._kd_tree", "sklearn.neighbors._ball_tree"}
        and base.__name__.startswith("BinaryTree")
        for base in type.__dict__["__mro__"].__get__(kind)
    )
    return _reduce_tree if is_tree else None
