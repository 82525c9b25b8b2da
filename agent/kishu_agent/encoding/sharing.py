"""Which objects join the names that reach them: those through which a change in one is seen in the other."""

from __future__ import annotations

import datetime as dt
import decimal
import enum
import fractions
import pathlib
import pickle
import re
import sys
import sysconfig
import types
import uuid
import weakref
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from kishu_agent import interrupts
from kishu_agent.encoding.importable import is_importable

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
        ("logging", "Logger"),
        ("torch", "dtype"),
        ("torch", "device"),
        ("torch", "Size"),
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

    def __missing__(self, kind: type) -> bool:
        try:
            answer = links(kind)
        except BaseException as error:
            interrupts.reraise(error)
            answer = True
        self[kind] = answer
        return answer


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
    paths = map(sysconfig.get_path, ("stdlib", "platstdlib", "purelib", "platlib"))
    libraries = tuple({path for path in paths if path})
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
            places[id(value)] = (scope, attribute)
            if issubclass(type(value), type):
                body = type.__dict__["__dict__"].__get__(value)
                places.update((id(item), (body, key)) for key, item in list(body.items()))
    _known = (len(sys.modules), places)
    return places
