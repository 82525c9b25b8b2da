"""Which entries of the kernel's namespace are the user's."""

from __future__ import annotations

import re
from typing import Any

_INTERNAL = re.compile(
    r"""
    _{1,3} | _i{1,3} | _[io]?h | _dh | _i?\d+       # IPython's input and output cache
    | In | Out | _exit_code
    | __(?:name|doc|package|loader|spec|builtin|builtins|session|file|annotations|warningregistry)__
    | __vsc_ipynb_file__ | _{1,2}VS(?:CODE|Code)_.* | __?jupyter_.* | _pydevd.* | __DW_.*   # front ends' own
    """,
    re.VERBOSE,
)

_FRONT_END_CODE = re.compile(r"_VSCODE|_VSCode|__vsc|debugpy|ipykernel|__jupyter|kishu_agent")
"""In hidden code that front ends run for themselves (debugging, the variables panel)."""

_WORD = re.compile(r"[^\W\d]\w*")

_KNOWN_OBJECTS = frozenset({"exit", "quit", "get_ipython", "open", "display"})


def _is_text(name: str) -> bool:
    """Tell whether a name can be written down; a lone surrogate, which globals() takes, cannot."""
    return name.encode("utf-8", "replace").decode() == name


def is_front_end_code(source: str) -> bool:
    """Tell whether hidden code is a front end's own, or this package's: it changes nothing of the person's."""
    return _FRONT_END_CODE.search(source) is not None


class Names:
    """Tells the user's names from those of IPython and of front ends."""

    def __init__(self, namespace: dict[str, Any], hidden: dict[str, Any]) -> None:
        """`hidden` has the names that IPython put there itself, with their objects."""
        self._namespace = namespace
        self._hidden = hidden
        self._front_end: dict[str, Any] = {}

    def current(self) -> dict[str, Any]:
        """Return the user's names with their objects, in order of the namespace."""
        hidden = self._hidden
        return {
            name: value
            for name, value in list(self._namespace.items())
            if type(name) is str
            and (name.isascii() or _is_text(name))
            and not (name in hidden and hidden[name] is value)
            and not (name in self._front_end and self._front_end[name] is value)
            and not (name[:1] in "_IO" and _INTERNAL.fullmatch(name))
        }

    def before_front_end(self) -> set[str]:
        """Return all names that there are, before a front end's own code runs."""
        return set(self._namespace)

    def note_front_end(self, before: set[str]) -> None:
        """Take names that came up since `before` for a front end's: its code leaves some behind (debugging does)."""
        new = self._namespace.keys() - before
        self._front_end.update((name, self._namespace[name]) for name in new if type(name) is str)

    def note_cell(self, source: str) -> None:
        """Take names that a cell of the user's has in its text for the user's."""
        if self._front_end:
            for name in _WORD.findall(source):
                self._front_end.pop(name, None)

    def original(self, name: str) -> tuple[bool, Any]:
        """Return whether IPython itself defines `name`, and as what."""
        return name in self._hidden and name in _KNOWN_OBJECTS, self._hidden.get(name)
