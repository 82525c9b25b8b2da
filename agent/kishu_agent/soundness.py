"""What a cell can change of the interpreter that recording stands on."""

from __future__ import annotations

import builtins
import sys
from contextlib import contextmanager
from operator import is_
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_USUAL = dict(vars(builtins))
_OTHERS = {"print", "open", "input", "help", "display", "exit", "quit", "copyright", "credits", "license"} | {
    "_", "__doc__", "__name__", "__package__", "__loader__", "__spec__", "__import__", "__build_class__",
    "get_ipython", "breakpoint", "__IPYTHON__",
}  # fmt: skip
"""People replace these, and nothing here calls them."""

_NEEDED = tuple(
    name
    for name, value in _USUAL.items()
    if name not in _OTHERS and not (isinstance(value, type) and issubclass(value, BaseException))
)
_VALUES = tuple(map(_USUAL.__getitem__, _NEEDED))
_map, _all, _zip, _is, _get = map, all, zip, is_, vars(builtins).get

_DEEPEST = 10_000
"""Levels of recursion for which the stack of the main thread is large enough; at 50,000 it overflows (measured)."""


def replaced_builtin() -> str | None:
    """Return the name of a built-in function that is another one now (5 microseconds)."""
    if _all(_map(_is, _map(_get, _NEEDED), _VALUES)):
        return None
    for name, value in _zip(_NEEDED, _VALUES):
        if _get(name) is not value:
            return name
    return None


@contextmanager
def bounded_recursion() -> Iterator[None]:
    """Bound recursion while objects are encoded and loaded, whatever limit a cell has set."""
    limit = sys.getrecursionlimit()
    if limit <= _DEEPEST:
        yield
        return
    sys.setrecursionlimit(_DEEPEST)
    try:
        yield
    finally:
        sys.setrecursionlimit(limit)
