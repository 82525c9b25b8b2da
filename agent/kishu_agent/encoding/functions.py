"""Functions of the notebook by value, with their globals bound to the live namespace."""

from __future__ import annotations

import functools
import marshal
import sys
from typing import TYPE_CHECKING, Any

from kishu_agent.encoding import rebuild
from kishu_agent.encoding.importable import is_importable

if TYPE_CHECKING:
    from types import CellType, CodeType, FunctionType, MethodType

    from kishu_agent.encoding.encoder import Encoder, Reduced


class ModuleDict:
    """Stands in a stream for the namespace of a module."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def __reduce__(self) -> Reduced:
        return rebuild.module_dict, (self.name,)


def reduce_function(encoder: Encoder, function: FunctionType) -> Reduced:
    """Refer to a definition by its uid, to a library's function by name, and store any other by value."""
    uid = encoder.definitions.uid(function)
    if uid is not None:
        encoder.depend(uid)
        return rebuild.definition, (uid,)
    if is_importable(function):
        return NotImplemented
    skeleton = function_skeleton(encoder, function, "")
    return *skeleton, function_state(encoder, function), None, None, rebuild.set_function_state


def function_skeleton(encoder: Encoder, function: FunctionType, uid: str) -> tuple[Any, tuple[Any, ...]]:
    """Return the reduction of a function without its state."""
    encoder.codes.append(function.__code__)
    return rebuild.function, (
        uid,
        function.__code__,
        _scope(encoder, function),
        function.__name__,
        function.__qualname__,
        function.__closure__,
    )


def function_state(encoder: Encoder, function: FunctionType) -> dict[str, Any]:
    """Return what a function refers to, for rebuild.set_function_state."""
    closure = function.__closure__ or ()
    encoder.owned_cells.update(map(id, closure))
    state = {
        "closure": tuple(map(_content, closure))
        if function.__globals__ is not vars(functools)
        else _without_cache(encoder, function),
        "defaults": function.__defaults__,
        "kwdefaults": function.__kwdefaults__,
        "annotations": function.__annotations__,
        "doc": function.__doc__,
        "attributes": function.__dict__,
    }
    if function.__module__ != "__main__":
        state["module"] = function.__module__
    return state


def _without_cache(encoder: Encoder, function: FunctionType) -> tuple[object, ...]:
    """Return what a function of functools closes over, without what a singledispatch function notes when called."""
    names = function.__code__.co_freevars
    contents = dict(zip(names, map(_content, function.__closure__ or ()), strict=True))
    encoder.caches.add(id(contents.get("dispatch_cache")))
    if contents.get("cache_token") is not None:
        contents["cache_token"] = -1  # of no process: so the next call looks at the registered classes
    return tuple(contents.values())


def _content(cell: CellType) -> object:
    try:
        return cell.cell_contents
    except ValueError:
        return rebuild.EMPTY


def _scope(encoder: Encoder, function: FunctionType) -> object:
    scope = function.__globals__
    if scope is encoder.namespace:
        return None
    name = scope.get("__name__")
    module = sys.modules.get(name) if type(name) is str else None
    if module is not None and getattr(module, "__dict__", None) is scope:
        return ModuleDict(module.__name__)
    return scope


def reduce_cell(encoder: Encoder, cell: CellType) -> Reduced:
    """Store a cell empty. Its content is part of the state of the functions that close over it.

    A cell that no stored function owns would come back empty; the encoder refuses that.
    """
    encoder.cells.add(id(cell))
    return rebuild.cell, ()


def reduce_code(_encoder: Encoder, code: CodeType) -> Reduced:
    """Store byte code. Marshal version 2 has no references, so that equal code gives equal bytes.

    Version 5 and up are needed for constants that version 2 does not know (slices, from Python 3.14 on).
    """
    try:
        data = marshal.dumps(code, 2)
    except ValueError:
        data = marshal.dumps(code)
    return rebuild.code, (rebuild.CODE_TAG, data)


def reduce_method(_encoder: Encoder, method: MethodType) -> Reduced:
    """Store a bound method by name where its name leads to it, else by its function."""
    instance, function = method.__self__, method.__func__
    name = getattr(function, "__name__", None)
    if type(name) is str:
        kind = type(instance)
        owner = instance if issubclass(kind, type) else kind
        for base in type.__dict__["__mro__"].__get__(owner):
            if name in base.__dict__:
                found = base.__dict__[name]
                if found is function or getattr(found, "__func__", None) is function:
                    return getattr, (instance, name)
                break
    return rebuild.method, (function, instance)


def reduce_cached_function(_encoder: Encoder, cached: functools._lru_cache_wrapper[Any]) -> Reduced:
    """Store a functools.lru_cache wrapper with its function; the cache itself only saves time."""
    if is_importable(cached):
        return NotImplemented
    parameters = cached.cache_parameters()
    function = cached.__wrapped__
    attributes = vars(cached)
    return rebuild.cached_function, (function, parameters["maxsize"], parameters["typed"], attributes)
