"""Tells how each variable is recorded, what that costs, and why it is recorded together with others."""

from __future__ import annotations

import gc
import time
from collections import defaultdict
from dataclasses import dataclass, field
from itertools import combinations
from types import FunctionType, ModuleType
from typing import TYPE_CHECKING, Any

from kishu_agent.encoding.definitions import PREFIX
from kishu_agent.encoding.sharing import library_owned
from kishu_agent.protocol.models import Diagnosis
from kishu_agent.tracking import randomness
from kishu_agent.tracking.covariable import prints_of
from kishu_agent.tracking.paths import Walk

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kishu_agent.encoding.encoder import Encoded
    from kishu_agent.history.checkpoint import How
    from kishu_agent.history.graph import State
    from kishu_agent.tracking.covariable import Covariable, Roots
    from kishu_agent.tracking.tracker import Tracker

_WITHOUT_FORM = {"none", "replay"}

_ALL_PAIRS = 8
"""So many roots that share one object are compared each with each; more of them each with the first."""
_CANDIDATES = 500
"""Shared objects of a pair among which the one that is reached by the shortest way is told."""


@dataclass(slots=True)
class _Finding:
    """What is known of one root."""

    roots: Roots
    how: How
    reason: str | None
    stream: int
    buffers: int
    seconds: float
    depends: set[str]
    because: list[str] = field(default_factory=list)


