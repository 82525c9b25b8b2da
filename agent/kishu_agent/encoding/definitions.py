"""Functions and classes of the notebook that other objects refer to.

A definition is stored once, as a root of its own (`def:<uid>`), and referred to by its uid. So two unrelated
instances are not joined by their class, and a class that is redefined leaves old instances with their old class.
"""

from __future__ import annotations

import secrets
import weakref
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from types import FunctionType

    Definable = FunctionType | type

PREFIX = "def:"


class Definitions:
    """Knows which live object has which uid.

    Objects are found by identity: a metaclass may define equality or hashing as it likes. A uid survives a
    restore: what is loaded for it takes its place.
    """

    def __init__(self) -> None:
        self._uids: dict[int, tuple[weakref.ref[Definable], str]] = {}
        self._objects: dict[str, weakref.ref[Definable]] = {}

    def uid(self, obj: Definable) -> str | None:
        """Return the uid of `obj`, or None if it is not known as a definition."""
        entry = self._uids.get(id(obj))
        return entry[1] if entry is not None and entry[0]() is obj else None

    def assign(self, obj: Definable) -> str:
        """Return the uid of `obj`, giving it one if it has none."""
        uid = self.uid(obj)
        if uid is None:
            uid = secrets.token_hex(8)
            self.register(obj, uid)
        return uid

    def register(self, obj: Definable, uid: str) -> None:
        """Make `obj` the definition with this uid; what had it before keeps it for reading only."""
        key = id(obj)

        def forget(reference: weakref.ref[Definable], key: int = key, uid: str = uid) -> None:
            if (entry := self._uids.get(key)) is not None and entry[0] is reference:
                del self._uids[key]
            if self._objects.get(uid) is reference:
                del self._objects[uid]

        reference = weakref.ref(obj, forget)
        self._uids[key] = (reference, uid)
        self._objects[uid] = reference

    @contextmanager
    def supposing(self, objects: Mapping[str, Definable]) -> Iterator[None]:
        """Take these objects, by uid, for the definitions while a block runs."""
        before = dict(self._uids), dict(self._objects)
        try:
            for uid, obj in objects.items():
                self.register(obj, uid)
            yield
        finally:
            self._uids, self._objects = before

    def find(self, uid: str) -> Definable | None:
        """Return the live definition with this uid."""
        reference = self._objects.get(uid)
        return reference() if reference is not None else None
