"""Brings a recorded state into the session: everything is loaded on the side first."""

from __future__ import annotations

from dataclasses import dataclass
from types import FunctionType
from typing import TYPE_CHECKING, Any

from kishu_agent.encoding.decoder import DecodeError, Load
from kishu_agent.encoding.definitions import PREFIX
from kishu_agent.errors import LoadError, NotRestorableError, ReplayNeededError
from kishu_agent.record.storage import source
from kishu_agent.record.versions import differing
from kishu_agent.restore.aside import Aside
from kishu_agent.restore.line import Line, make_line
from kishu_agent.restore.patch import Patch, differences
from kishu_agent.restore.plan import Plan, make_plan
from kishu_agent.restore.replay import Replayer
from kishu_agent.restore.swap import swap

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from contextlib import AbstractContextManager

    from IPython.core.interactiveshell import InteractiveShell

    from kishu_agent.folder.frames import FrameStore
    from kishu_agent.history.checkpoint import StoredCovariable
    from kishu_agent.history.graph import History, State
    from kishu_agent.restore.environment import Change
    from kishu_agent.tracking.names import Names
    from kishu_agent.tracking.randomness import Randomness
    from kishu_agent.tracking.tracker import Tracker


@dataclass(frozen=True, slots=True)
class Aim:
    """The state that is to be restored."""

    history: History
    checkpoint: str
    state: State


@dataclass(frozen=True, slots=True)
class Leave:
    """What a restore may do besides loading variables."""

    missing: bool = False
    """Go on without those that do not come back."""
    replay: bool | None = None
    """Run the cells again that made them: True all, False none, None those that nobody needs to be asked about."""
    environment: bool = False
    """Put the working directory, environment variables and `sys.path` back as well."""


@dataclass(frozen=True, slots=True)
class Restoration:
    """A restore of which everything is loaded and nothing is done yet."""

    load: Load
    loading: tuple[StoredCovariable, ...]
    """What is loaded, or was made again by cells that ran on the side."""
    patches: dict[StoredCovariable, Patch]
    """Co-variables whose live arrays are changed in place."""
    keeping: tuple[StoredCovariable, ...]
    bound: dict[str, Any]
    """Live objects that get names that they had."""
    kept: tuple[str, ...]
    gone: tuple[str, ...]
    missing: dict[str, str]
    replayed: tuple[str, ...]
    """Ids of the checkpoints whose cells ran again."""

    @property
    def restored(self) -> tuple[str, ...]:
        """Names whose values were loaded, or whose arrays were changed in place."""
        return _names([*self.load.loaded, *(root for stored in self.patches for root in stored.roots)])