class Doctor:
    """Looks at one session. Changes nothing and records nothing."""

    def __init__(self, tracker: Tracker, names: Mapping[str, Any], state: State) -> None:
        """`names` are the variables, `state` what is recorded of them."""
        self._tracker = tracker
        self._names = names
        self._state = state
        self._values: dict[str, Any] = dict(names)
        self._labels: dict[str, str] = {}
        self._findings: dict[str, _Finding] = {}

    def diagnose(self) -> tuple[Diagnosis, ...]:
        """Return what there is to say about each variable, in the order of the namespace."""
        look = self._tracker.look()
        for roots in look.covariables:
            self._values.update(
                (root, self._tracker.definitions.find(root.removeprefix(PREFIX)))
                for root in roots
                if root.startswith(PREFIX)
            )
        self._name_definitions()
        collecting = gc.isenabled()
        gc.disable()
        try:
            for roots, covariable in look.covariables.items():
                if not roots[0].startswith(randomness.PREFIX):
                    self._examine(roots, covariable)
        finally:
            self._tracker.forget()
            if collecting:
                gc.enable()
        return tuple(self._diagnosis(name) for name in self._names if name in self._findings)

    def _name_definitions(self) -> None:
        """Call functions and classes as the variables that they are bound to, else by their own names."""
        bound: dict[int, str] = {}
        for name, value in self._names.items():
            bound.setdefault(id(value), name)
        for root, value in self._values.items():
            self._labels[root] = root
            if root.startswith(PREFIX):
                own = _qualified_name(value)
                self._labels[root] = bound.get(id(value)) or (f"another {own}" if own in self._names else own)

    def _examine(self, roots: Roots, covariable: Covariable) -> None:
        stored = self._state.get(roots)
        if stored is not None and stored.version == covariable.version:
            how, reason = stored.how, stored.reason
        else:
            how, reason = ("none" if covariable.problem else "pickle"), covariable.problem
        forms: dict[str, Encoded] = {}
        for root in roots:
            start = time.perf_counter()
            form = forms[root] = self._tracker.encode_alone(root, self._values[root])
            prints_of(form)
            seconds = time.perf_counter() - start
            stream = sum(map(len, form.pieces))
            buffers = sum(view.nbytes for view in form.memory_views)
            depends = {other for other in form.depends if other != root}
            self._findings[root] = _Finding(roots, how, reason, stream, buffers, seconds, depends)
        if len(roots) > 1:
            for (first, second), sentence in self._joins(roots, forms).items():
                for root in (first, second):
                    self._findings[root].because.append(sentence)

    # Why roots are one co-variable

    def _joins(self, roots: Roots, forms: Mapping[str, Encoded]) -> dict[tuple[str, str], str]:
        shared = self._shared(roots, forms)
        wanted = {root: set(forms[root].parts[root].memory.ids) for root in roots}
        for pair, objects in shared.items():
            for root in pair:
                wanted[root].update(objects)
        walks = {root: Walk(self._labels[root], self._values[root], self._is_end) for root in roots}
        found = {root: walk.find(wanted[root]) for root, walk in walks.items()}
        return {
            (first, second): self._sentence(first, second, objects, forms, walks, found)
            for (first, second), objects in shared.items()
        }

    def _shared(self, roots: Roots, forms: Mapping[str, Encoded]) -> dict[tuple[str, str], dict[int, Any]]:
        """Return what pairs of roots share: the objects by id. A pair without any shares only memory."""
        sharers: dict[int, list[str]] = defaultdict(list)
        objects: dict[int, Any] = {}
        for root in roots:
            seen = {id(obj): obj for obj in (self._values[root], *forms[root].parts[root].visited)}
            objects.update(seen)
            for identity in seen:
                sharers[identity].append(root)
        common = {identity: objects[identity] for identity, several in sharers.items() if len(several) > 1}
        for identity in library_owned(common.values()) | self._definitions:
            common.pop(identity, None)
        pairs: dict[tuple[str, str], dict[int, Any]] = {}
        for identity, obj in common.items():
            for pair in _pairs(sharers[identity]):
                known = pairs.setdefault(pair, {})
                if len(known) < _CANDIDATES:
                    known[identity] = obj
        owners: dict[int, list[str]] = defaultdict(list)
        for root in roots:
            for owner in forms[root].parts[root].memory.ids:
                owners[owner].append(root)
        for several in owners.values():
            for pair in _pairs(several):
                pairs.setdefault(pair, {})
        return pairs

    @property
    def _definitions(self) -> set[int]:
        return {id(value) for root, value in self._values.items() if root.startswith(PREFIX)}

    def _is_end(self, obj: object) -> bool:
        """Tell whether the walk ends at an object: what is stored by name or as a definition joins nothing."""
        if type(obj) is FunctionType:
            return self._tracker.definitions.uid(obj) is not None
        kind = type(obj)
        return kind is ModuleType or issubclass(kind, type)

    def _sentence(
        self,
        first: str,
        second: str,
        objects: Mapping[int, Any],
        forms: Mapping[str, Encoded],
        walks: Mapping[str, Walk],
        found: Mapping[str, Mapping[int, tuple[int, str]]],
    ) -> str:
        one, other = found[first], found[second]
        both = [identity for identity in objects if identity in one and identity in other]
        if both:
            best = min(both, key=lambda identity: one[identity][0] + other[identity][0])
            ways = sorted((one[best], other[best]), key=lambda way: (-way[0], way[1]))
            return f"{ways[0][1]} is {ways[1][1]}"
        names = self._labels[first], self._labels[second]
        for owner in forms[first].parts[first].memory.ids & forms[second].parts[second].memory.ids:
            if owner in one:
                return f"{names[1]} shares memory with {one[owner][1]}"
            return f"{names[0]} shares memory with {other[owner][1] if owner in other else names[1]}"
        kind = _type_name(next(iter(objects.values())))
        far = " (path too long)" if walks[first].cut or walks[second].cut else ""
        return f"{names[0]} and {names[1]} share an object of the type {kind}{far}"

    # What is told of a variable

    def _diagnosis(self, name: str) -> Diagnosis:
        value = self._names[name]
        uid = self._tracker.definitions.uid(value) if _is_definition(value) else None
        own = [root for root in (name, f"{PREFIX}{uid}") if root in self._findings]
        findings = [self._findings[root] for root in own]
        needed = self._needed(own)
        how, reason = findings[-1].how, findings[-1].reason
        if how not in _WITHOUT_FORM:
            for root in needed:
                if (definition := self._findings.get(root)) is not None and definition.how in _WITHOUT_FORM:
                    how, reason = definition.how, f"it needs {self._labels[root]}: {definition.reason}"
                    break
        joined = {self._labels[root] for finding in findings for root in finding.roots} - {name}
        return Diagnosis(
            name=name,
            type=_type_name(value),
            how=how,
            reason=reason,
            stream_bytes=sum(finding.stream for finding in findings),
            buffer_bytes=sum(finding.buffers for finding in findings),
            seconds=sum(finding.seconds for finding in findings),
            joined=tuple(sorted(joined)),
            because=tuple(sentence for finding in findings for sentence in finding.because),
            definitions=tuple(sorted({self._labels[root] for root in needed})),
        )

    def _needed(self, own: list[str]) -> list[str]:
        """Return the definitions that roots refer to, and those that these refer to, but not what they are."""
        needed: dict[str, None] = {}
        waiting = [*own]
        while waiting:
            finding = self._findings.get(waiting.pop())
            for root in sorted(finding.depends) if finding is not None else ():
                if root not in needed and root in self._labels:
                    needed[root] = None
                    waiting.append(root)
        return [root for root in needed if root not in own]


def _pairs(roots: list[str]) -> list[tuple[str, str]]:
    if len(roots) <= _ALL_PAIRS:
        return list(combinations(roots, 2))
    return [(roots[0], root) for root in roots[1:]]


def _is_definition(value: object) -> bool:
    return type(value) is FunctionType or issubclass(type(value), type)


def _qualified_name(value: Any) -> str:
    if type(value) is FunctionType:
        return value.__qualname__
    return str(type.__dict__["__qualname__"].__get__(value))


def _type_name(value: object) -> str:
    kind = type(value)
    module = type.__dict__["__module__"].__get__(kind)
    name = str(type.__dict__["__qualname__"].__get__(kind))
    return name if module in {"builtins", "__main__"} else f"{module}.{name}"
