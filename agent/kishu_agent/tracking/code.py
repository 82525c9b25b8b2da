"""What byte code and types tell about what can be reached from them."""

from __future__ import annotations

import dis
import re
import sys
from dataclasses import dataclass
from functools import lru_cache
from types import CodeType, FunctionType, ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_DYNAMIC = frozenset(
    {"exec", "eval", "compile", "globals", "locals", "vars", "dir", "get_ipython", "breakpoint", "__import__"}
    | {"__main__", "__mp_main__", "__globals__", "__closure__", "__code__", "__builtins__"}
    | {"f_globals", "f_locals", "f_back", "gi_frame", "cr_frame", "tb_frame", "_getframe", "modules"}
    | {"Out", "_oh", "_ih", "user_ns", "user_module", "__subclasses__"}
)
"""Names through which code finds objects that it has no name for."""

_OUTPUT = re.compile(r"_{1,3}|_\d+")

LATER = frozenset(
    {"asyncio", "threading", "_thread", "signal", "sched", "concurrent", "multiprocessing"}
    | {"socketserver", "http", "tkinter"}
)
"""Modules of the standard library with which code is run later, between cells."""

BACKGROUND = LATER | frozenset(
    {"atexit", "ctypes", "gc", "weakref", "inspect", "importlib", "builtins", "code", "codeop", "pdb", "bdb"}
    | {"trace", "runpy", "sys", "faulthandler", "tracemalloc", "contextvars", "types", "site", "unittest"}
)
"""These, and modules with which objects are found that have no name."""

_HOLDERS = frozenset(
    {"logging", "warnings", "pickle", "shelve", "copyreg", "timeit", "profile", "cProfile", "doctest"}
)
"""Modules of the standard library that call what other code gave them, or code that they find by its name."""

_TRUSTED = frozenset(
    {"numpy", "pandas", "scipy", "sklearn", "joblib", "dateutil", "pytz", "threadpoolctl", "kishu_agent"}
    | {"networkx", "polars", "pyarrow", "torch"}
)
"""Libraries that keep no references to a session's objects, and run nothing in the background.

The threads of polars and pyarrow run the notebook's functions during a call only. What torch's backward() reaches is
held by the graph of its result, and what has a graph is not seen, so that code with it may reach anything.
"""

DRAWING = frozenset({"matplotlib", "mpl_toolkits", "seaborn"})
"""Libraries whose objects any cell can reach: pyplot's functions, and pandas' plots, act on the current figure."""


_EFFECTS = frozenset(
    # files
    {
        "open",
        "write",
        "writelines",
        "write_text",
        "write_bytes",
        "touch",
        "unlink",
        "mkdir",
        "makedirs",
        "rmdir",
    }
    | {"rmtree", "rename", "copyfile", "copytree", "move", "chmod", "symlink_to", "save", "savefig"}
    | {
        "savetxt",
        "savez",
        "savez_compressed",
        "tofile",
        "dump",
        "to_csv",
        "to_json",
        "to_parquet",
        "to_pickle",
    }
    | {"to_excel", "to_hdf", "to_feather", "to_sql", "write_csv", "write_parquet", "imsave", "imwrite"}
    | {"NamedTemporaryFile", "TemporaryFile", "mkdtemp", "mkstemp", "memmap", "h5py"}
    # databases
    | {
        "sqlite3",
        "psycopg2",
        "psycopg",
        "sqlalchemy",
        "pymongo",
        "redis",
        "duckdb",
        "pymysql",
        "commit",
        "executemany",
    }
    # networks
    | {
        "socket",
        "requests",
        "httpx",
        "aiohttp",
        "urllib",
        "urllib3",
        "http",
        "ftplib",
        "smtplib",
        "boto3",
        "paramiko",
    }
    | {"websockets", "grpc", "urlopen", "urlretrieve"}
    # processes and threads
    | {"subprocess", "Popen", "system", "spawn", "fork", "kill", "multiprocessing", "ProcessPoolExecutor"}
    | {
        "threading",
        "Thread",
        "ThreadPoolExecutor",
        "ray",
        "dask",
        "pyspark",
        "input",
        "environ",
        "putenv",
        "chdir",
    }
)
"""Names with which code usually reaches what is outside of the session, or what takes part in other work."""


