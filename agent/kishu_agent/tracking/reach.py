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
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kishu_agent.tracking.code import (
    BACKGROUND,
    DRAWING,
    LATER,
    changes_library,
    code_names,
    effects_of,
    is_dynamic,
    is_trusted,
    looks_up,
    may_reach_anything,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from kishu_agent.tracking.code import CodeNames
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


@dataclass(frozen=True, slots=True)
class Reached:
    """What one cell's code tells."""

    changed: set[Roots] | None
    """Co-variables that can have changed, None for all: also by what runs in the background, or through what
    libraries hold."""
    touched: set[Roots]
    """Co-variables that the cell seems to be about: those that the names in its text lead to."""
    reads: tuple[str, ...] | None
    """Roots that were there before and that the cell may have read, sorted; None for any."""
    effects: tuple[str, ...]
    """Names that tell of effects outside of the session, sorted."""


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
    ) -> Reached:
        """Tell what a cell that ran can have reached.

        `covariables` is the session before the cell, `namespace` the user's names after it.
        """
        names = self._names(source, namespace)
        dynamic = names is None or is_dynamic(names)
        words = frozenset(_WORD.findall(source)) if names is None or dynamic else names.all
        closed = _close(words, namespace, covariables)
        packages = {package for covariable in covariables.values() for package in covariable.packages}
        known = not dynamic and closed.certain and not self._anything and not self._in_background()
        evident = names is not None and not looks_up(names) and not closed.looks_up
        used = names.all if names is not None else frozenset()
        return Reached(
            closed.reached if known and all(map(is_trusted, packages)) else None,
            closed.reached,
            tuple(sorted(root for roots in closed.reached for root in roots)) if evident else None,
            effects_of(used.union(*(covariables[roots].uses for roots in closed.reached))),
        )

    def _names(self, source: str, namespace: Mapping[str, Any]) -> CodeNames | None:
        """Return the names in a cell's code, None for a cell that is no Python."""
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
        return names

    def _in_background(self) -> bool:
        return sys.gettrace() is not None or any(
            thread not in self._threads and not thread.name.startswith("kishu-")
            for thread in threading.enumerate()
        )


@dataclass(slots=True)
class _Closure:
    """The co-variables to which names lead."""

    reached: set[Roots]
    certain: bool = True
    """Whether nothing else can have been changed: no code or library that was met may reach anything."""
    looks_up: bool = False
    """Whether code that was met looks names up as it runs."""


def _close(
    names: frozenset[str], namespace: Mapping[str, Any], covariables: Mapping[Roots, Covariable]
) -> _Closure:
    """Follow names to co-variables, and those to the names that their functions and classes have."""
    owner = {root: roots for roots in covariables for root in roots}
    by_memory: dict[int, list[Roots]] = {}
    waiting: list[str] = [name for name in names if name in owner or name in namespace]
    for roots, covariable in covariables.items():
        for block in covariable.memory:
            by_memory.setdefault(block, []).append(roots)
        if not DRAWING.isdisjoint(covariable.packages):
            waiting.append(roots[0])
    closure = _Closure(set())
    reached = closure.reached
    while waiting:
        name = waiting.pop()
        closure.certain = closure.certain and not may_reach_anything(namespace.get(name))
        if name not in owner or owner[name] in reached:
            continue
        roots = owner[name]
        reached.add(roots)
        covariable = covariables[roots]
        closure.looks_up = closure.looks_up or covariable.looks_up
        closure.certain = closure.certain and not (covariable.dynamic or covariable.blind)
        waiting += roots
        waiting += covariable.depends
        waiting += [used for used in covariable.uses if used in owner or used in namespace]
        for block in covariable.memory:
            waiting += [other[0] for other in by_memory[block] if other not in reached]
    return closure
