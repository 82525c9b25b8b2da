"""Which entries of the kernel's namespace are the user's."""

from __future__ import annotations

import re
from typing import Any

_INTERNAL = re.compile(
    r"""
    _{1,3} | _i{1,3} | _[io]?h | _dh | _i?\d+       # IPython's input and output cache
    | In | Out | _exit_code
    | __(?:name|doc|package|loader|spec|builtin|builtins|session|file|annotations|warningregistry)__
    | __vsc_ipynb_file__ | _VSCODE_.* | __?jupyter_.* | _pydevd.* | __DW_.*   # front ends' own
    """,
    re.VERBOSE,
)

_KNOWN_OBJECTS = frozenset({"exit", "quit", "get_ipython", "open", "display"})


def _is_text(name: str) -> bool:
    """Tell whether a name can be written down; a lone surrogate, which globals() takes, cannot."""
    return name.isascii() or name.encode("utf-8", "replace").decode() == name


class Names:
    """Tells the user's names from those of IPython and of front ends."""

    def __init__(self, namespace: dict[str, Any], hidden: dict[str, Any]) -> None:
        """`hidden` has the names that IPython put there itself, with their objects."""
        self._namespace = namespace
        self._hidden = hidden

    def current(self) -> dict[str, Any]:
        """Return the user's names with their objects, in order of the namespace."""
        hidden = self._hidden
        return {
            name: value
            for name, value in list(self._namespace.items())
            if type(name) is str
            and _is_text(name)
            and not (name in hidden and hidden[name] is value)
            and not (name[:1] in "_IO" and _INTERNAL.fullmatch(name))
        }

    def original(self, name: str) -> tuple[bool, Any]:
        """Return whether IPython itself defines `name`, and as what."""
        return name in self._hidden and name in _KNOWN_OBJECTS, self._hidden.get(name)