@dataclass(frozen=True, slots=True)
class CodeNames:
    """The names in byte code, nested functions and classes included."""

    all: frozenset[str]
    """Attributes too."""
    loaded: frozenset[str]
    """Those that are looked up as variables or imported."""
    assigned: frozenset[tuple[str, ...]]
    """Whose attributes are set or deleted: `a.b` for `a.b.c = 1` and for `setattr(a.b, "c", 1)`, by its parts."""


_LOADS = frozenset(
    {"LOAD_NAME", "LOAD_GLOBAL", "LOAD_CLASSDEREF", "LOAD_FROM_DICT_OR_GLOBALS", "IMPORT_NAME"}
)


@lru_cache(maxsize=4096)
def code_names(code: CodeType) -> CodeNames:
    """Return the names in byte code."""
    names = {*code.co_names, *code.co_freevars}
    loaded: set[str] = set()
    assigned: set[tuple[str, ...]] = set()
    path: tuple[str, ...] = ()
    sets = False
    for instruction in dis.get_instructions(code):
        name = instruction.opname
        if name in _LOADS:
            loaded.add(str(instruction.argval).partition(".")[0])
            sets = sets or path in _SETTERS
            path = (str(instruction.argval),)
        elif name in _ATTRIBUTES:
            path += (str(instruction.argval),) if path else ()
        elif name not in _NOTHING:
            if path and (sets or name in {"STORE_ATTR", "DELETE_ATTR"}):
                assigned.add(path)
            path, sets = (), False
    for constant in code.co_consts:
        if type(constant) is CodeType:
            inner = code_names(constant)
            names |= inner.all
            loaded |= inner.loaded
            assigned |= inner.assigned
    return CodeNames(frozenset(names), frozenset(loaded), frozenset(assigned))


_SETTERS = (("setattr",), ("delattr",))
_ATTRIBUTES = frozenset({"LOAD_ATTR", "LOAD_METHOD"})
_NOTHING = frozenset({"PUSH_NULL", "CACHE", "EXTENDED_ARG", "NOP"})


def is_trusted(package: str) -> bool:
    """Tell whether objects of a package can be reached through names only."""
    if package in _TRUSTED or package in DRAWING or package in {"builtins", "__main__"}:
        return True
    return package in sys.stdlib_module_names and package not in BACKGROUND


def may_reach_anything(value: object) -> bool:
    """Tell whether code that uses a module, function or class can reach objects that it has no name for."""
    kind = type(value)
    module: object = "builtins"
    if kind is ModuleType:
        module = value.__dict__.get("__name__")
    elif kind is FunctionType:
        module = value.__globals__.get("__name__")  # type: ignore[attr-defined]
    elif issubclass(kind, type):
        module = type.__dict__["__module__"].__get__(value)
    return type(module) is not str or not keeps_to_itself(module.partition(".")[0])


def changes_library(names: CodeNames, namespace: Mapping[str, object]) -> bool:
    """Tell whether code sets attributes of a module or of a library's class, which code elsewhere then finds."""
    for root, *attributes in names.assigned:
        value = namespace.get(root)
        for attribute in attributes:
            if type(value) is ModuleType:
                value = value.__dict__.get(attribute)
            elif issubclass(type(value), type):
                value = type.__dict__["__dict__"].__get__(value).get(attribute)
            else:
                value = None
        if type(value) is ModuleType or (
            issubclass(type(value), type) and type.__dict__["__module__"].__get__(value) != "__main__"
        ):
            return True
    return False


def keeps_to_itself(package: str) -> bool:
    """Tell whether code that uses a package can reach only objects that it has names for."""
    return package not in _HOLDERS and is_trusted(package)


def looks_up(names: CodeNames) -> bool:
    """Tell whether code with these names finds objects in other ways than by name."""
    return not names.all.isdisjoint(_DYNAMIC) or any(_OUTPUT.fullmatch(name) for name in names.all)


def is_dynamic(names: CodeNames) -> bool:
    """Tell whether code with these names can reach objects that it has no name for, itself or by a library."""
    return looks_up(names) or any(name in sys.modules and not keeps_to_itself(name) for name in names.loaded)


def effects_of(names: Iterable[str]) -> tuple[str, ...]:
    """Return which of these names tell of effects outside of the session, sorted.

    Code that finds objects in other ways than by name can do anything, so that what it does so with counts.
    """
    return tuple(sorted((_EFFECTS | _DYNAMIC).intersection(names)))
