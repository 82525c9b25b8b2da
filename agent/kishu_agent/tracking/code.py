"""What byte code and types tell about what can be reached from them."""

from __future__ import annotations

import dis
import re
import sys
from dataclasses import dataclass
from functools import lru_cache
from types import CodeType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

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


_LOADS = frozenset(
    {"LOAD_NAME", "LOAD_GLOBAL", "LOAD_CLASSDEREF", "LOAD_FROM_DICT_OR_GLOBALS", "IMPORT_NAME"}
)


@lru_cache(maxsize=4096)
def code_names(code: CodeType) -> CodeNames:
    """Return the names in byte code."""
    names = {*code.co_names, *code.co_freevars}
    loaded = {
        str(instruction.argval).partition(".")[0]
        for instruction in dis.get_instructions(code)
        if instruction.opname in _LOADS
    }
    for constant in code.co_consts:
        if type(constant) is CodeType:
            inner = code_names(constant)
            names |= inner.all
            loaded |= inner.loaded
    return CodeNames(frozenset(names), frozenset(loaded))


def is_trusted(package: str) -> bool:
    """Tell whether objects of a package can be reached through names only."""
    if package in _TRUSTED or package in DRAWING or package in {"builtins", "__main__"}:
        return True
    return package in sys.stdlib_module_names and package not in BACKGROUND


def looks_up(names: CodeNames) -> bool:
    """Tell whether code with these names finds objects in other ways than by name."""
    return not names.all.isdisjoint(_DYNAMIC) or any(_OUTPUT.fullmatch(name) for name in names.all)


def is_dynamic(names: CodeNames) -> bool:
    """Tell whether code with these names can reach objects that it has no name for, itself or by a library."""
    return looks_up(names) or any(name in sys.modules and not is_trusted(name) for name in names.loaded)


def effects_of(names: Iterable[str]) -> tuple[str, ...]:
    """Return which of these names tell of effects outside of the session, sorted.

    Code that finds objects in other ways than by name can do anything, so that what it does so with counts.
    """
    return tuple(sorted((_EFFECTS | _DYNAMIC).intersection(names)))
