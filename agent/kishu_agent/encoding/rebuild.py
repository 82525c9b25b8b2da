"""What streams call to build objects again.

The names in this module are part of the folder's format: a stream refers to them, so they stay, and keep
accepting what they accepted.
"""

from __future__ import annotations

import abc
import enum
import functools
import importlib
import marshal
import sys
import threading
import types
import typing
import weakref
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

CODE_TAG = sys.implementation.cache_tag
"""Names the interpreter whose byte code this is, such as cpython-311."""


LAYOUT = "_ctypes"
"""Module of metaclasses that make the memory layout of instances from attributes: they are run again."""


class Loading(Protocol):
    """What a running load offers to the functions of this module."""

    namespace: dict[str, Any]

    def definition(self, uid: str) -> Any:
        """Return the function or class with this uid, loading it if need be."""

    def fill(self, number: int, memory: memoryview) -> None:
        """Read an array's bytes into memory of its size."""

    def complete(self, definition: Any) -> None:
        """Load the rest of a definition of which only a part may be there."""

    def define(self, uid: str, obj: Any) -> None:
        """Make `obj` known under its uid."""

    def session(self) -> Any:
        """Return the session of this kernel."""


_current: Loading | None = None


class BytecodeVersionError(ImportError):
    """Byte code of another Python version."""


def enter(loading: Loading | None) -> Loading | None:
    """Make `loading` the one that the functions here refer to; return the one before it."""
    global _current
    previous, _current = _current, loading
    return previous


def _loading() -> Loading:
    if _current is None:
        raise RuntimeError("this stream can only be loaded through kishu_agent")
    return _current


def fill(number: int, memory: memoryview) -> None:
    """Read the bytes of an array, by its number in the co-variable, into memory of its size."""
    _loading().fill(number, memory)


def definition(uid: str) -> Any:
    """Return the function or class of the notebook with this uid."""
    return _loading().definition(uid)


def session() -> Any:
    """Return the session of this kernel, for variables that hold it."""
    return _loading().session()


def module(name: str) -> types.ModuleType:
    """Import a module."""
    return importlib.import_module(name)


def module_dict(name: str) -> dict[str, Any]:
    """Return the namespace of a module, which is a library function's globals."""
    return importlib.import_module(name).__dict__


def namespace() -> dict[str, Any]:
    """Return the live namespace of the notebook."""
    return _loading().namespace


# Functions


class _Empty:
    """Stands for the content of a closure cell that has none."""

    def __reduce__(self) -> str:
        return "EMPTY"


EMPTY = _Empty()


def code(tag: str, data: bytes) -> types.CodeType:
    """Load a code object, which only the Python version that wrote it can run."""
    if tag != CODE_TAG:
        raise BytecodeVersionError(f"a function was recorded with {tag}, and this kernel is {CODE_TAG}")
    loaded: types.CodeType = marshal.loads(data)  # noqa: S302 - the same trust as unpickling it
    return loaded


def cell() -> types.CellType:
    """Make an empty closure cell; the state of the function that owns it fills it."""
    return types.CellType()


def function(
    uid: str,
    code: types.CodeType,
    scope: dict[str, Any] | None,
    name: str,
    qualified_name: str,
    closure: tuple[types.CellType, ...] | None,
) -> types.FunctionType:
    """Make a function without its state. `scope` None is the namespace of the notebook."""
    made = types.FunctionType(code, _loading().namespace if scope is None else scope, name, None, closure)
    made.__qualname__ = qualified_name
    if uid:
        _loading().define(uid, made)
    return made


def set_function_state(made: types.FunctionType, state: Mapping[str, Any]) -> None:
    """Fill in what a function refers to: defaults, closure, attributes."""
    for cell, content in zip(made.__closure__ or (), state["closure"], strict=True):
        if content is not EMPTY:
            cell.cell_contents = content
    made.__defaults__ = state["defaults"]
    made.__kwdefaults__ = state["kwdefaults"]
    made.__annotations__ = state["annotations"]
    made.__doc__ = state["doc"]
    made.__module__ = state.get("module", "__main__")
    made.__dict__.update(state["attributes"])


def method(function: Any, instance: object) -> types.MethodType:
    """Bind a function that is not found under its own name in the instance's class."""
    return types.MethodType(function, instance)


def cached_function(function: Any, maxsize: int | None, typed: bool, attributes: dict[str, Any]) -> Any:
    """Make a functools.lru_cache wrapper with an empty cache."""
    made = functools.lru_cache(maxsize, typed)(function)
    made.__dict__.update(attributes)
    return made


