"""Instances whose own way of being pickled would run code of the notebook that does not expect it."""

from __future__ import annotations

import copyreg
import enum
from types import GetSetDescriptorType, MemberDescriptorType
from typing import TYPE_CHECKING, Any

from kishu_agent.encoding import rebuild
from kishu_agent.encoding.importable import is_importable, is_installed, package_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from kishu_agent.encoding.encoder import Encoder, Reduced


def _reduce_exception(_encoder: Encoder, error: BaseException) -> Reduced:
    # The usual way calls __init__ with `args`, which fails for an __init__ with other parameters; it leaves out
    # what built-in exceptions keep beside their `args`, and never ends when these lead back to the exception.
    kind = type(error)
    builtin: Any = kind
    while builtin.__module__ != "builtins":
        builtin = builtin.__base__
    members = _members(builtin)
    state: dict[str, Any] = {
        "attributes": error.__dict__,
        "cause": error.__cause__,
        "context": error.__context__,
        "suppress": error.__suppress_context__,
        "members": {name: value for name in members if (value := getattr(error, name, None)) is not None},
    }
    arguments = error.args
    if not members:
        state["args"] = arguments
        arguments = ()
    return rebuild.exception, (kind, builtin, arguments), state, None, None, rebuild.set_exception_state


def _members(builtin: type) -> list[str]:
    """Return what an exception of a built-in class has beside its arguments."""
    return [
        name
        for base in builtin.__mro__
        if base not in {BaseException, object}
        for name, value in vars(base).items()
        if type(value) in {MemberDescriptorType, GetSetDescriptorType} and not name.startswith("__")
    ]


def _reduce_instance(_encoder: Encoder, instance: Any) -> Reduced:
    # pickle looks __setstate__ up on the empty instance, where a __getattr__ often recurses for ever; it calls
    # __new__, which may want arguments, or note each new instance somewhere; and a class's own __getstate__ or
    # __reduce__ leaves out what its author can do without, while a restored instance is to have all that it had.
    state = object.__getstate__(instance)
    if type(state) is not tuple:
        state = (state, None)
    return rebuild.instance, (type(instance),), state, None, None, rebuild.set_instance_state


def _reduce_dict(_encoder: Encoder, instance: Any) -> Reduced:
    # pickle would copy the items into the attributes of the empty instance.
    if instance.__dict__ is not instance:
        return NotImplemented
    function, arguments, _state, items, pairs = instance.__reduce_ex__(5)
    return function, arguments, True, items, pairs, rebuild.set_own_dict


def _reduce_immutable(base: type) -> Callable[[Encoder, Any], Reduced]:
    def reduce(_encoder: Encoder, instance: Any) -> Reduced:
        # pickle would call the class' own __new__ with the content, which it may take as something else.
        content = base.__new__(base, instance)
        return rebuild.immutable, (base, type(instance), content), getattr(instance, "__dict__", None) or None

    return reduce


_IMMUTABLE = (tuple, str, bytes, int, float, complex, frozenset)

_PICKLING = (
    "__reduce__",
    "__reduce_ex__",
    "__getstate__",
    "__setstate__",
    "__getnewargs__",
    "__getnewargs_ex__",
)

_OWN_PICKLING = frozenset(_PICKLING) - {"__getnewargs__"}
"""Without what named tuples have, which is for their own __new__."""


def instance_reducer(kind: type) -> Callable[[Encoder, Any], Reduced] | None:
    """Return the reducer for instances of a class, where pickle's own way does not serve."""
    mro = type.__dict__["__mro__"].__get__(kind)
    if BaseException in mro:
        plain = all(_found(mro, name) in {None, BaseException, object} for name in _PICKLING)
        return _reduce_exception if plain else None
    if (
        dict in mro
        and kind.__dictoffset__
        and all(_found(mro, name) in {None, dict, object} for name in _PICKLING)
    ):
        return _reduce_dict
    immutable = next((base for base in _IMMUTABLE if base in mro), None)
    if (
        immutable is not None
        and not issubclass(type(kind), enum.EnumMeta)
        and _found(mro, "__new__") is not immutable
        and _is_plain_immutable(mro, immutable)
    ):
        return _reduce_immutable(immutable)
    definers = {_found(mro, name) for name in _PICKLING} - {None, object}
    hooked = _found(mro, "__getattr__") is not None or _found(mro, "__getattribute__") is not object
    if not definers and not hooked and _found(mro, "__new__") is object:
        return None
    notebooks = all(definer is not None and not is_importable(definer) for definer in definers)
    return _reduce_instance if notebooks and _is_plain_object(kind, mro) else None


def is_pickled_plainly(kind: type) -> bool:
    """Tell whether pickling an instance of a class runs no code that a class brings for it."""
    mro = type.__dict__["__mro__"].__get__(kind)
    return all(_found(mro, name) in {None, object} for name in _PICKLING)


def pickles_itself(kind: type) -> bool:
    """Tell whether a class that is no library's says how its instances are pickled."""
    mro = type.__dict__["__mro__"].__get__(kind)
    definers = {_found(mro, name) for name in _PICKLING} - {None, object}
    return any(definer is not None and not is_installed(package_of(definer)) for definer in definers)


def _is_plain_immutable(mro: tuple[type, ...], base: type) -> bool:
    """Tell whether a class consists of a built-in one and attributes, and leaves its pickling to pickle."""
    made = [type.__dict__["__dict__"].__get__(cls) for cls in mro[: mro.index(base)]]
    plain = all(name not in body for body in made for name in _OWN_PICKLING)
    return plain and all(body["__module__"] == "__main__" and not body.get("__slots__") for body in made)


def _found(mro: tuple[type, ...], name: str) -> type | None:
    """Return the class of the MRO that defines a name."""
    return next((base for base in mro if name in _attributes(base)), None)


def _attributes(cls: type) -> Mapping[str, Any]:
    """Return the attributes of a class, whatever its metaclass says."""
    found: Mapping[str, Any] = type.__dict__["__dict__"].__get__(cls)
    return found


def _is_plain_object(kind: type, mro: tuple[type, ...]) -> bool:
    """Tell whether instances consist of attributes only: no built-in container or C type below."""
    if kind in copyreg.dispatch_table or kind.__itemsize__ != 0:
        return False
    slots = sum(type(value) is MemberDescriptorType for base in mro for value in _attributes(base).values())
    pointers = (kind.__dictoffset__ > 0) + (kind.__weakrefoffset__ > 0) + slots
    return kind.__basicsize__ <= object.__basicsize__ + pointers * tuple.__itemsize__
