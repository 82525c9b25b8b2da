"""What the canonical form tells of each type. See canonical.py."""

from __future__ import annotations

import collections
import dataclasses
import datetime as dt
import decimal
import enum
import fractions
import functools
import hashlib
import itertools
import operator
import pathlib
import random
import re
import types
import typing
import weakref
from typing import TYPE_CHECKING, Any

import forms_libraries

if TYPE_CHECKING:
    from collections.abc import Callable

    from canonical import Form, Walk


class UnknownTypeError(TypeError):
    """A value whose content the canonical form does not tell."""


_CLASS_SKIPPED = frozenset(
    {"__dict__", "__weakref__", "__slotnames__", "__firstlineno__", "__static_attributes__", "_abc_impl"}
)

_FUNCTION = types.FunctionType

_BY_TEXT = frozenset(
    {range, re.Pattern, decimal.Decimal, fractions.Fraction, pathlib.PosixPath, types.GenericAlias}
    | {dt.datetime, dt.date, dt.timedelta, types.UnionType, types.EllipsisType}
)
"""Immutable types of which the text tells everything."""

_BUILTIN_BASES: dict[type, Callable[[Any], Any]] = {
    base: base for base in (list, dict, set, frozenset, tuple, int, float, str, bytes, bytearray)
} | {collections.deque: list}
"""What instances of classes of the notebook may consist of besides attributes."""


def form_of(walk: Walk, value: Any, kind: type) -> Form:
    """Return the form of an object that is no atom, no tuple and was not met before."""
    if kind in _IMMUTABLE:
        return [kind.__name__, *_IMMUTABLE[kind](walk, value)]
    if kind in _BY_TEXT:
        return ["text", repr(value)]
    if issubclass(kind, type):
        if value.__module__ != "__main__":
            return ["type", value.__module__, value.__qualname__]
        return [walk.number(value), "class", *_class(walk, value)]
    if value is walk.namespace:
        return ["namespace"]
    if kind in _MUTABLE:
        return [walk.number(value), kind.__name__, *_MUTABLE[kind](walk, value)]
    if isinstance(value, enum.Enum):
        return ["member", walk.form(kind), value.name]
    if kind.__module__ == "__main__":
        return [walk.number(value), "instance", *_instance(walk, value, kind)]
    if isinstance(value, BaseException):
        return [walk.number(value), "exception", walk.form(kind), *_exception(walk, value)]
    if type(kind.__module__) is str and kind.__module__.partition(".")[0] == "typing":
        return ["text", repr(value)]
    found = forms_libraries.form_of(walk, value, kind)
    if found is None:
        raise UnknownTypeError(f"{kind.__module__}.{kind.__qualname__}")
    return found


def _function(walk: Walk, function: types.FunctionType) -> list[Form]:
    scope = "notebook" if function.__globals__ is walk.namespace else function.__globals__.get("__name__")
    if scope != "notebook" and function.__module__ != "__main__":
        return [function.__module__, function.__qualname__]
    return [
        function.__name__,
        function.__qualname__,
        function.__module__,
        scope,
        _code(function.__code__),
        walk.form(function.__defaults__),
        walk.form(function.__kwdefaults__),
        walk.form(function.__annotations__),
        walk.form(function.__doc__),
        walk.form(function.__dict__),
        walk.forms(function.__closure__ or ()),
    ]


def _code(code: types.CodeType) -> list[Form]:
    constants = [_code(item) if isinstance(item, types.CodeType) else repr(item) for item in code.co_consts]
    names = [code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars, constants]
    numbers = [code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount, code.co_flags]
    places = [code.co_firstlineno, code.co_linetable.hex(), code.co_exceptiontable.hex()]
    body = repr([code.co_code.hex(), numbers, places]).encode()
    return [code.co_name, hashlib.sha1(body, usedforsecurity=False).hexdigest(), names]


