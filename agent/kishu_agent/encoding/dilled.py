"""dill's knowledge of types that pickle does not know, one object at a time.

A pickle by dill as a whole would cut what an object shares with the rest of its co-variable, and is made in Python:
about 20 times slower. So only the reduction of the object that failed is taken from dill; the C pickler goes on
with what it consists of.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from kishu_agent.encoding.classes import NotEncodableError

if TYPE_CHECKING:
    from collections.abc import Callable

    from kishu_agent.encoding.encoder import Reduced

_EXCLUDED = frozenset(
    {
        "file",
        "TextIOWrapper",
        "BufferedReader",
        "BufferedWriter",
        "BufferedRandom",
        "FileIO",
        "PyCapsule",
        "RLock",
    }
    | {"socket", "module", "function", "type", "code", "cell"}
)
"""Types of which dill makes something else than there was (opening a file to write empties it), or that have
reducers of our own."""


class _Capture:
    """Takes the place of dill's pickler, and notes how it would reduce one object."""

    def __init__(self) -> None:
        self.reductions: list[Reduced] = []

    def save_reduce(self, function: Any, arguments: Any, *rest: Any, obj: Any = None) -> None:  # noqa: ARG002
        self.reductions.append((function, arguments, *rest))


def reduce(obj: object) -> Reduced:
    """Return dill's reduction of an object. Raises NotEncodableError for one that dill does not know, either."""
    kind = type(obj)
    save = None if kind.__name__ in _EXCLUDED else _dispatch().get(kind)
    if save is not None:
        capture = _Capture()
        save(capture, obj)
        if len(capture.reductions) == 1:
            return capture.reductions[0]
    raise NotEncodableError("it has no stored form")


def _dispatch() -> dict[type, Callable[[Any, Any], None]]:
    if "dill" in sys.modules:
        import dill
    else:
        import dill

        # dill's import adds its types to pickle's own pickler in Python, which others use (joblib hashes with it).
        dill.extend(use_dill=False)
    found: dict[type, Callable[[Any, Any], None]] = dill.Pickler.dispatch
    return found
