"""Finds out, when a state is recorded, whether it will load: an object can pickle well and not come back."""

from __future__ import annotations

import weakref
from functools import partial
from typing import TYPE_CHECKING, Any

from kishu_agent import interrupts
from kishu_agent.encoding.decoder import DecodeError, Load, Source
from kishu_agent.encoding.definitions import PREFIX
from kishu_agent.encoding.encoder import encode
from kishu_agent.encoding.importable import package_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from kishu_agent.encoding.encoder import Encoded, Scope

_LARGEST = 4 << 20
"""Bytes: a trial of more would be felt."""

_LARGEST_OWN = 64 << 20
"""Bytes, where a class of the person's says how it is pickled: only a trial tells whether all comes back."""

_TRUSTED = frozenset(
    {"builtins", "collections", "datetime", "decimal", "fractions", "pathlib", "random"}
    | {"kishu_agent", "numpy", "pandas", "scipy", "sklearn"}
)
"""Packages whose objects are known to load. Not those with many ways of their own to be pickled, such as torch; once a
type has loaded it costs nothing more."""

_EXCLUDED = frozenset({"matplotlib", "ipywidgets", "traitlets", "comm"})
"""Packages whose objects have effects when they are made: a figure shows up in pyplot, a widget in the page."""


class Trials:
    """Loads a co-variable on the side when it has types that were never loaded before."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._proven: dict[int, weakref.ref[type]] = {}

    def witnesses(self, encoded: Encoded) -> list[dict[str, Any]]:
        """Return the attributes of instances whose class, no library's, says how it is pickled; in the order of the walk.

        To be called while `encoded` still has the objects.
        """
        own = self._scope.linking.own
        if not own:
            return []
        return [
            _attributes(obj)
            for part in encoded.parts.values()
            for obj in part.visited
            if id(type(obj)) in own and type(obj).__dictoffset__
        ]

    def problem(self, encoded: Encoded, witnesses: Sequence[dict[str, Any]] = ()) -> str | None:
        """Return why a co-variable would not come back as it is, None if it would (or if nothing speaks against it).

        `witnesses` are the attributes of instances that would have to come back.
        """
        new = [kind for kind in encoded.kinds if not self._is_proven(kind)]
        has_definitions = any(root.startswith(PREFIX) for root in encoded.roots)
        if not (new or has_definitions or witnesses) or any(package_of(kind) in _EXCLUDED for kind in new):
            return None
        size = sum(map(len, encoded.pieces)) + sum(view.nbytes for view in encoded.memory_views)
        if size > (_LARGEST_OWN if witnesses else _LARGEST):
            return None
        load = Load(self._scope.namespace, self._scope.definitions, lambda: None)
        buffers = [bytearray(view) for view in encoded.buffers]
        fills = [partial(_copy, view) for view in encoded.arrays]
        load.add(Source(encoded.roots, b"".join(encoded.pieces), fills, buffers))
        try:
            load.run()
        except DecodeError as error:
            return f"it would not load again: {error}"[:300]
        if witnesses:
            again = encode(self._scope, encoded.roots, load.loaded)
            found = self.witnesses(again)
            if [then.keys() for then in witnesses] != [now.keys() for now in found]:
                return "what its own pickling leaves out would not come back"
        self._prove(new)
        return None

    def _is_proven(self, kind: type) -> bool:
        reference = self._proven.get(id(kind))
        return (reference is not None and reference() is kind) or package_of(kind) in _TRUSTED

    def _prove(self, kinds: Iterable[type]) -> None:
        for kind in kinds:
            self._proven[id(kind)] = weakref.ref(kind)


def _attributes(obj: object) -> dict[str, Any]:
    try:
        found = object.__getattribute__(obj, "__dict__")
    except BaseException as error:
        interrupts.reraise(error)
        return {}
    return found if type(found) is dict else {}


def _copy(source: memoryview, target: memoryview) -> None:
    target[:] = source