class Restorer:
    """Restores states of one session."""

    def __init__(
        self,
        shell: InteractiveShell,
        names: Names,
        generators: Randomness,
        tracker: Tracker,
        frames: FrameStore,
        session: Callable[[], Any],
        deaf: Callable[[], AbstractContextManager[None]],
    ) -> None:
        """`session` returns what variables that hold the session itself get.

        While a block of `deaf` runs, cells are not recorded.
        """
        self._namespace: dict[str, Any] = shell.user_ns
        self._names = names
        self._generators = generators
        self._tracker = tracker
        self._frames = frames
        self._session = session
        self._deaf = deaf
        self._aside = Aside(self._namespace, names)
        self._replayer = Replayer(shell, self._aside, generators, tracker, frames, session)

    def recover(self) -> None:
        """Put the person's names back if an interrupt has kept that from being done."""
        self._aside.put_back()

    def prepare(self, history: History, target: str, leave: Leave) -> Restoration:
        """Load what differs from the session.

        Raises NotRestorableError, ReplayNeededError, LoadError, DamagedError.
        """
        tracker = self._tracker
        aim = Aim(history, target, history.state(target))
        reused = tracker.reuse(aim.state)
        plan = make_plan(
            tracker.covariables, aim.state, reused, lambda uid: tracker.definitions.find(uid) is not None
        )
        missing = dict(plan.missing)
        line = self._line(aim, missing, leave)
        _refuse(missing, {made for rerun in line.reruns for made in rerun.wanted}, leave)
        patches = self._patches(plan)
        for stored in patches:
            plan = plan.without(stored.roots)
        unloadable: dict[StoredCovariable, str] = {}
        bound = {root: value for stored in plan.keep for root, value in reused.get(stored.roots, {}).items()}
        objects = {**self._live(plan.keep), **bound}
        load, loading = self._load(
            aim, plan.load, objects, None, unloadable if leave.missing or leave.replay else None
        )
        missing.update(unloadable)
        if unloadable and leave.replay:
            again = [stored for stored in missing if stored.how == "replay" or stored in unloadable]
            line = make_line(history, target, again, unloadable)
        objects.update(load.loaded)
        load, made, replayed = self._replay(aim, line, load, objects, missing, leave)
        _refuse(missing, set(), leave)
        left = tuple(stored for stored in missing if tracker.same_objects(stored))
        kept = {root for stored in (*plan.keep, *left) for root in stored.roots}
        there = {*kept, *load.loaded, *(root for stored in patches for root in stored.roots)}
        return Restoration(
            load=load,
            loading=(*loading, *made),
            patches=patches,
            keeping=(*plan.keep, *left),
            bound=bound,
            kept=_names(kept),
            gone=tuple(sorted(self._names.current().keys() - there)),
            missing=_reasons(missing),
            replayed=replayed,
        )

    def _line(self, aim: Aim, missing: dict[StoredCovariable, str], leave: Leave) -> Line:
        """Return the cells that run again. What a person would be asked about is done, refused, or asked about."""
        if leave.replay is False:
            return Line((), {})
        wanted = [stored for stored in missing if stored.how == "replay"]
        line = make_line(aim.history, aim.checkpoint, wanted)
        if line.concerns and leave.replay is None:
            if not leave.missing:
                names = (
                    ", ".join(_names(root for stored in missing for root in stored.roots)) or "what it holds"
                )
                raise ReplayNeededError(
                    f"To bring back {names}, cells have to run again: {', '.join(line.concerns.values())}.",
                    line.concerns,
                )
            wanted = [
                stored for stored in wanted if not make_line(aim.history, aim.checkpoint, [stored]).concerns
            ]
            line = make_line(aim.history, aim.checkpoint, wanted)
        missing.update((stored, reason) for stored, reason in line.refused.items() if stored in missing)
        return line

    def _live(self, kept: Iterable[StoredCovariable]) -> dict[str, Any]:
        """Return the live objects of co-variables that stay, by root."""
        find = self._tracker.definitions.find
        found = {}
        for stored in kept:
            for root in stored.roots:
                value = (
                    find(root.removeprefix(PREFIX)) if root.startswith(PREFIX) else self._namespace.get(root)
                )
                if value is not None:
                    found[root] = value
        return found

    def _replay(
        self,
        aim: Aim,
        line: Line,
        load: Load,
        objects: dict[str, Any],
        missing: dict[StoredCovariable, str],
        leave: Leave,
    ) -> tuple[Load, list[StoredCovariable], tuple[str, ...]]:
        """Run cells again, and load what depends on what they define. What came back is taken out of `missing`."""
        if not line.reruns:
            return load, [], ()
        with self._deaf():
            replayed = self._replayer.run(line.reruns, aim.state, objects)
        missing.update((stored, why) for stored, why in replayed.failed.items() if stored in missing)
        made = [stored for stored in replayed.made if stored in missing]
        for stored in made:
            for root, value in replayed.made[stored].items():
                load.loaded[root] = value
                if root.startswith(PREFIX):
                    load.define(root.removeprefix(PREFIX), value)
            del missing[stored]
        there = {root for stored in made for root in stored.roots}
        absent = {root for stored in missing for root in stored.roots}
        after = [
            stored
            for stored in missing
            if stored.how in {"pickle", "dill"}
            and not there.isdisjoint(stored.depends)
            and absent.isdisjoint(stored.depends)
        ]
        unloadable: dict[StoredCovariable, str] = {}
        load, loaded = self._load(
            aim, after, {**objects, **load.loaded}, load, unloadable if leave.missing else None
        )
        for stored in loaded:
            del missing[stored]
        return load, made + loaded, tuple(replayed.cells)

    def carry_out(self, restoration: Restoration, environment: Change | None = None) -> dict[str, Any]:
        """Put what was loaded into the session, and change the environment, all or nothing.

        Returns what was there instead.
        """
        values = {**restoration.bound, **restoration.load.loaded}
        try:
            for patch in restoration.patches.values():
                patch.apply()
            replaced = swap(
                self._namespace, self._names, self._generators, values, restoration.gone, environment
            )
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

    def _load(
        self,
        aim: Aim,
        wanted: Iterable[StoredCovariable],
        objects: Mapping[str, Any],
        before: Load | None,
        unloadable: dict[StoredCovariable, str] | None,
    ) -> tuple[Load, list[StoredCovariable]]:
        """Load co-variables. With `unloadable`, go on without what does not load, and add it there.

        `objects` has what there is already of the state, by root. Code of the notebook that runs during the load
        has to find the names of that state: they are bound on the side if there may be such code.
        """
        waiting = sorted(wanted, key=lambda stored: stored.size)  # names of functions and classes come early
        deferred: set[StoredCovariable] = set()
        bind = False
        while True:
            try:
                load = self._attempt(waiting, objects, before, bind=bind)
            except DecodeError as error:
                failed = next(stored for stored in waiting if stored.roots == error.roots)
                if not bind and any(stored.depends for stored in waiting):
                    bind = True
                    continue
                waiting.remove(failed)
                if bind and isinstance(error.__cause__, NameError) and failed not in deferred:
                    deferred.add(failed)
                    waiting.append(failed)  # what it needs may be among the others
                elif unloadable is None:
                    raise _load_error(aim, failed, error) from error
                else:
                    unloadable[failed] = str(error)
            else:
                if bind or not _runs_code(load, waiting, aim.state):
                    return load, waiting
                bind = True

    def _attempt(
        self,
        wanted: Iterable[StoredCovariable],
        objects: Mapping[str, Any],
        before: Load | None,
        *,
        bind: bool,
    ) -> Load:
        load = Load(self._namespace, self._tracker.definitions, self._session, before, bind=bind)
        for stored in wanted:
            load.add(source(self._frames, stored))
        if bind:
            self._aside.run(objects, load.run)
        else:
            load.run()
        return load


