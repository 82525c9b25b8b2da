"""Which metaclasses leave all that they do in the attributes of the class, so that these bring the class back.

A library's metaclass may also note its classes somewhere (a registry of tables, say): such classes would come back
as half of what they were, and have no stored form.
"""

from __future__ import annotations

import abc
import enum
import operator
from typing import TYPE_CHECKING, Any

from kishu_agent.encoding import rebuild
from kishu_agent.encoding.importable import is_importable

if TYPE_CHECKING:
    from kishu_agent.encoding.encoder import Reduced

_PYDANTIC = ("pydantic._internal._model_construction", "ModelMetaclass")

_KNOWN = frozenset(
    {
        _PYDANTIC,
        ("traitlets.traitlets", "MetaHasDescriptors"),
        ("traitlets.traitlets", "MetaHasTraits"),
        ("typing", "NamedTupleMeta"),
        ("typing", "_ProtocolMeta"),
        ("typing", "_TypedDictMeta"),
    }
)

_CALLED = {
    ("torch._C", "_TensorMeta"): frozenset[str](),
    ("torch.nn.parameter", "_ParameterMeta"): frozenset[str](),
    ("torch.autograd.function", "FunctionMeta"): frozenset({"_backward_cls"}),
}
"""Metaclasses that set what Python does not show, so that they are called again: without an effect elsewhere. With the
attributes that they make."""

CACHES = frozenset({"__pydantic_setattr_handlers__"})
"""Attributes, dicts, that fill when instances of the class are used."""


def unknown_metaclass(metaclass: type) -> str | None:
    """Return the name of the metaclass because of which a class has no stored form, None if there is none."""
    for base in metaclass.__mro__:
        known = base in {type, abc.ABCMeta, enum.EnumMeta, object} or not is_importable(base)
        if (
            not known
            and base.__module__ != rebuild.LAYOUT
            and _key(base) not in _KNOWN
            and not is_called(base)
        ):
            return f"{base.__module__}.{base.__qualname__}"
    return None


def is_called(metaclass: type) -> bool:
    """Tell whether a class comes back by calling its metaclass."""
    return _key(metaclass) in _CALLED


def made_by_metaclass(metaclass: type) -> frozenset[str]:
    """Return the attributes that a metaclass makes when it is called."""
    return _CALLED.get(_key(metaclass), frozenset())


def _key(cls: type) -> tuple[str, str]:
    return cls.__module__, cls.__qualname__


def derivation(cls: Any) -> Reduced | None:
    """Return the reduction of a class that its library makes of others, always the same one; None for others."""
    if cls.__module__ == rebuild.LAYOUT or type(cls).__module__ == rebuild.LAYOUT:
        return _layout_derivation(cls)
    metaclass = type(cls)
    if (metaclass.__module__, metaclass.__qualname__) == _PYDANTIC:
        made_of = cls.__pydantic_generic_metadata__
        if made_of["origin"] is not None:
            return rebuild.parametrized, (made_of["origin"], made_of["args"])
    return None


def _layout_derivation(cls: Any) -> Reduced | None:
    import ctypes

    bases = (ctypes.Structure, ctypes.Union, ctypes.Array, ctypes._Pointer, ctypes._SimpleCData)
    for base in bases:
        if type(base) is cls:
            return type, (base,)  # the metaclass itself, of which no module has the name
    if cls.__bases__ == (ctypes.Array,) and cls._type_ * cls._length_ is cls:
        return operator.mul, (cls._type_, cls._length_)
    if cls.__bases__ == (ctypes._Pointer,) and ctypes.POINTER(cls._type_) is cls:
        return ctypes.POINTER, (cls._type_,)
    return None