# Classes


def new_class(
    uid: str,
    metaclass: type,
    name: str,
    qualified_name: str,
    bases: tuple[type, ...],
    body: dict[str, Any],
    call: bool = False,
) -> type:
    """Make a class without its attributes, running no code of the notebook.

    `body` has the few attributes that must be there from the start: slots, generic bases.
    The metaclass' own __new__ and the bases' __init_subclass__ have had their effect when the class was
    defined, and what they changed is restored as state; so they are not run again. With `call` a library's
    metaclass is: it sets what Python does not show.
    """
    body = {"__module__": "__main__", "__qualname__": qualified_name, **body}
    maker: Any = abc.ABCMeta if issubclass(metaclass, abc.ABCMeta) else type
    if metaclass.__module__ == LAYOUT:
        maker = metaclass
    with _without_hook(_init_subclass_owner(bases)):
        made: type = metaclass(name, bases, body) if call else maker.__new__(metaclass, name, bases, body)
    _loading().define(uid, made)
    return made


@contextmanager
def _without_hook(owner: type | None) -> Iterator[None]:
    """Keep the __init_subclass__ of a notebook's class from being called."""
    if owner is None:
        yield
        return
    hook = owner.__dict__["__init_subclass__"]
    type.__setattr__(owner, "__init_subclass__", classmethod(_no_init_subclass))
    try:
        yield
    finally:
        type.__setattr__(owner, "__init_subclass__", hook)


def _no_init_subclass(_cls: type, /, **_keywords: object) -> None:
    """Take the place of a hook that ran when the class was defined."""


def _init_subclass_owner(bases: tuple[type, ...]) -> type | None:
    """Return the notebook's class whose __init_subclass__ making a subclass would call."""
    for base in bases:
        for owner in base.__mro__:
            if "__init_subclass__" in owner.__dict__:
                return owner if owner.__module__ == "__main__" else None
    return None


def new_enum(
    uid: str,
    metaclass: enum.EnumMeta,
    name: str,
    qualified_name: str,
    bases: tuple[type, ...],
    members: tuple[tuple[str, Any], ...],
    options: Mapping[str, Any],
) -> type:
    """Make an enumeration with its members; attributes that its methods gave them are set later."""
    body = metaclass.__prepare__(name, bases)
    dict.update(body, {"__module__": "__main__", "__qualname__": qualified_name})
    for member, value in members:
        body[member] = value
    made: Any = enum.EnumMeta.__new__(metaclass, name, bases, body, **options)  # type: ignore[arg-type]
    for member, value in members:
        if made.__members__[member].value != value:
            raise TypeError(f"{name} makes the values of its members itself")
    _loading().define(uid, made)
    return made  # type: ignore[no-any-return]


def new_bare_enum(uid: str, metaclass: Any, name: str, qualified_name: str, bases: tuple[type, ...]) -> type:
    """Make an enumeration without members, for one whose own __new__ made them."""
    body = {"__module__": "__main__", "__qualname__": qualified_name}
    made: type = type.__new__(metaclass, name, bases, body)
    _loading().define(uid, made)
    return made


def set_bare_members(made: Any, members: list[tuple[tuple[str, ...], Any, dict[str, Any]]]) -> None:
    """Give an enumeration its members without calling its __new__ or __init__."""
    data_type = made._member_type_
    by_name: dict[str, Any] = {}
    by_value: dict[Any, Any] = {}
    for names, value, attributes in members:
        member = object.__new__(made) if data_type is object else data_type.__new__(made, value)
        member.__dict__.update({**attributes, "__objclass__": made})
        by_name.update(dict.fromkeys(names, member))
        with suppress(TypeError):
            by_value[member._value_] = member
    set_attributes(made, {**by_name, "_member_map_": by_name, "_value2member_map_": by_value})


def set_attributes(made: type, attributes: Mapping[str, Any]) -> None:
    """Set attributes of a class past any metaclass' own __setattr__."""
    metaclass: Any = type(made)
    setter = metaclass.__setattr__ if metaclass.__module__ == LAYOUT else type.__setattr__
    for name, value in attributes.items():
        setter(made, name, value)


def register_classes(made: Any, registered: list[type]) -> None:
    """Register classes with an abstract base class again."""
    for other in registered:
        abc.ABCMeta.register(made, other)


def set_member_attributes(made: type, members: Mapping[str, Mapping[str, Any]]) -> None:
    """Give the members of an enumeration the attributes that they had."""
    for name, attributes in members.items():
        made.__members__[name].__dict__.update(attributes)  # type: ignore[attr-defined]


