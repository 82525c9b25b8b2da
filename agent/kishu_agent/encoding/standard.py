"""Reducers for objects of the interpreter and the standard library that pickle does not know."""

from __future__ import annotations

import dataclasses
import functools
import gc
import importlib
import os
import random
import re
import struct
import sys
import threading
import types
import typing
from typing import TYPE_CHECKING, Any

from kishu_agent.encoding import files, functions, rebuild, weakrefs
from kishu_agent.encoding.classes import NotEncodableError
from kishu_agent.encoding.importable import is_importable_value

if TYPE_CHECKING:
    from collections.abc import Callable

    from kishu_agent.encoding.encoder import Encoder, Reduced

    Reducer = Callable[[Encoder, Any], Reduced]


def _reduce_module(_encoder: Encoder, module: types.ModuleType) -> Reduced:
    name = module.__name__
    if sys.modules.get(name) is module:
        return rebuild.module, (name,)
    attributes = {key: value for key, value in vars(module).items() if key != "__builtins__"}
    return types.ModuleType, (name,), attributes


def _reduce_property(_encoder: Encoder, value: property) -> Reduced:
    return property, (value.fget, value.fset, value.fdel, value.__doc__)


def _reduce_static_method(_encoder: Encoder, value: staticmethod[..., Any]) -> Reduced:
    return rebuild.static_method, (value.__func__,)


def _reduce_class_method(_encoder: Encoder, value: classmethod[Any, ..., Any]) -> Reduced:
    return rebuild.class_method, (value.__func__,)


def _reduce_cached_property(_encoder: Encoder, value: functools.cached_property[Any]) -> Reduced:
    return rebuild.cached_property, (value.func, value.attrname, value.__doc__)


def _reduce_mapping_proxy(_encoder: Encoder, value: types.MappingProxyType[Any, Any]) -> Reduced:
    if id(value) == id(dataclasses._EMPTY_METADATA):  # type: ignore[attr-defined]
        return getattr, (dataclasses, "_EMPTY_METADATA")
    # The mapping inside is reached by the collector only.
    return rebuild.mapping_proxy, (gc.get_referents(value)[0],)


def _reduce_memory_view(_encoder: Encoder, view: memoryview) -> Reduced:
    exporter: Any = view.obj
    whole = memoryview(exporter)
    offset = None
    if (view.format, view.shape, view.strides) != (whole.format, whole.shape, whole.strides):
        if not (view.c_contiguous and whole.c_contiguous):
            return NotImplemented
        offset = address(view) - address(exporter)
    readonly = view.readonly and not whole.readonly
    return rebuild.memory_view, (exporter, offset, view.nbytes, view.format, view.shape, readonly)


def address(exporter: Any) -> int:
    """Return the address of a contiguous buffer, 0 for an empty one."""
    import ctypes

    class Buffer(ctypes.Structure):
        _fields_ = (
            ("buf", ctypes.c_void_p),
            ("obj", ctypes.c_void_p),
            ("len", ctypes.c_ssize_t),
            ("rest", ctypes.c_byte * 128),
        )

    buffer = Buffer()
    get = ctypes.pythonapi.PyObject_GetBuffer
    get.argtypes = [ctypes.py_object, ctypes.POINTER(Buffer), ctypes.c_int]
    get(exporter, ctypes.byref(buffer), 0)
    found = buffer.buf
    release = ctypes.pythonapi.PyBuffer_Release
    release.argtypes = [ctypes.POINTER(Buffer)]
    release.restype = None
    release(ctypes.byref(buffer))
    return found or 0


def _reduce_random(_encoder: Encoder, generator: random.Random) -> Reduced:
    # The functions of the module are its methods: `from random import random` is to stay the global one's.
    return (getattr, (random, "_inst")) if generator is _global_generator else NotImplemented


_global_generator: random.Random = random._inst


def _reduce_lock(_encoder: Encoder, lock: Any) -> Reduced:
    return functools.partial(rebuild.lock, reentrant=False, locked=lock.locked()), ()


def _reduce_reentrant_lock(_encoder: Encoder, _lock: Any) -> Reduced:
    return functools.partial(rebuild.lock, reentrant=True, locked=False), ()


def _reduce_super(_encoder: Encoder, value: Any) -> Reduced:
    return super, (value.__thisclass__, value.__self__)


def _reduce_thread_local(_encoder: Encoder, local: threading.local) -> Reduced:
    return threading.local, (), local.__dict__


def _reduce_match(_encoder: Encoder, match: re.Match[Any]) -> Reduced:
    return rebuild.match, (match.re, match.string, match.pos, match.endpos, match.regs)


def _reduce_struct(_encoder: Encoder, value: struct.Struct) -> Reduced:
    return struct.Struct, (value.format,)


def _reduce_system_random(_encoder: Encoder, _generator: random.SystemRandom) -> Reduced:
    return random.SystemRandom, ()


def _reduce_environment(_encoder: Encoder, environment: Any) -> Reduced:
    return (getattr, (os, "environ")) if environment is os.environ else NotImplemented


