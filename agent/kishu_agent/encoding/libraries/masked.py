"""numpy's masked arrays: over the memory of a plain array and of a mask."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from kishu_agent.encoding.libraries.numpy import plain_of, subclass

if TYPE_CHECKING:
    from kishu_agent.encoding.encoder import Encoder, Reduced


def set_masked_attributes(made: Any, attributes: dict[str, Any]) -> None:
    """Give a masked array its mask, its flags, and what else it had. Part of the folder's format."""
    made.__dict__.update(attributes)


def reduce_masked(encoder: Encoder, values: Any) -> Reduced:
    """Reduce a masked array, without the fill value that merely looking at it makes."""
    attributes = {**values.__dict__, "_fill_value": _chosen_fill_value(values)}
    return (
        subclass,
        (plain_of(encoder, values), type(values)),
        attributes,
        None,
        None,
        set_masked_attributes,
    )


def _chosen_fill_value(values: Any) -> Any:
    """Return the fill value if it is another than the one that numpy takes by itself."""
    fill_value = values._fill_value
    if fill_value is None or values.dtype.hasobject:
        return fill_value
    usual = np.array(np.ma.default_fill_value(values.dtype), values.dtype)
    return None if usual.tobytes() == fill_value.tobytes() else fill_value