def parametrized(origin: Any, arguments: tuple[Any, ...]) -> Any:
    """Return a generic class with parameters, which its library makes of the class."""
    _loading().complete(origin)
    return origin[arguments if len(arguments) != 1 else arguments[0]]


# Exceptions and instances


def exception(cls: Any, builtin: Any, arguments: tuple[Any, ...]) -> Any:
    """Make an exception of a class without calling a __new__ or __init__ of the notebook; `builtin` is its base."""
    made = builtin.__new__(cls, *arguments)
    builtin.__init__(made, *arguments)
    return made


def set_exception_state(made: BaseException, state: Mapping[str, Any]) -> None:
    """Give an exception its arguments, its attributes and what it was raised from."""
    if "args" in state:
        made.args = state["args"]
    for name, value in state["members"].items():
        with suppress(AttributeError, TypeError):
            setattr(made, name, value)
    made.__dict__.update(state["attributes"])
    made.__cause__ = state["cause"]
    made.__context__ = state["context"]
    made.__suppress_context__ = state["suppress"]


def instance(cls: Any) -> Any:
    """Make an instance without running a __new__ or __init__ of its class."""
    return object.__new__(cls)


def set_instance_state(made: Any, state: tuple[dict[str, Any] | None, dict[str, Any] | None]) -> None:
    """Set attributes past the class' own __getattr__ and __setattr__."""
    attributes, slots = state
    if attributes:
        object.__getattribute__(made, "__dict__").update(attributes)
    for name, value in (slots or {}).items():
        object.__setattr__(made, name, value)


def immutable(base: Any, cls: type, content: Any) -> Any:
    """Make an instance of a class derived from tuple, str or the like without running a __new__ of the notebook."""
    return base.__new__(cls, content)


def set_own_dict(made: Any, _state: bool) -> None:
    """Make the items of a dict its attributes as well: `self.__dict__ = self`."""
    object.__setattr__(made, "__dict__", made)


# Small objects that pickle does not know


def static_method(function: Any) -> Any:
    """Make a staticmethod."""
    return staticmethod(function)


def class_method(function: Any) -> Any:
    """Make a classmethod."""
    return classmethod(function)


def cached_property(function: Any, name: str | None, doc: str | None) -> Any:
    """Make a functools.cached_property (its lock is new)."""
    made: Any = functools.cached_property(function)
    made.attrname = name
    made.__doc__ = doc
    return made


def mapping_proxy(mapping: Mapping[Any, Any]) -> types.MappingProxyType[Any, Any]:
    """Make a read-only view of a mapping."""
    return types.MappingProxyType(mapping)


def memory_view(
    exporter: Any,
    offset: int | None,
    length: int,
    format_: str,
    shape: tuple[int, ...],
    readonly: bool = False,
) -> memoryview:
    """Make a contiguous view of an object's memory, or of the whole of it."""
    made = memoryview(exporter)
    if offset is not None:
        made = made.cast("B")[offset : offset + length]
        if format_ != "B" or len(shape) != 1:
            made = made.cast(format_, shape)  # type: ignore[call-overload]
    return made.toreadonly() if readonly else made


def type_variable(name: str, constraints: tuple[Any, ...], options: dict[str, Any]) -> Any:
    """Make a typing.TypeVar."""
    return typing.TypeVar(name, *constraints, **options)


def new_type(name: str, supertype: Any) -> Any:
    """Make a typing.NewType."""
    return typing.NewType(name, supertype)


def match(pattern: Any, text: Any, start: int, end: int, spans: tuple[tuple[int, int], ...]) -> Any:
    """Match a pattern again so that the groups are where they were."""
    for found in (pattern.match, pattern.search, pattern.fullmatch):
        made = found(text, start, end)
        if made is not None and made.regs == spans:
            return made
    return next(made for made in pattern.finditer(text, start, end) if made.regs == spans)


class _Gone:
    """What a dead reference refers to: nothing, any more."""


def dead_reference() -> weakref.ref[Any]:
    """Make a weak reference whose object is gone."""
    return weakref.ref(_Gone())


def lock(*, reentrant: bool, locked: bool) -> Any:
    """Make a lock in the state that it had. A re-entrant one is free: its owner is a thread that is gone."""
    if reentrant:
        return threading.RLock()
    made = threading.Lock()
    if locked:
        made.acquire()
    return made


def dict_view(kind: str, mapping: dict[Any, Any]) -> Any:
    """Make the keys, values or items view of a dict."""
    return getattr(mapping, kind)()
