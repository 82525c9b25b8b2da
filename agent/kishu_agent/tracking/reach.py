"""Which names a cell can have reached, told from its code before anything is compared.

A cell can change an object only through a name: one that its code has, or one that the functions and classes
that it reaches have, and so on; and through memory that is shared. Code that finds objects in other ways, and
libraries that keep references of their own or run in the background, reach everything. Every name in the byte
code counts, attribute names too, so the answer errs on the large side.

The answer only saves time. Names that were bound to other objects are noticed whatever it says, and what it
left out is compared as well when the kernel is idle and before each restore.
"""

from __future__ import annotations

import ast
import dis
import inspect
import re
import sys
import threading
from dataclasses import dataclass
from functools import lru_cache
from types import CodeType, ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from kishu_agent.tracking.covariable import Covariable, Roots

_DYNAMIC = frozenset(
    {"exec", "eval", "compile", "globals", "locals", "vars", "dir", "get_ipython", "breakpoint", "__import__"}
    | {"__main__", "__mp_main__", "__globals__", "__closure__", "__code__", "__builtins__"}
    | {"f_globals", "f_locals", "f_back", "gi_frame", "cr_frame", "tb_frame", "_getframe", "modules"}
    | {"Out", "_oh", "_ih", "user_ns", "user_module", "__subclasses__"}
)
"""Names through which code finds objects that it has no name for."""

_WORD = re.compile(r"[^\W\d]\w*")

_OUTPUT = re.compile(r"_{1,3}|_\d+")

_LATER = frozenset(
    {"asyncio", "threading", "_thread", "signal", "sched", "concurrent", "multiprocessing"}
    | {"socketserver", "http", "tkinter"}
)
"""Modules of the standard library with which code is run later, between cells."""

_BACKGROUND = _LATER | frozenset(
    {"atexit", "ctypes", "gc", "weakref", "inspect", "importlib", "builtins", "code", "codeop", "pdb", "bdb"}
    | {"trace", "runpy", "sys", "faulthandler", "tracemalloc", "contextvars", "types", "site", "unittest"}
)
"""These, and modules with which objects are found that have no name."""

_TRUSTED = frozenset(
    {"numpy", "pandas", "scipy", "sklearn", "joblib", "dateutil", "pytz", "threadpoolctl", "kishu_agent"}
)
"""Libraries that keep no references to a session's objects, and run nothing in the background."""

_DRAWING = frozenset({"matplotlib", "mpl_toolkits", "seaborn"})
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
    if package in _TRUSTED or package in _DRAWING or package in {"builtins", "__main__"}:
        return True
    return package in sys.stdlib_module_names and package not in _BACKGROUND


class Reach:
    """Follows the cells of one session."""

    def __init__(self, transform: Callable[[str], str]) -> None:
        """`transform` makes Python of a cell's source (IPython's magics and the like)."""
        self._transform = transform
        self._threads = set(threading.enumerate())
        self.later = False
        """Whether a cell used what changes the session between cells."""
        self._anything = False
        """Set once a cell used what can run code later."""

    def of_cell(
        self,
        source: str,
        namespace: Mapping[str, Any],
        covariables: Mapping[Roots, Covariable],
    ) -> tuple[set[Roots] | None, set[Roots]]:
        """Return the co-variables that can have changed (None for all), and those that the cell seems to be about.

        The first takes into account what runs in the background and what libraries may hold; the second follows
        the names in the cell's text. `covariables` is the session before the cell, `namespace` the user's names
        after it.
        """
        names = self._names(source)
        words = frozenset(_WORD.findall(source)) if names is None else names
        touched, certain = _close(words, namespace, covariables)
        packages = {package for covariable in covariables.values() for package in covariable.packages}
        known = names is not None and certain and not self._anything and not self._in_background()
        return touched if known and all(map(is_trusted, packages)) else None, touched

    def _names(self, source: str) -> frozenset[str] | None:
        try:
            code = compile(self._transform(source), "<cell>", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
        except Exception:
            return None
        names = code_names(code)
        if code.co_flags & inspect.CO_COROUTINE or not names.loaded.isdisjoint(_LATER):
            self._anything = self.later = True
        if not names.loaded.isdisjoint(_BACKGROUND):
            self._anything = True
        return None if is_dynamic(names) else names.all

    def _in_background(self) -> bool:
        return sys.gettrace() is not None or any(
            thread not in self._threads and not thread.name.startswith("kishu-")
            for thread in threading.enumerate()
        )


def is_dynamic(names: CodeNames) -> bool:
    """Tell whether code with these names can reach objects that it has no name for."""
    if not names.all.isdisjoint(_DYNAMIC) or any(_OUTPUT.fullmatch(name) for name in names.all):
        return True
    return any(name in sys.modules and not is_trusted(name) for name in names.loaded)


def _close(
    names: frozenset[str], namespace: Mapping[str, Any], covariables: Mapping[Roots, Covariable]
) -> tuple[set[Roots], bool]:
    """Follow names to co-variables, and those to the names that their functions and classes have.

    Also tells whether that is all: code or a library that was met may reach anything.
    """
    owner = {root: roots for roots in covariables for root in roots}
    by_memory: dict[int, list[Roots]] = {}
    waiting: list[str] = [name for name in names if name in owner or name in namespace]
    for roots, covariable in covariables.items():
        for block in covariable.memory:
            by_memory.setdefault(block, []).append(roots)
        if not _DRAWING.isdisjoint(covariable.packages):
            waiting.append(roots[0])
    reached: set[Roots] = set()
    certain = True
    while waiting:
        name = waiting.pop()
        value = namespace.get(name)
        if type(value) is ModuleType and not is_trusted(str(value.__name__).partition(".")[0]):
            certain = False
        if name not in owner or owner[name] in reached:
            continue
        roots = owner[name]
        reached.add(roots)
        covariable = covariables[roots]
        certain = certain and not covariable.dynamic
        waiting += roots
        waiting += covariable.depends
        waiting += [used for used in covariable.uses if used in owner or used in namespace]
        for block in covariable.memory:
            waiting += [other[0] for other in by_memory[block] if other not in reached]
    return reached, certain
