"""Finds out, when a state is recorded, whether it will load: an object can pickle well and not come back."""

from __future__ import annotations

import weakref
from functools import partial
from typing import TYPE_CHECKING, Any

from kishu_agent.encoding.decoder import DecodeError, Load, Source
from kishu_agent.encoding.definitions import PREFIX

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kishu_agent.encoding.definitions import Definitions
    from kishu_agent.encoding.encoder import Encoded

_LARGEST = 4 << 20
"""Bytes: a trial of more would be felt."""

_TRUSTED = frozenset(
    {"builtins", "collections", "datetime", "decimal", "fractions", "pathlib", "random"}
    | {"kishu_agent", "numpy", "pandas", "scipy", "sklearn"}
)
"""Packages whose objects are known to load."""

_EXCLUDED = frozenset({"matplotlib", "ipywidgets", "traitlets", "comm"})
"""Packages whose objects have effects when they are made: a figure shows up in pyplot, a widget in the page."""


class Trials:
    """Loads a co-variable on the side when it has types that were never loaded before."""

    def __init__(self, namespace: dict[str, Any], definitions: Definitions) -> None:
        self._namespace = namespace
        self._definitions = definitions
        self._proven: dict[int, weakref.ref[type]] = {}

    def problem(self, encoded: Encoded) -> str | None:
        """Return why a co-variable would not load, None if it would (or if nothing speaks against it)."""
        new = [kind for kind in encoded.kinds if not self._is_proven(kind)]
        has_definitions = any(root.startswith(PREFIX) for root in encoded.roots)
        if not (new or has_definitions) or any(_package(kind) in _EXCLUDED for kind in new):
            return None
        if any(map(_has_finalizer, encoded.types)):
            return None  # the copy's would run as well
        size = sum(map(len, encoded.pieces)) + sum(view.nbytes for view in encoded.memory_views)
        if size > _LARGEST:
            return None
        load = Load(self._namespace, self._definitions, lambda: None)
        buffers = [bytearray(view) for view in encoded.buffers]
        fills = [partial(_copy, view) for view in encoded.arrays]
        load.add(Source(encoded.roots, b"".join(encoded.pieces), fills, buffers))
        try:
            load.run()
        except DecodeError as error:
            return f"it would not load again: {error}"[:300]
        self._prove(new)
        return None

    def _is_proven(self, kind: type) -> bool:
        reference = self._proven.get(id(kind))
        return (reference is not None and reference() is kind) or _package(kind) in _TRUSTED

    def _prove(self, kinds: Iterable[type]) -> None:
        for kind in kinds:
            self._proven[id(kind)] = weakref.ref(kind)


def _copy(source: memoryview, target: memoryview) -> None:
    target[:] = source


def _has_finalizer(kind: type) -> bool:
    mro = type.__dict__["__mro__"].__get__(kind)
    return any("__del__" in type.__dict__["__dict__"].__get__(base) for base in mro)


def _package(kind: type) -> str:
    module = type.__dict__["__module__"].__get__(kind)
    return module.partition(".")[0] if type(module) is str else ""
