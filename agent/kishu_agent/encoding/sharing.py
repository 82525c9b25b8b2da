"""Which objects join the names that reach them: those through which a change in one is seen in the other."""

from __future__ import annotations

import copyreg
import datetime as dt
import decimal
import enum
import fractions
import gc
import pathlib
import pickle
import re
import sys
import types
import uuid
import weakref
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from kishu_agent import interrupts
from kishu_agent.encoding.importable import is_importable, is_installed, library_paths, package_of
from kishu_agent.encoding.instances import is_pickled_plainly, pickles_itself

if TYPE_CHECKING:
    from collections.abc import Iterable

ATOMS = frozenset({int, float, complex, bool, str, bytes, type(None), type(NotImplemented), type(...)})
"""Values without identity: nobody can tell two equal ones apart on purpose."""

_IMMUTABLE = (
    ATOMS
    | {tuple, frozenset, range, slice, property, staticmethod, classmethod}
    | {types.BuiltinFunctionType, types.MethodType, types.ModuleType, types.CodeType, types.MappingProxyType}
    | {types.MethodDescriptorType, types.WrapperDescriptorType, types.MethodWrapperType, types.GenericAlias}
    | {dt.datetime, dt.date, dt.time, dt.timedelta, dt.timezone}
    | {pickle.PickleBuffer}
    | {decimal.Decimal, fractions.Fraction, uuid.UUID, re.Pattern, weakref.ref}
    | {pathlib.PosixPath, pathlib.WindowsPath, pathlib.PurePosixPath, pathlib.PureWindowsPath}
)

_LIBRARY_FUNCTIONS = frozenset({"cython_function_or_method", "fused_cython_function"})

_NOT_LINKING_BASES = frozenset(
    {
        ("numpy", "dtype"),
        ("numpy", "generic"),
        ("numpy", "ufunc"),
        ("pandas", "Index"),
        ("pandas", "Timestamp"),
        ("pandas", "Timedelta"),
        ("pandas", "Period"),
        ("pandas", "Interval"),
        ("pandas.core.indexes.base", "Index"),
        ("pandas.core.dtypes.base", "ExtensionDtype"),
        ("pandas.api.extensions", "ExtensionDtype"),
        ("pandas._libs.tslibs.timestamps", "_Timestamp"),
        ("pandas._libs.tslibs.timedeltas", "_Timedelta"),
        ("pandas._libs.tslibs.period", "_Period"),
        ("pandas._libs.tslibs.nattype", "_NaT"),
        ("pandas._libs.tslibs.offsets", "BaseOffset"),
        ("pandas._libs.missing", "NAType"),
        ("pandas._libs.internals", "BlockValuesRefs"),
        ("zoneinfo", "ZoneInfo"),
        ("polars.lazyframe.frame", "LazyFrame"),
        ("polars.expr.expr", "Expr"),
        ("polars.datatypes.classes", "DataType"),
        ("pyarrow.lib", "Array"),
        ("pyarrow.lib", "Buffer"),
        ("pyarrow.lib", "ChunkedArray"),
        ("pyarrow.lib", "DataType"),
        ("pyarrow.lib", "Field"),
        ("pyarrow.lib", "KeyValueMetadata"),
        ("pyarrow.lib", "RecordBatch"),
        ("pyarrow.lib", "Scalar"),
        ("pyarrow.lib", "Schema"),
        ("pyarrow.lib", "Table"),
        ("logging", "Logger"),
        ("torch", "dtype"),
        ("torch", "device"),
        ("torch", "Size"),
        ("torch", "layout"),
        ("torch", "memory_format"),
        ("torch", "qscheme"),
    }
)


def links(kind: type) -> bool:
    """Tell whether objects of exactly this type can join names that share them."""
    if kind in _IMMUTABLE or issubclass(kind, type | enum.Enum):
        return False
    if kind.__name__ in _LIBRARY_FUNCTIONS or str(kind.__module__).startswith("kishu_agent.encoding."):
        return False
    bases = {(base.__module__, base.__qualname__) for base in type.__dict__["__mro__"].__get__(kind)}
    return ("numpy", "void") in bases or bases.isdisjoint(_NOT_LINKING_BASES)