def _cell(walk: Walk, cell: types.CellType) -> list[Form]:
    try:
        return [walk.form(cell.cell_contents)]
    except ValueError:
        return []


def _class(walk: Walk, cls: Any) -> list[Form]:
    is_enum = issubclass(type(cls), enum.EnumMeta)
    attributes = {
        name: value
        for name, value in vars(cls).items()
        if name not in _CLASS_SKIPPED
        and not (
            is_enum and (name in cls.__members__ or (name[0] == "_" and not isinstance(value, _FUNCTION)))
        )
        and not isinstance(value, types.MemberDescriptorType | types.GetSetDescriptorType)
    }
    members = []
    if is_enum:
        members = [[name, member.name, walk.form(member.value)] for name, member in cls.__members__.items()]
    return [
        cls.__qualname__,
        walk.form(type(cls)),
        walk.forms(cls.__bases__),
        [[name, walk.form(attributes[name])] for name in sorted(attributes)],
        members,
    ]


def _instance(walk: Walk, value: Any, kind: type) -> list[Form]:
    state = object.__getattribute__(value, "__dict__") if kind.__dictoffset__ else {}
    slots = [
        [name, walk.form(_slot(item, value))]
        for base in kind.__mro__
        for name, item in vars(base).items()
        if type(item) is types.MemberDescriptorType and base.__module__ == "__main__"
    ]
    content = [walk.form(plain(value)) for base, plain in _BUILTIN_BASES.items() if isinstance(value, base)]
    if isinstance(value, BaseException):
        content += _exception(walk, value)
    return [walk.form(kind), walk.form(state), slots, content]


def _slot(descriptor: types.MemberDescriptorType, value: Any) -> Any:
    try:
        return descriptor.__get__(value)
    except AttributeError:
        return "no value"


def _exception(walk: Walk, error: BaseException) -> list[Form]:
    told: list[Any] = [
        error.args,
        vars(error),
        error.__cause__,
        error.__context__,
        error.__suppress_context__,
    ]
    if isinstance(error, OSError):
        told += [error.errno, error.strerror, error.filename, error.filename2]
    return walk.forms(told)


def _builtin(walk: Walk, function: Any) -> list[Form]:
    owner = function.__self__
    return [function.__name__, None if isinstance(owner, types.ModuleType) else walk.form(owner)]


def _reduced(walk: Walk, value: Any) -> list[Form]:
    """Tell an iterator or the like by what pickle would store."""
    reduced = value.__reduce__()
    if len(reduced[1]) == 1 and type(reduced[1][0]) in {list, tuple} and not reduced[1][0]:
        return ["empty"]  # one that came to its end is not told from one of nothing
    return walk.forms(reduced)


def _pairs(walk: Walk, mapping: Any) -> list[Form]:
    return [[walk.form(key), walk.form(value)] for key, value in mapping.items()]


def _partial(walk: Walk, value: Any) -> list[Form]:
    rest = value.__reduce__()[2][3]  # its __dict__ would be made by looking at it
    return walk.forms([value.func, value.args, value.keywords, rest or {}])


def _cached(walk: Walk, value: Any) -> list[Form]:
    rest = {name: item for name, item in vars(value).items() if name != "__wrapped__"}
    return walk.forms([value.__wrapped__, value.cache_parameters(), rest])


def _field(walk: Walk, field: Any) -> list[Form]:
    listed = [field.name, field.type, field.default, field.default_factory, field._field_type.name]
    return walk.forms([*listed, field.init, field.repr, field.hash, field.compare, field.kw_only])


def _memory_view(walk: Walk, view: memoryview) -> list[Form]:
    place = 0
    if view.nbytes and view.contiguous:
        place = forms_libraries.address(view) - forms_libraries.address(view.obj)
    return [walk.form(view.obj), place, view.format, view.shape, view.strides, view.readonly]


def _weak(walk: Walk, reference: Any) -> list[Form]:
    target = reference()
    return ["dead"] if target is None else [walk.form(target)]


