"""Brings a recorded state into the session: everything is loaded on the side first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kishu_agent.encoding.decoder import DecodeError, Load
from kishu_agent.errors import LoadError, NotRestorableError
from kishu_agent.record.storage import source
from kishu_agent.restore.patch import Patch, differences
from kishu_agent.restore.plan import Plan, make_plan
from kishu_agent.restore.swap import swap

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from kishu_agent.folder.frames import FrameStore
    from kishu_agent.history.checkpoint import StoredCovariable
    from kishu_agent.history.graph import State
    from kishu_agent.tracking.names import Names
    from kishu_agent.tracking.randomness import Randomness
    from kishu_agent.tracking.tracker import Tracker


@dataclass(frozen=True, slots=True)
class Restoration:
    """A restore of which everything is loaded and nothing is done yet."""

    load: Load
    loading: tuple[StoredCovariable, ...]
    patches: dict[StoredCovariable, Patch]
    """Co-variables whose live arrays are changed in place."""
    keeping: tuple[StoredCovariable, ...]
    bound: dict[str, Any]
    """Live objects that get names that they had."""
    kept: tuple[str, ...]
    gone: tuple[str, ...]
    missing: dict[str, str]

    @property
    def restored(self) -> tuple[str, ...]:
        """Names whose values were loaded, or whose arrays were changed in place."""
        return _names([*self.load.loaded, *(root for stored in self.patches for root in stored.roots)])


class Restorer:
    """Restores states of one session."""

    def __init__(
        self,
        namespace: dict[str, Any],
        names: Names,
        generators: Randomness,
        tracker: Tracker,
        frames: FrameStore,
        session: Callable[[], Any],
    ) -> None:
        """`session` returns what variables that hold the session itself get."""
        self._namespace = namespace
        self._names = names
        self._generators = generators
        self._tracker = tracker
        self._frames = frames
        self._session = session

    def prepare(self, state: State, *, missing_ok: bool) -> Restoration:
        """Load what differs from the session. Raises NotRestorableError, LoadError, DamagedError."""
        tracker = self._tracker
        reused = tracker.reuse(state)
        plan = make_plan(
            tracker.covariables, state, reused, lambda uid: tracker.definitions.find(uid) is not None
        )
        missing = _missing(plan, missing_ok=missing_ok)
        patches = self._patches(plan)
        for stored in patches:
            plan = plan.without(stored.roots)
        load, plan = self._load(plan, missing if missing_ok else None)
        left = tuple(stored for stored in plan.missing if tracker.same_objects(stored))
        kept = {root for stored in (*plan.keep, *left) for root in stored.roots}
        there = {*kept, *load.loaded, *(root for stored in patches for root in stored.roots)}
        return Restoration(
            load=load,
            loading=plan.load,
            patches=patches,
            keeping=(*plan.keep, *left),
            bound={
                root: value for stored in plan.keep for root, value in reused.get(stored.roots, {}).items()
            },
            kept=_names(kept),
            gone=tuple(sorted(self._names.current().keys() - there)),
            missing=missing,
        )

    def carry_out(self, restoration: Restoration) -> dict[str, Any]:
        """Put what was loaded into the session, all or nothing. Returns what was there instead."""
        values = {**restoration.bound, **restoration.load.loaded}
        try:
            for patch in restoration.patches.values():
                patch.apply()
            replaced = swap(self._namespace, self._names, self._generators, values, restoration.gone)
        except BaseException:
            for patch in restoration.patches.values():
                patch.revert()
            raise
        restoration.load.commit()
        return replaced

    def adopt(self, restoration: Restoration) -> None:
        """Make the restored session what the next cell is compared with."""
        self._tracker.adopt(
            restoration.keeping, restoration.patches, restoration.loading, restoration.load.loaded
        )

    def _patches(self, plan: Plan) -> dict[StoredCovariable, Patch]:
        """Return those of the co-variables to be loaded whose live arrays can be changed in place instead."""
        covariables = self._tracker.covariables
        found = {}
        for stored in plan.load:
            wanted = differences(self._frames, covariables.get(stored.roots), stored, covariables)
            if wanted is not None and not plan.is_replaced(stored.depends):
                patch = Patch(self._tracker.arrays(stored.roots), wanted)
                if patch.fits:
                    found[stored] = patch
        return found

    def _load(self, plan: Plan, missing: dict[str, str] | None) -> tuple[Load, Plan]:
        """Load what the plan says. With `missing`, go on without what does not load, and add it there."""
        while True:
            load = Load(self._namespace, self._tracker.definitions, self._session)
            for stored in plan.load:
                load.add(source(self._frames, stored))
            try:
                load.run()
            except DecodeError as error:
                names = _names(error.roots) or error.roots
                if missing is None:
                    message = f"{', '.join(names)} could not be loaded: {error}."
                    raise LoadError(message, names) from error
                plan = plan.without(error.roots)
                missing.update(dict.fromkeys(names, str(error)))
            else:
                return load, plan


def _missing(plan: Plan, *, missing_ok: bool) -> dict[str, str]:
    reasons = {root: reason for stored, reason in plan.missing.items() for root in _names(stored.roots)}
    if reasons and not missing_ok:
        names = ", ".join(sorted(reasons))
        raise NotRestorableError(f"{names} cannot be brought back: {next(iter(reasons.values()))}.", reasons)
    return reasons


def _names(roots: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(root for root in roots if ":" not in root))
