"""What byte code and types tell about what can be reached from them."""

from __future__ import annotations

import dis
import re
import sys
from dataclasses import dataclass
from functools import lru_cache
from types import CodeType

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


def package_of(kind: type) -> str:
    """Return the top-level package in which a type says it is defined."""
    module = type.__dict__["__module__"].__get__(kind)
    return module.partition(".")[0] if type(module) is str else ""


def is_trusted(package: str) -> bool:
    """Tell whether objects of a package can be reached through names only."""
    if package in _TRUSTED or package in DRAWING or package in {"builtins", "__main__"}:
        return True
    return package in sys.stdlib_module_names and package not in BACKGROUND


def is_dynamic(names: CodeNames) -> bool:
    """Tell whether code with these names can reach objects that it has no name for."""
    if not names.all.isdisjoint(_DYNAMIC) or any(_OUTPUT.fullmatch(name) for name in names.all):
        return True
    return any(name in sys.modules and not is_trusted(name) for name in names.loaded)
