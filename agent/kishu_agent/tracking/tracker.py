"""Looks at the session and tells what changed since the last look."""

from __future__ import annotations

import gc
import time
from dataclasses import dataclass, replace
from types import FunctionType
from typing import TYPE_CHECKING, Any

from kishu_agent import interrupts
from kishu_agent.encoding.definitions import PREFIX, Definitions
from kishu_agent.encoding.encoder import Encoded, Scope, encode
from kishu_agent.quiet import quiet
from kishu_agent.soundness import bounded_recursion
from kishu_agent.tracking import randomness
from kishu_agent.tracking.covariable import Covariable, Roots, describe, group, prints_of
from kishu_agent.tracking.trial import Trials

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Set as AbstractSet

    from kishu_agent.history.checkpoint import StoredCovariable
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
    identities: dict[str, int]
    """Ids of the objects that names are bound to."""
    partial: bool
    """Whether some co-variables were taken to be as before without being compared."""
    differs: bool
    """Whether anything changed, random state included. The generator of a library that was imported is no change."""


class Tracker:
    """Holds what the session looked like and compares it with what it is."""

    def __init__(self, namespace: dict[str, Any], names: Names, randomness: Randomness) -> None:
        self.definitions = Definitions()
        self._scope = Scope(namespace, self.definitions)
        self._trials = Trials(namespace, self.definitions)
        self._names = names
        self._randomness = randomness
        self.covariables: dict[Roots, Covariable] = {}
        """The session at the last look that was kept."""
        self._identities: dict[str, int] = {}
        self.seconds = 0.0
        """How long the last look at everything took."""
        self._seen: list[Covariable] = []
        """Co-variables that were recorded in this kernel."""

    @property
    def finalized(self) -> bool:
        """Tell whether the session has objects with a `__del__`."""
        return any(covariable.finalized for covariable in self.covariables.values())

    def look(self, reached: set[Roots] | None = None, touched: AbstractSet[Roots] = frozenset()) -> Look:
        """Compare the session with the last look that was kept. Changes nothing.

        `reached` has the co-variables that can have changed, None for all. Names that are new or bound to other
        objects than before are noticed in any case. `touched` has those that a cell is about: among
        them, what cannot be seen (the position of a generator) counts as changed.
        """
        collecting = gc.isenabled()
        gc.disable()  # many objects are made and kept for a moment: collections would find nothing, slowly
        clock = time.perf_counter()
        try:
            with interrupts.watched(), quiet(), bounded_recursion():
                look = self._look(reached, touched)
        finally:
            self._scope.forget_types()
            if collecting:
                gc.enable()
        if not look.partial:
            self.seconds = time.perf_counter() - clock
        return look

    def _look(self, reached: set[Roots] | None, touched: AbstractSet[Roots]) -> Look:
        names = self._names.current()
        identities = dict(zip(names, map(id, names.values()), strict=True))
        values: dict[str, Any] = {**names, **self._randomness.values()}
        kept = self._unreached(reached, identities)
        for roots in kept:
            for root in roots:
                values.pop(root, None)
        self._define(values)
        self._add_dependences(kept, values)
        encoded = self._encode_as_before(values)
        owners = {root: roots for roots in encoded for root in roots}
        visited = {root: encoded[owners[root]].parts[root].visited for root in values}
        found: dict[Roots, Covariable] = {}
        for roots, form in self._group(visited, values, encoded).items():
            found[roots] = self._compare(form, values, touched)
        changes = self._names_changed(set(names), values, encoded, found)
        differs = any(changes) or any(
            covariable.waits and (roots in self.covariables or not roots[0].startswith(randomness.PREFIX))
            for roots, covariable in found.items()
        )
        return Look({**kept, **found}, *changes, identities, bool(kept), differs)

    def _group(
        self, visited: dict[str, list[Any]], values: dict[str, Any], encoded: dict[Roots, Encoded]
    ) -> dict[Roots, Encoded]:
        """Group roots as they share objects now, and encode the groups that are new.

        Pickled together, a root's walk stops at what another one met before; so roots that seem separate are
        walked on their own before that is believed.
        """
        definitions = _definition_ids(values)
        forms = dict(encoded)

        def form_of(roots: Roots) -> Encoded:
            if roots not in forms:
                forms[roots] = encode(self._scope, roots, {root: values[root] for root in roots})
            return forms[roots]

        groups = group(visited, values, definitions)
        if all(roots in encoded for roots in groups):
            return {roots: encoded[roots] for roots in groups}
        for roots in groups:
            visited.update((root, part.visited) for root, part in form_of(roots).parts.items())
        return {roots: form_of(roots) for roots in group(visited, values, definitions, groups)}

    def _unreached(self, reached: set[Roots] | None, identities: dict[str, int]) -> dict[Roots, Covariable]:
        """Return the co-variables that need not be compared."""
        if reached is None:
            return {}
        kept = {
            roots: covariable
            for roots, covariable in self.covariables.items()
            if roots not in reached and not roots[0].startswith(randomness.PREFIX) and not covariable.lost
        }
        before = self._identities
        for roots in kept:
            for root in roots:
                if ":" not in root and identities.get(root) != before.get(root):
                    return {}  # changed in a way that the cell's code does not show: then compare everything
        return kept

    def _add_dependences(self, kept: dict[Roots, Covariable], values: dict[str, Any]) -> None:
        """Add the definitions that need to be compared and that what is not compared refers to."""
        there = {root for roots in kept for root in roots}
        for covariable in kept.values():
            for root in covariable.depends - there:
                self._find_definition(root, values)

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
            if not self._complete(roots, values):
                roots = (root,)
            form = encode(self._scope, roots, {name: values[name] for name in roots})
            encoded[roots] = form
            done.update(roots)
            waiting += [
                root for root in form.depends if root not in values and self._find_definition(root, values)
            ]
        return encoded

    def _complete(self, roots: Roots, values: dict[str, Any]) -> bool:
        """Tell whether all roots still exist; add definitions among them to `values` if so."""
        absent = [root for root in roots if root not in values]
        definitions = [(root, self.definitions.find(root.removeprefix(PREFIX))) for root in absent]
        if any(not root.startswith(PREFIX) or found is None for root, found in definitions):
            return False
        values.update(definitions)
        return True

    def _find_definition(self, root: str, values: dict[str, Any]) -> bool:
        if not root.startswith(PREFIX):
            return False
        definition = self.definitions.find(root.removeprefix(PREFIX))
        if definition is not None:
            values[root] = definition
        return definition is not None

    def _compare(
        self, encoded: Encoded, values: Mapping[str, Any], touched: AbstractSet[Roots]
    ) -> Covariable:
        """Return the co-variable of the last look if it is unchanged, else a new one."""
        found = describe(encoded, values)
        known = self.covariables.get(found.roots)
        if known is not None and known.prints == found.prints:
            found.problem = found.problem or known.problem  # it was tried then
            if found.blind and found.roots in touched:
                return found
            known.memory, known.identities = found.memory, found.identities
            return found if known.lost or found.problem != known.problem else known
        if not found.finalized:  # what a trial makes ends at once, and __del__ would run
            found.problem = found.problem or self._trials.problem(encoded)
        return found

    def _names_changed(
        self,
        now: set[str],
        values: dict[str, Any],
        encoded: dict[Roots, Encoded],
        found: dict[Roots, Covariable],
    ) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
        before = {
            root: known for known in self.covariables.values() for root in known.roots if ":" not in root
        }
        both = now & before.keys()
        created = tuple(sorted(now - before.keys()))
        deleted = tuple(sorted(before.keys() - now))
        compared = both & values.keys()
        changed: list[str] = []
        for roots, form in encoded.items():
            known = self.covariables.get(roots)
            current = found.get(roots)
            if known is not None and known is current:
                continue
            if known is not None and current is not None:
                changed += both.intersection(roots)
            else:
                prints = prints_of(form)
                changed += [
                    root
                    for root in both.intersection(roots)
                    if before[root].print_alone(root) != prints[root]
                ]
            changed += self._names_of_definitions(roots, values, compared)
        return created, tuple(sorted(set(changed))), deleted

    def _names_of_definitions(self, roots: Roots, values: dict[str, Any], names: set[str]) -> list[str]:
        """Return the names of functions and classes that were changed in place."""
        known = {id(values[root]) for root in roots if root.startswith(PREFIX) and self._was_known(root)}
        return [name for name in names if id(values[name]) in known] if known else []

    def _was_known(self, root: str) -> bool:
        return any(root in roots for roots in self.covariables)

    def keep(self, look: Look) -> None:
        """Make this look, which is to be recorded, the one that the next is compared with."""
        self._seen += [covariable for covariable in look.covariables.values() if covariable.waits]
        self.note(look)

    def note(self, look: Look) -> None:
        """Make this look the one that the next is compared with; what changed has no recorded version."""
        self.covariables, self._identities = look.covariables, look.identities

    def reuse(self, state: Mapping[Roots, StoredCovariable]) -> dict[Roots, dict[str, Any]]:
        """Return the co-variables of a state whose live objects are right, though not under the same names.

        A name was added to an object since then (`b = a`), or removed: so the session has no co-variable with
        just these names. What was recorded in this kernel is recognized by its prints. Returns live objects by
        root.
        """
        unlike = [stored for roots, stored in state.items() if roots not in self.covariables]
        if not unlike:
            return {}
        seen = {covariable.version: covariable for covariable in self._seen}
        live = self._names.current()
        found: dict[Roots, dict[str, Any]] = {}
        visited: dict[str, list[Any]] = {}
        exact = set()
        for stored in unlike:
            covariable = seen.get(stored.version)
            values = None if covariable is None else self._values_of(covariable, live)
            if covariable is not None and values is not None:
                form = encode(self._scope, stored.roots, values)
                if form.problem is None and prints_of(form) == covariable.prints:
                    found[stored.roots] = values
                    visited.update((root, part.visited) for root, part in form.parts.items())
                    if all(id(value) == covariable.identities[root] for root, value in values.items()):
                        exact.add(stored.roots)
        self._scope.forget_types()
        # They must not share anything now that was separate then.
        separate = _separate(found, visited)
        return _separate(
            {roots: found[roots] for roots in found if roots in separate or roots in exact}, visited
        )

    def same_objects(self, stored: StoredCovariable) -> bool:
        """Tell whether names are bound to the same objects as in a recorded co-variable, whose content is unseen."""
        now = self.covariables.get(stored.roots)
        then = next((known for known in self._seen if known.version == stored.version), None)
        return now is not None and then is not None and now.prints == then.prints

    def _values_of(self, covariable: Covariable, live: Mapping[str, Any]) -> dict[str, Any] | None:
        """Return live objects for the roots of a co-variable, taking an alias for a name that is gone."""
        values: dict[str, Any] = {}
        for root in covariable.roots:
            if root.startswith(PREFIX):
                # One that is no part of the session, and just not collected yet, may refer to others like it.
                known = any(root in roots for roots in self.covariables)
                values[root] = self.definitions.find(root.removeprefix(PREFIX)) if known else None
                continue
            first = covariable.aliases.get(root, root)
            names = [first, *(name for name, other in covariable.aliases.items() if other == first)]
            bound = [live[name] for name in names if name in live]
            same = [value for value in bound if id(value) == covariable.identities[first]]
            if not bound:
                return None
            values[root] = (same or bound)[0]
        return None if any(value is None and ":" in root for root, value in values.items()) else values

    def arrays(self, roots: Roots) -> list[memoryview]:
        """Return the memory of the arrays of a co-variable, in the order in which it is stored."""
        return encode(self._scope, roots, self._bound(roots)).arrays

    def _bound(self, roots: Roots) -> dict[str, Any]:
        live = self._names.current()
        return {
            root: self.definitions.find(root.removeprefix(PREFIX)) if root.startswith(PREFIX) else live[root]
            for root in roots
        }

    def adopt(
        self,
        kept: Iterable[StoredCovariable],
        patched: Iterable[StoredCovariable],
        loaded: Iterable[StoredCovariable],
        values: Mapping[str, Any],
    ) -> None:
        """Take a restored session as the last look. `values` has the loaded objects by root.

        Only what was loaded is encoded: the rest was looked at just before, and what was changed in place to a
        version that this kernel recorded has the prints of that.
        """
        seen = {covariable.version: covariable for covariable in self._seen}
        covariables = {
            stored.roots: self.covariables.get(stored.roots) or seen[stored.version] for stored in kept
        }
        for stored in patched:
            covariable = replace(self.covariables[stored.roots], version=stored.version)
            if (then := seen.get(stored.version)) is not None:
                covariable.prints = then.prints
            else:
                covariable.prints = prints_of(encode(self._scope, stored.roots, self._bound(stored.roots)))
            covariables[stored.roots] = covariable
        for stored in loaded:
            form = encode(self._scope, stored.roots, {root: values[root] for root in stored.roots})
            covariable = describe(form, values)
            covariable.encoded, covariable.waits, covariable.version = None, False, stored.version
            covariables[stored.roots] = covariable
        self._scope.forget_types()
        self.covariables = covariables
        self._identities = {name: id(value) for name, value in self._names.current().items()}


def _separate(
    found: dict[Roots, dict[str, Any]], visited: Mapping[str, list[Any]]
) -> dict[Roots, dict[str, Any]]:
    """Return those whose objects are not shared with another."""
    every = {root: value for values in found.values() for root, value in values.items()}
    mine = {root: visited[root] for root in every}
    groups = set(group(mine, every, _definition_ids(every), found))
    return {roots: values for roots, values in found.items() if roots in groups}


def _definition_ids(values: Mapping[str, Any]) -> set[int]:
    return {id(value) for root, value in values.items() if root.startswith(PREFIX)}
