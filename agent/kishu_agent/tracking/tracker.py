"""Looks at the session and tells what changed since the last look."""

from __future__ import annotations

from dataclasses import dataclass
from types import FunctionType
from typing import TYPE_CHECKING, Any

from kishu_agent.encoding.definitions import PREFIX, Definitions
from kishu_agent.encoding.encoder import Encoded, Scope, encode
from kishu_agent.tracking.covariable import Covariable, Roots, group
from kishu_agent.tracking.fingerprint import chunk_prints, print_of

if TYPE_CHECKING:
    from kishu_agent.tracking.names import Names
    from kishu_agent.tracking.randomness import Randomness


@dataclass(frozen=True, slots=True)
class Look:
    """The session at one moment, compared with the look before."""

    covariables: dict[Roots, Covariable]
    """All co-variables. Those that changed have `encoded`; the others are the same objects as before."""
    created: tuple[str, ...]
    changed: tuple[str, ...]
    deleted: tuple[str, ...]

    @property
    def differs(self) -> bool:
        """Tell whether anything changed, random state included."""
        return bool(
            self.created
            or self.changed
            or self.deleted
            or any(covariable.encoded for covariable in self.covariables.values())
        )


class Tracker:
    """Holds what the session looked like and compares it with what it is."""

    def __init__(self, namespace: dict[str, Any], names: Names, randomness: Randomness) -> None:
        self.definitions = Definitions()
        self._scope = Scope(namespace, self.definitions)
        self._names = names
        self._randomness = randomness
        self.covariables: dict[Roots, Covariable] = {}
        """The session at the last look that was kept."""

    def look(self) -> Look:
        """Compare the session with the last look that was kept. Changes nothing."""
        try:
            return self._look()
        finally:
            self._scope.forget_types()

    def _look(self) -> Look:
        values: dict[str, Any] = {**self._names.current(), **self._randomness.values()}
        self._define(values)
        encoded = self._encode_as_before(values)
        owners = {root: roots for roots in encoded for root in roots}
        visited = {root: encoded[owners[root]].parts[root].visited for root in values}
        definitions = {id(values[root]) for root in values if root.startswith(PREFIX)}
        found: dict[Roots, Covariable] = {}
        for roots in group(visited, values, definitions):
            form = encoded.get(roots) or encode(self._scope, roots, {root: values[root] for root in roots})
            found[roots] = self._compare(form)
        return Look(found, *self._names_changed(values, encoded, found))

    def _define(self, values: dict[str, Any]) -> None:
        """Make definitions of the functions that names refer to directly."""
        for value in list(values.values()):
            if type(value) is FunctionType and value.__globals__ is self._scope.namespace:
                self.definitions.assign(value)

    def _encode_as_before(self, values: dict[str, Any]) -> dict[Roots, Encoded]:
        """Encode everything, grouped as it was at the last look where that still exists.

        Adds to `values` the definitions that what it encodes refers to.
        """
        encoded: dict[Roots, Encoded] = {}
        before = {root: roots for roots in self.covariables for root in roots}
        waiting = list(values)
        done: set[str] = set()
        while waiting:
            root = waiting.pop()
            if root in done:
                continue
            roots = before.get(root, (root,))
            for other in roots:
                if other not in values and not self._find_definition(other, values):
                    roots = (root,)
                    break
            form = encode(self._scope, roots, {name: values[name] for name in roots})
            encoded[roots] = form
            done.update(roots)
            unknown = form.depends - values.keys()
            waiting += [dependence for dependence in unknown if self._find_definition(dependence, values)]
        return encoded

    def _find_definition(self, root: str, values: dict[str, Any]) -> bool:
        if not root.startswith(PREFIX):
            return False
        definition = self.definitions.find(root.removeprefix(PREFIX))
        if definition is not None:
            values[root] = definition
        return definition is not None

    def _compare(self, encoded: Encoded) -> Covariable:
        """Return the co-variable of the last look if it is unchanged, else a new one."""
        for part in encoded.parts.values():
            part.visited = []
        prints = _prints(encoded)
        found = Covariable(encoded.roots, prints, frozenset(encoded.depends), encoded.problem, encoded)
        known = self.covariables.get(found.roots)
        return known if known is not None and known.equals(found) and not known.lost else found

    def _names_changed(
        self, values: dict[str, Any], encoded: dict[Roots, Encoded], found: dict[Roots, Covariable]
    ) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
        before = {
            root: known for known in self.covariables.values() for root in known.roots if ":" not in root
        }
        now = {root for root in values if ":" not in root}
        both = now & before.keys()
        created = tuple(sorted(now - before.keys()))
        deleted = tuple(sorted(before.keys() - now))
        changed: list[str] = []
        for roots, form in encoded.items():
            known = self.covariables.get(roots)
            current = found.get(roots)
            if known is not None and known is current:
                continue
            if known is not None and current is not None:
                changed += both.intersection(roots)
            else:
                prints = _prints(form)
                changed += [
                    root for root in both.intersection(roots) if before[root].prints[root] != prints[root]
                ]
            changed += self._names_of_definitions(roots, values, both)
        return created, tuple(sorted(set(changed))), deleted

    def _names_of_definitions(self, roots: Roots, values: dict[str, Any], names: set[str]) -> list[str]:
        """Return the names of functions and classes that were changed in place."""
        known = {id(values[root]) for root in roots if root.startswith(PREFIX) and self._was_known(root)}
        return [name for name in names if id(values[name]) in known] if known else []

    def _was_known(self, root: str) -> bool:
        return any(root in roots for roots in self.covariables)

    def keep(self, look: Look) -> None:
        """Make this look the one that the next is compared with."""
        self.covariables = look.covariables


def _prints(encoded: Encoded) -> dict[str, bytes]:
    """Return the fingerprint of each root's share. Reads all buffers, once."""
    if not encoded.prints:
        encoded.prints = list(map(chunk_prints, encoded.buffers))
    return {
        root: print_of([*part.stream, *(encoded.prints[number] for number in part.buffers)])
        for root, part in encoded.parts.items()
    }
