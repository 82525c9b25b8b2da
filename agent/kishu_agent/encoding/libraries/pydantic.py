"""pydantic: models' signatures without what looking at them caches (their classes: encoding/metaclasses.py)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from kishu_agent.encoding.encoder import Encoder, Reduced


def _reduce_lazy_attribute(_encoder: Encoder, attribute: Any) -> Reduced:
    state = {name: value for name, value in vars(attribute).items() if name != "value"}
    return object.__new__, (type(attribute),), state


def reducer(kind: type) -> Callable[[Encoder, Any], Reduced] | None:
    """Return the reducer for objects of this type."""
    return _reduce_lazy_attribute if kind.__qualname__ == "LazyClassAttribute" else None