class LinkingTypes(dict[type, bool]):
    """Caches `links` by type, for use at C speed by map() and compress()."""

    def __init__(self) -> None:
        self.own: set[int] = set()
        """Ids of the types that are not a library's and that say how their instances are pickled."""

    def __missing__(self, kind: type) -> bool:
        try:
            answer = links(kind)
            if answer and not is_installed(package_of(kind)) and pickles_itself(kind):
                self.own.add(id(kind))
        except BaseException as error:
            interrupts.reraise(error)
            answer = True
        self[kind] = answer
        return answer

    def clear(self) -> None:
        """Forget all types."""
        super().clear()
        self.own.clear()


_OPAQUE_PARTS = 200
"""Objects that are looked through behind an opaque one."""


def opaque_parts(obj: object) -> list[Any]:
    """Return the opaque objects behind one that cannot be encoded, such as the connection of a database's cursor.

    Only a replay brings opaque objects back, so that those that refer to each other must come from the same
    one. Other objects behind it (the list that a generator goes through) stay on their own: they can be stored.
    """
    found: list[Any] = []
    seen = {id(obj)}
    waiting = [obj]
    while waiting and len(seen) < _OPAQUE_PARTS:
        for part in gc.get_referents(waiting.pop()):
            kind = type(part)
            if (
                id(part) in seen
                or kind in ATOMS
                or issubclass(kind, type | types.ModuleType | types.FunctionType)
            ):
                continue
            seen.add(id(part))
            if _is_opaque(part, kind) and not library_owned([part]):
                found.append(part)
                waiting.append(part)
            elif kind is tuple:
                waiting.append(part)
    return found


def _is_opaque(obj: object, kind: type) -> bool:
    """Tell whether an object has no way of being pickled. Runs no code of a class."""
    if type(kind) is not type or kind in copyreg.dispatch_table or not is_pickled_plainly(kind):
        return False
    try:
        object.__reduce_ex__(obj, 5)
    except TypeError:
        return True
    return False


def library_owned(objects: Iterable[Any]) -> set[int]:
    """Return the ids of those objects that belong to a library and not to the notebook.

    A library's functions, and the mutable objects that its modules and classes hold, are reached from
    unrelated objects (a class-level list, a random generator used by default) and join nothing.
    """
    found = set()
    for obj in objects:
        if type(obj) is types.FunctionType:
            owned = is_importable(obj)
        else:
            place = _library_objects().get(id(obj))
            # Looked up again: the object that was there may be gone, and its id another object's.
            owned = place is not None and place[0].get(place[1]) is obj
        if owned:
            found.add(id(obj))
    return found


_Place = tuple[Mapping[str, Any], str]
_known: tuple[int, dict[int, _Place]] = (0, {})


def _library_objects() -> dict[int, _Place]:
    """Return where the modules of libraries, and the classes in them, hold which objects, by id."""
    global _known
    if _known[0] == len(sys.modules):
        return _known[1]
    libraries = library_paths()
    places: dict[int, _Place] = {}
    for name, module in list(sys.modules.items()):
        scope = getattr(module, "__dict__", None)
        if type(module) is not types.ModuleType or scope is None:
            continue
        # The notebook's own namespace is there under more than one name (__main__, __mp_main__).
        path = str(scope.get("__file__"))
        if name not in sys.builtin_module_names and not path.startswith(libraries):
            continue
        for attribute, value in list(scope.items()):
            if id(value) in places:  # most names of modules are imported from others
                continue
            places[id(value)] = (scope, attribute)
            if issubclass(type(value), type):
                body = type.__dict__["__dict__"].__get__(value)
                for key, item in list(body.items()):
                    places.setdefault(id(item), (body, key))
    _known = (len(sys.modules), places)
    return places