def _runs_code(load: Load, wanted: Iterable[StoredCovariable], state: State) -> bool:
    """Tell whether keys were hashed by methods of the notebook that use names of it."""
    roots = {root for stored in wanted for root in stored.depends}
    if not roots:
        return False
    names = {root for roots in state for root in roots if ":" not in root}
    classes = (load.definition(root.removeprefix(PREFIX)) for root in roots)
    bodies = (type.__dict__["__dict__"].__get__(cls) for cls in classes if issubclass(type(cls), type))
    methods = (body.get(name) for body in bodies for name in ("__hash__", "__eq__"))
    return any(
        not names.isdisjoint(method.__code__.co_names) for method in methods if type(method) is FunctionType
    )


def _names(roots: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(root for root in roots if ":" not in root))


def _reasons(missing: Mapping[StoredCovariable, str]) -> dict[str, str]:
    return {root: reason for stored, reason in missing.items() for root in _names(stored.roots)}


def _refuse(missing: Mapping[StoredCovariable, str], coming: set[StoredCovariable], leave: Leave) -> None:
    """Raise NotRestorableError for what is missing, unless the restore may go on without it."""
    roots = {root for stored in coming for root in stored.roots}
    reasons = _reasons(
        {
            stored: reason
            for stored, reason in missing.items()
            if stored not in coming and roots.isdisjoint(stored.depends)
        }
    )
    if reasons and not leave.missing:
        names = ", ".join(sorted(reasons))
        raise NotRestorableError(f"{names} cannot be brought back: {next(iter(reasons.values()))}.", reasons)


def _load_error(aim: Aim, failed: StoredCovariable, error: DecodeError) -> LoadError:
    """Describe why a stored form did not load, with the packages that are here in other versions than then."""
    names = _names(failed.roots) or failed.roots
    message = f"{', '.join(names)} could not be loaded: {error}."
    maker = aim.history.origin(aim.checkpoint, failed)
    if maker is None:
        return LoadError(message, names)
    others = differing(maker.packages)
    if others:
        message += f" It was recorded with {'; '.join(others)}."
    action = LoadError.action
    if maker.kind == "cell":
        action += (
            " Or run the cells again that made it (replay=True), or restore without it (missing_ok=True)."
        )
    return LoadError(message, names, action=action)
