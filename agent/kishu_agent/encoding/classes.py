"""Classes of the notebook by value, without running their code."""

from __future__ import annotations

import abc
import enum
import functools
import types
from typing import TYPE_CHECKING, Any

from kishu_agent.encoding import rebuild
from kishu_agent.encoding.importable import is_importable
from kishu_agent.encoding.metaclasses import (
    CACHES,
    derivation,
    is_called,
    made_by_metaclass,
    unknown_metaclass,
)

if TYPE_CHECKING:
    from kishu_agent.encoding.encoder import Encoder, Reduced

NAMED_TYPES: dict[type, str] = {
    value: name for name, value in vars(types).items() if isinstance(value, type) and not is_importable(value)
}
"""Types of the interpreter that are found in the module `types` only."""

_SINGLETON_TYPES = frozenset({type(None), type(NotImplemented), type(...)})

_BEHAVIOUR = frozenset(
    {
        types.FunctionType,
        staticmethod,
        classmethod,
        property,
        functools.cached_property,
        functools.partialmethod,
    }
)

_DESCRIPTORS = frozenset({types.MemberDescriptorType, types.GetSetDescriptorType})

_SKIPPED = frozenset({"__dict__", "__weakref__", "__slots__", "__slotnames__", "__qualname__", "_abc_impl"})
"""What the interpreter itself puts into a class."""

_LAYOUT = ("_fields_", "_anonymous_", "_pack_", "_align_", "_type_", "_length_")
"""What the metaclasses of ctypes make the memory layout of instances from."""

_FROM_THE_START = ("__slots__", "__orig_bases__", *_LAYOUT)
"""Attributes that a class must have when it is made."""

_ENUM_SKIPPED = frozenset({"__new__", "__new_member__", "__reduce_ex__", "__members__"})


class NotEncodableError(TypeError):
    """Raised inside the pickler for an object that has no stored form."""


def reduce_class(encoder: Encoder, cls: type) -> Reduced:
    """Refer to a class by name, or to one of the notebook by its uid."""
    if cls in _SINGLETON_TYPES:
        return NotImplemented
    if (name := NAMED_TYPES.get(cls)) is not None:
        return getattr, (types, name)
    if encoder.is_importable_class(cls):
        return NotImplemented
    if (derived := derivation(cls)) is not None:
        return derived
    uid = encoder.definitions.assign(cls)
    encoder.depend(uid)
    return rebuild.definition, (uid,)


def class_skeleton(cls: type, uid: str) -> tuple[Any, tuple[Any, ...]]:
    """Return the reduction of a class without its attributes."""
    metaclass = type(cls)
    if (unknown := unknown_metaclass(metaclass)) is not None:
        raise NotEncodableError(f"classes made by the metaclass {unknown} cannot be stored")
    if issubclass(type(cls), enum.EnumMeta):
        if makes_members(cls):
            return rebuild.new_bare_enum, (uid, metaclass, cls.__name__, cls.__qualname__, cls.__bases__)
        boundary = getattr(cls, "_boundary_", None)
        options = {} if boundary is None else {"boundary": boundary}
        members = tuple((name, member.value) for name, member in _members(cls))
        return rebuild.new_enum, (
            uid,
            metaclass,
            cls.__name__,
            cls.__qualname__,
            cls.__bases__,
            members,
            options,
        )
    body = {name: cls.__dict__[name] for name in _FROM_THE_START if name in cls.__dict__}
    if not isinstance(body.get("__slots__", ""), str | dict):
        body["__slots__"] = tuple(body["__slots__"])
    return rebuild.new_class, (
        uid,
        metaclass,
        cls.__name__,
        cls.__qualname__,
        cls.__bases__,
        body,
        is_called(metaclass),
    )


def class_attributes(cls: type) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the attributes of a class: first methods and other behaviour, then data.

    Methods are set before any data is loaded, since the data can hold instances that need them.
    """
    behaviour: dict[str, Any] = {}
    data: dict[str, Any] = {}
    skipped = _SKIPPED | made_by_metaclass(type(cls))
    for name, value in cls.__dict__.items():
        if name in skipped or type(value) in _DESCRIPTORS:
            continue
        if type(cls).__module__ == rebuild.LAYOUT and (
            name in _LAYOUT or type(value).__module__ == rebuild.LAYOUT
        ):
            continue
        if name == "__module__" and value == "__main__":
            continue
        if name == "__annotations__" and type(value) is dict and not value:
            continue  # made when somebody looks at it
        if issubclass(type(cls), enum.EnumMeta) and _made_by_enum(cls, name):
            continue
        target = behaviour if type(value) in _BEHAVIOUR else data
        target[name] = {} if name in CACHES else value
    return behaviour, data


def makes_members(cls: type) -> bool:
    """Tell whether an enumeration has a __new__ of its own, so that its members cannot be made from their values."""
    return "__new_member__" in cls.__dict__


def bare_members(cls: Any) -> list[tuple[tuple[str, ...], Any, dict[str, Any]]]:
    """Return the members of such an enumeration: names (aliases too), the value of their data type, attributes."""
    data_type = cls._member_type_
    names: dict[int, list[str]] = {}
    for name, member in _members(cls):
        names.setdefault(id(member), []).append(name)
    found = {id(member): member for _name, member in _members(cls)}
    return [
        (
            tuple(names[key]),
            None if data_type is object else data_type(member),
            {name: value for name, value in vars(member).items() if name != "__objclass__"},
        )
        for key, member in found.items()
    ]


def _made_by_enum(cls: Any, name: str) -> bool:
    if name == "_missing_":
        return False  # the person's own
    if makes_members(cls):
        return name in {*cls.__members__, "_member_map_", "_value2member_map_"}
    single = name.startswith("_") and name.endswith("_") and not name.startswith("__")
    return single or name in _ENUM_SKIPPED or name in cls.__members__


def registered_classes(cls: Any) -> list[type]:
    """Return the classes that were registered with an abstract base class."""
    references = abc._get_dump(cls)[0]  # type: ignore[attr-defined]
    found = [reference() for reference in references]
    return sorted((known for known in found if known is not None), key=lambda known: known.__qualname__)


def member_attributes(cls: Any) -> dict[str, dict[str, Any]]:
    """Return what the enumeration's own methods set on its members."""
    return {
        name: {key: value for key, value in vars(member).items() if not (key[0] == "_" and key[-1] == "_")}
        for name, member in _members(cls)
    }


def _members(cls: Any) -> list[tuple[str, enum.Enum]]:
    found: dict[str, enum.Enum] = dict(cls.__members__)
    return list(found.items())
