"""What a restore has to load, and what stays as it is."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from kishu_agent.encoding.definitions import PREFIX

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Mapping

    from kishu_agent.history.checkpoint import StoredCovariable
    from kishu_agent.tracking.covariable import Covariable, Roots


@dataclass(frozen=True, slots=True)
class Plan:
    """The steps of a restore."""

    keep: tuple[StoredCovariable, ...]
    """Co-variables whose live objects are right."""
    load: tuple[StoredCovariable, ...]
    missing: dict[StoredCovariable, str]
    """Co-variables that would have to be loaded and cannot be, with the reason. Those that have a stored form depend
    on a definition that has none."""

    def is_replaced(self, definitions: tuple[str, ...]) -> bool:
        """Tell whether one of these definitions is loaded."""
        return any(root in definitions for stored in self.load for root in stored.roots)

    def without(self, roots: Roots) -> Plan:
        """Return the plan without one co-variable that it loads."""
        return replace(self, load=tuple(stored for stored in self.load if stored.roots != roots))


def make_plan(
    current: Mapping[Roots, Covariable],
    target: Mapping[Roots, StoredCovariable],
    reused: Container[Roots],
    is_live: Callable[[str], bool],
) -> Plan:
    """Compare the session with a checkpoint.

    `reused` has the roots of co-variables whose objects are live under other names; `is_live` tells whether a
    definition exists, by its uid.

    Equal versions are equal values and stay. What refers to a function or class that is loaded is loaded as
    well, since it must refer to the new one.
    """
    load = {
        roots
        for roots, stored in target.items()
        if not (roots in reused or _is_current(current.get(roots), stored))
    }
    load |= {
        roots
        for roots in target
        for root in roots
        if root.startswith(PREFIX) and not is_live(root.removeprefix(PREFIX))
    }
    loaded_definitions: set[str] = set()
    while True:
        definitions = {root for roots in load for root in roots if root.startswith(PREFIX)}
        if definitions == loaded_definitions:
            break
        loaded_definitions = definitions
        load |= {roots for roots, stored in target.items() if not definitions.isdisjoint(stored.depends)}
    missing = _unloadable(load, target)
    return Plan(
        keep=tuple(stored for roots, stored in target.items() if roots not in load),
        load=tuple(target[roots] for roots in load if roots not in missing),
        missing={target[roots]: reason for roots, reason in missing.items()},
    )


def _unloadable(load: set[Roots], target: Mapping[Roots, StoredCovariable]) -> dict[Roots, str]:
    """Return those without a stored form, and what refers to a function or class of theirs, with the reason."""
    missing = {
        roots: target[roots].reason or "it has no stored form"
        for roots in load
        if target[roots].how in {"none", "replay"}
    }
    while True:
        reasons = {
            root: reason for roots, reason in missing.items() for root in roots if root.startswith(PREFIX)
        }
        found = {
            roots: reasons[root]
            for roots in load - missing.keys()
            for root in target[roots].depends
            if root in reasons
        }
        if not found:
            return missing
        missing.update(found)


def _is_current(live: Covariable | None, stored: StoredCovariable) -> bool:
    return live is not None and live.version == stored.version
