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
import inspect
import re
import sys
import threading
from typing import TYPE_CHECKING, Any

from kishu_agent.tracking.code import (
    BACKGROUND,
    DRAWING,
    LATER,
    changes_library,
    code_names,
    is_dynamic,
    is_trusted,
    may_reach_anything,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from kishu_agent.tracking.covariable import Covariable, Roots

_WORD = re.compile(r"[^\W\d]\w*")

_HOOKS = (
    *(
        "__builtins__",
        "events.register",
        "ast_transformers",
        "input_transformers",
        "set_custom_exc",
        "for_type",
    ),
    *("load_ext", "autoreload", "%gui", "%pylab", "seterrcall", "float_format", "formatter", "_accessor"),
)
"""In cells that give IPython, numpy or pandas functions to be called by later cells."""


class Reach:
    """Follows the cells of one session."""

    def __init__(self, transform: Callable[[str], str]) -> None:
        """`transform` makes Python of a cell's source (IPython's magics and the like)."""
        self._transform = transform
        self._threads = set(threading.enumerate())
        self.later = False
        """Whether a cell used what changes the session between cells."""
        self._anything = False
        """Set once a cell used what can run code later, or that of other cells."""

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
        names = self._names(source, namespace)
        words = frozenset(_WORD.findall(source)) if names is None else names
        touched, certain = _close(words, namespace, covariables)
        packages = {package for covariable in covariables.values() for package in covariable.packages}
        known = names is not None and certain and not self._anything and not self._in_background()
        return touched if known and all(map(is_trusted, packages)) else None, touched

    def _names(self, source: str, namespace: Mapping[str, Any]) -> frozenset[str] | None:
        try:
            code = compile(self._transform(source), "<cell>", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
        except Exception:
            return None
        names = code_names(code)
        if code.co_flags & inspect.CO_COROUTINE or not names.loaded.isdisjoint(LATER):
            self._anything = self.later = True
        background = not names.loaded.isdisjoint(BACKGROUND)
        if background or changes_library(names, namespace) or any(hook in source for hook in _HOOKS):
            self._anything = True
        return None if is_dynamic(names) else names.all

    def _in_background(self) -> bool:
        return sys.gettrace() is not None or any(
            thread not in self._threads and not thread.name.startswith("kishu-")
            for thread in threading.enumerate()
        )


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
        if not DRAWING.isdisjoint(covariable.packages):
            waiting.append(roots[0])
    reached: set[Roots] = set()
    certain = True
    while waiting:
        name = waiting.pop()
        certain = certain and not may_reach_anything(namespace.get(name))
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