class _Named(typing.NamedTuple):
    field: int


_field_getter: type = type(vars(_Named)["field"])

_IMMUTABLE: dict[type, Callable[[Walk, Any], list[Form]]] = {
    frozenset: lambda walk, value: walk.unordered(value),
    slice: lambda walk, value: walk.forms([value.start, value.stop, value.step]),
    types.ModuleType: lambda _walk, value: [value.__name__],
    types.BuiltinFunctionType: _builtin,
    types.MethodType: lambda walk, value: walk.forms([value.__func__, value.__self__]),
    types.MethodDescriptorType: lambda _walk, value: [value.__objclass__.__name__, value.__name__],
    types.WrapperDescriptorType: lambda _walk, value: [value.__objclass__.__name__, value.__name__],
    types.MethodWrapperType: lambda walk, value: [value.__name__, walk.form(value.__self__)],
    types.MappingProxyType: _pairs,
    types.CodeType: lambda _walk, value: _code(value),
    staticmethod: lambda walk, value: [walk.form(value.__func__)],
    classmethod: lambda walk, value: [walk.form(value.__func__)],
    property: lambda walk, value: walk.forms([value.fget, value.fset, value.fdel, value.__doc__]),
    functools.cached_property: lambda walk, value: walk.forms([value.func, value.attrname, value.__doc__]),
    _field_getter: _reduced,
    weakref.ref: _weak,
    type(dataclasses.MISSING): lambda _walk, _value: [],
    type(dataclasses._HAS_DEFAULT_FACTORY): lambda _walk, _value: [],  # type: ignore[attr-defined]
    type(dataclasses.field()): _field,
    type(vars(dataclasses.make_dataclass("D", []))["__dataclass_params__"]): lambda _walk, value: [
        repr(value)
    ],
    operator.itemgetter: _reduced,
    operator.attrgetter: _reduced,
    typing.TypeVar: lambda _walk, value: [repr(value)],
    type({}.keys()): lambda walk, value: walk.forms([value.mapping]),
    type({}.values()): lambda walk, value: walk.forms([value.mapping]),
    type({}.items()): lambda walk, value: walk.forms([value.mapping]),
}
# The mapping of a dict view is a proxy of the dict, which shows the pairs but not which dict it is.

_ITERATED: tuple[Any, ...] = ([], (), range(1), "a", bytearray(), collections.deque())
_REVERSED: tuple[Any, ...] = ([], range(1), collections.deque())

_MUTABLE: dict[type, Callable[[Walk, Any], list[Form]]] = {
    list: lambda walk, value: walk.forms(value),
    dict: _pairs,
    set: lambda walk, value: walk.unordered(value),
    bytearray: lambda _walk, value: [value.hex()],
    collections.deque: lambda walk, value: [value.maxlen, *walk.forms(value)],
    collections.OrderedDict: _pairs,
    collections.Counter: _pairs,
    collections.defaultdict: lambda walk, value: [walk.form(value.default_factory), *_pairs(walk, value)],
    collections.ChainMap: lambda walk, value: walk.forms(value.maps),
    types.SimpleNamespace: lambda walk, value: _pairs(walk, vars(value)),
    types.FunctionType: _function,
    types.CellType: _cell,
    functools.partial: _partial,
    functools._lru_cache_wrapper: _cached,
    memoryview: _memory_view,
    random.Random: lambda _walk, value: [hash(value.getstate()[1]), repr(value.getstate()[2])],
    **dict.fromkeys(
        (
            *(type(iter(made)) for made in _ITERATED),
            *(type(reversed(made)) for made in _REVERSED),
            *(reversed, enumerate, zip, map, filter),
            *(itertools.count, itertools.cycle, itertools.chain, itertools.islice, itertools.repeat),
            *(itertools.accumulate, itertools.starmap, itertools.zip_longest, itertools.product),
        ),
        _reduced,
    ),
}