def _reduce_missing(_encoder: Encoder, _value: object) -> str:
    return "MISSING"


def _reduce_field_kind(_encoder: Encoder, value: Any) -> str:
    return str(value.name)


_field_kind = type(dataclasses._FIELD)  # type: ignore[attr-defined]
_missing = type(dataclasses.MISSING)


def _reduce_type_variable(_encoder: Encoder, variable: Any) -> Reduced:
    if is_importable_value(variable, variable.__name__):
        return NotImplemented
    kind: Any = type(variable)
    names = () if kind is typing.TypeVarTuple else ("bound", "covariant", "contravariant")
    options = {name: getattr(variable, f"__{name}__") for name in names}
    if getattr(variable, "__infer_variance__", False):
        options["infer_variance"] = True
    if hasattr(variable, "has_default") and variable.has_default():
        options["default"] = variable.__default__
    if kind is typing.TypeVar:
        return rebuild.type_variable, (variable.__name__, variable.__constraints__, options)
    return functools.partial(kind, variable.__name__, **options), ()


def _reduce_new_type(_encoder: Encoder, new_type: Any) -> Reduced:
    if is_importable_value(new_type, new_type.__name__):
        return NotImplemented
    return rebuild.new_type, (new_type.__name__, new_type.__supertype__)


def _reduce_dict_view(kind: str) -> Reducer:
    def reduce(_encoder: Encoder, view: Any) -> Reduced:
        return rebuild.dict_view, (kind, gc.get_referents(view)[0])

    return reduce


REDUCERS: dict[type, Reducer] = {
    types.FunctionType: functions.reduce_function,
    types.CellType: functions.reduce_cell,
    types.CodeType: functions.reduce_code,
    types.MethodType: functions.reduce_method,
    functools._lru_cache_wrapper: functions.reduce_cached_function,
    types.ModuleType: _reduce_module,
    property: _reduce_property,
    staticmethod: _reduce_static_method,
    classmethod: _reduce_class_method,
    functools.cached_property: _reduce_cached_property,
    types.MappingProxyType: _reduce_mapping_proxy,
    threading.local: _reduce_thread_local,
    re.Match: _reduce_match,
    struct.Struct: _reduce_struct,
    random.SystemRandom: _reduce_system_random,
    type(os.environ): _reduce_environment,
    typing.TypeVar: _reduce_type_variable,
    typing.ParamSpec: _reduce_type_variable,
    typing.TypeVarTuple: _reduce_type_variable,
    typing.NewType: _reduce_new_type,
    memoryview: _reduce_memory_view,
    random.Random: _reduce_random,
    **weakrefs.REDUCERS,
    type(threading.Lock()): _reduce_lock,
    type(threading.RLock()): _reduce_reentrant_lock,
    super: _reduce_super,
    _missing: _reduce_missing,
    _field_kind: _reduce_field_kind,
    type({}.keys()): _reduce_dict_view("keys"),
    type({}.values()): _reduce_dict_view("values"),
    type({}.items()): _reduce_dict_view("items"),
}


def standard_reducer(kind: type) -> Reducer | None:
    """Return the reducer for a type that derives from one of the standard library."""
    if (found := files.reducer(kind)) is not None:
        return found
    module = kind.__module__
    if module == "subprocess" and kind.__qualname__ == "Popen":
        return _reduce_process
    if module == "concurrent.futures._base" and kind.__qualname__ == "Future":
        return _reduce_future
    return None


def _reduce_process(_encoder: Encoder, process: Any) -> Reduced:
    if process.returncode is None:
        raise NotEncodableError("a process that may still run has no stored form")
    return NotImplemented


def _reduce_future(_encoder: Encoder, future: Any) -> Reduced:
    if not future.done():
        raise NotEncodableError("what is still to be computed has no stored form")
    return NotImplemented


LIBRARIES = {
    "matplotlib": "kishu_agent.encoding.libraries.matplotlib",
    "networkx": "kishu_agent.encoding.libraries.networkx",
    "numpy": "kishu_agent.encoding.libraries.numpy",
    "pandas": "kishu_agent.encoding.libraries.pandas",
    "polars": "kishu_agent.encoding.libraries.polars",
    "pyarrow": "kishu_agent.encoding.libraries.pyarrow",
    "pydantic": "kishu_agent.encoding.libraries.pydantic",
    "scipy": "kishu_agent.encoding.libraries.scipy",
    "sklearn": "kishu_agent.encoding.libraries.sklearn",
    "torch": "kishu_agent.encoding.libraries.torch",
}
"""Modules with reducers by library; each is imported once the library itself has been."""


def library_reducer(kind: type) -> Reducer | None:
    """Return the reducer that a library module offers for a type, looking along its bases."""
    for base in type.__dict__["__mro__"].__get__(kind):
        name = base.__module__
        root = name.partition(".")[0] if type(name) is str else ""
        if root in LIBRARIES and root in sys.modules:
            module = importlib.import_module(LIBRARIES[root])
            found: Reducer | None = module.reducer(kind)
            if found is not None:
                return found
    return None
