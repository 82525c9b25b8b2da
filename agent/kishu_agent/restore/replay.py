"""Runs recorded cells again where they can touch nothing of the session.

The cells run in the kernel's own namespace, since functions of the notebook are bound to it; what it holds is set
aside meanwhile. What a cell reads is loaded for it from the state before it. So what a cell makes again has copies
of its own of what it read, except for functions and classes of the notebook, which are those of the state that is
restored.
"""

from __future__ import annotations

import ast
import inspect
import os
import sys
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import FunctionType
from typing import TYPE_CHECKING, Any

from kishu_agent import interrupts
from kishu_agent.encoding.decoder import DecodeError, Load
from kishu_agent.encoding.definitions import PREFIX
from kishu_agent.record.storage import source
from kishu_agent.tracking import randomness

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from types import CodeType

    from IPython.core.interactiveshell import InteractiveShell

    from kishu_agent.folder.frames import FrameStore
    from kishu_agent.history.checkpoint import StoredCovariable
    from kishu_agent.history.graph import State
    from kishu_agent.restore.aside import Aside
    from kishu_agent.restore.line import Rerun
    from kishu_agent.tracking.randomness import Randomness
    from kishu_agent.tracking.tracker import Tracker


class _ReplayError(Exception):
    """A cell did not bring back what it made the first time."""


@dataclass(slots=True)
class Replayed:
    """What cells that ran again gave."""

    made: dict[StoredCovariable, dict[str, Any]] = field(default_factory=dict)
    """Objects by root, of each co-variable that was wanted or read."""
    failed: dict[StoredCovariable, str] = field(default_factory=dict)
    cells: list[str] = field(default_factory=list)
    """Ids of the checkpoints whose cells ran."""


class Replayer:
    """Runs cells of one session again."""

    def __init__(
        self,
        shell: InteractiveShell,
        aside: Aside,
        generators: Randomness,
        tracker: Tracker,
        frames: FrameStore,
        session: Callable[[], Any],
    ) -> None:
        self._shell: Any = shell
        self._namespace: dict[str, Any] = shell.user_ns
        self._aside = aside
        self._generators = generators
        self._tracker = tracker
        self._frames = frames
        self._session = session

    def run(self, reruns: Iterable[Rerun], target: State, objects: Mapping[str, Any]) -> Replayed:
        """Run cells one after the other. `objects` has those of the target's state that are there already, by root.

        What fails is noted with the reason. Raises KeyboardInterrupt when the person stops it; whatever happens,
        the session is as it was when this returns.
        """
        replayed = Replayed()
        known = _Known(target, dict(objects))
        with interrupts.watched():
            for rerun in reruns:
                lacking = next((read for read in rerun.inputs if read in replayed.failed), None)
                try:
                    if lacking is not None:
                        raise _ReplayError(replayed.failed[lacking])
                    made = self._run(rerun, known, replayed.made)
                except _ReplayError as error:
                    replayed.failed.update(dict.fromkeys(rerun.wanted, str(error)))
                else:
                    replayed.made.update(made)
                    for values in made.values():
                        known.objects.update(values)
                replayed.cells.append(rerun.checkpoint.id)
        return replayed

    def _run(
        self, rerun: Rerun, known: _Known, made: Mapping[StoredCovariable, dict[str, Any]]
    ) -> dict[StoredCovariable, dict[str, Any]]:
        tree = ast.parse(self._shell.transform_cell(rerun.cell.code))
        inputs = self._load(rerun.inputs, known, made)
        statements = known.of_statements(rerun, tree)
        definitions = [added for added in rerun.checkpoint.added if known.definitions(added) is not None]
        same = self._load((*definitions, *statements), known, {})
        tree.body = [statement for statement in tree.body if getattr(statement, "name", None) not in same]
        code = self._compile(tree, rerun)
        generators = {root: value for root, value in inputs.items() if root.startswith(randomness.PREFIX)}

        def work() -> dict[StoredCovariable, dict[str, Any]]:
            with self._environment(), self._output(), self._randomness(generators):
                self._execute(code, rerun)
                return {stored: self._collect(stored, rerun, known) for stored in rerun.wanted}

        made_again: dict[StoredCovariable, dict[str, Any]] = self._aside.run({**inputs, **same}, work)
        return made_again

    def _load(
        self,
        wanted: Iterable[StoredCovariable],
        known: _Known,
        made: Mapping[StoredCovariable, dict[str, Any]],
    ) -> dict[str, Any]:
        """Return copies of co-variables, by root, that refer to the definitions of the target and to what cells made."""
        wanted = list(wanted)
        while True:
            load = Load(self._namespace, self._tracker.definitions, self._session)
            present: dict[str, Any] = {}
            for stored in wanted:
                there = made[stored] if stored in made else known.definitions(stored)
                if there is not None:
                    present.update(there)
                    for root, value in there.items():
                        if root.startswith(PREFIX):
                            load.define(root.removeprefix(PREFIX), value)
                elif stored.how not in {"none", "replay"}:
                    load.add(source(self._frames, stored))
            try:
                return {**load.run(), **present}
            except DecodeError as error:
                wanted = [stored for stored in wanted if stored.roots != error.roots]

    def _compile(self, tree: ast.Module, rerun: Rerun) -> CodeType:
        shell = self._shell
        name = shell.compile.cache(rerun.cell.code, rerun.cell.execution_count or 0, rerun.cell.code)
        with shell.compile.extra_flags(ast.PyCF_ALLOW_TOP_LEVEL_AWAIT):
            code: CodeType = shell.compile(shell.transform_ast(tree), name, "exec")
        if code.co_flags & inspect.CO_COROUTINE:
            raise _ReplayError(f"{rerun.label} waits for other tasks, and cannot be run again on the side")
        return code

    def _execute(self, code: CodeType, rerun: Rerun) -> None:
        error = rerun.checkpoint.error
        expected = error.name if error is not None else None
        raised: BaseException | None = None
        try:
            exec(code, self._namespace)  # noqa: S102 - a cell of the person's, as recorded
        except BaseException as failure:
            interrupts.reraise(failure)
            raised = failure
        found = type(raised).__name__ if raised is not None else None
        if found != expected:
            how = f"raised {found}: {raised}" if found is not None else f"did not raise {expected}"
            raise _ReplayError(f"{rerun.label} was run again and {how}")

    def _collect(self, stored: StoredCovariable, rerun: Rerun, known: _Known) -> dict[str, Any]:
        """Take a co-variable out of the namespace. It must fit the state that is restored."""
        values: dict[str, Any] = {}
        for root in stored.roots:
            if root.startswith(PREFIX):
                values[root] = self._definition(root, rerun)
            elif root in self._namespace:
                values[root] = self._namespace[root]
            else:
                raise _ReplayError(f"{rerun.label} was run again and did not make {root}")
        definitions = {
            root: value for root, value in {**known.objects, **values}.items() if root.startswith(PREFIX)
        }
        if self._tracker.depends(stored.roots, values, definitions) - known.roots:
            raise _ReplayError(f"{rerun.label} was run again and made functions or classes of its own")
        return values

    def _definition(self, root: str, rerun: Rerun) -> Any:
        """Return the function or class that was made for a uid: the one to which a name refers after the cell."""
        names = (
            stored.roots[0]
            for stored in (*rerun.before.values(), *rerun.checkpoint.added)
            if root in stored.depends and ":" not in stored.roots[0]
        )
        found = {id(value): value for name in names if _is_definition(value := self._namespace.get(name))}
        if len(found) != 1:
            raise _ReplayError(f"{rerun.label} was run again, and no name leads to what it defined")
        return next(iter(found.values()))

    @contextmanager
    def _environment(self) -> Iterator[None]:
        """Put back what a cell may change of the process, and close the figures that it opened."""
        directory, variables, path = _working_directory(), dict(os.environ), list(sys.path)
        figures = _figures()
        try:
            yield
        finally:
            if directory is not None and directory != _working_directory():
                os.chdir(directory)
            if variables != dict(os.environ):
                os.environ.clear()
                os.environ.update(variables)
            sys.path[:] = path
            for number in _figures() - figures:
                sys.modules["matplotlib.pyplot"].close(number)

    @contextmanager
    def _output(self) -> Iterator[None]:
        """Keep what a cell prints and shows out of the notebook."""
        from IPython.utils.capture import capture_output

        with capture_output():
            yield

    @contextmanager
    def _randomness(self, states: Mapping[str, Any]) -> Iterator[None]:
        before = self._generators.values()
        try:
            for root, state in states.items():
                self._generators.restore(root, state)
            yield
        finally:
            for root, state in before.items():
                self._generators.restore(root, state)


def _is_definition(value: object) -> bool:
    return type(value) is FunctionType or issubclass(type(value), type)


class _Known:
    """What cells that run again take from the state that is restored, since they must refer to the same objects."""

    def __init__(self, target: State, objects: dict[str, Any]) -> None:
        self._target = target
        self.objects = objects
        """What there is already of that state, by root."""
        self.roots = {root for roots in target for root in roots}

    def definitions(self, stored: StoredCovariable) -> dict[str, Any] | None:
        """Return the objects of a co-variable of definitions if the target has it in the same version."""
        if self._target.get(stored.roots) != stored or not all(
            root.startswith(PREFIX) for root in stored.roots
        ):
            return None
        found = {root: self.objects.get(root) for root in stored.roots}
        return None if None in found.values() else found

    def of_statements(self, rerun: Rerun, tree: ast.Module) -> tuple[StoredCovariable, ...]:
        """Return the names that a cell's own `def` and `class` statements bind to what the target has as it was then.

        Those statements need not run again.
        """
        kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
        defined = {statement.name for statement in tree.body if isinstance(statement, kinds)}
        added = {root: stored for stored in rerun.checkpoint.added for root in stored.roots}
        names = {added[name] for name in defined & added.keys()} - set(rerun.wanted)
        return tuple(
            stored
            for stored in names
            if stored.how == "pickle"
            and defined.issuperset(stored.roots)
            and all(root in added and self.definitions(added[root]) is not None for root in stored.depends)
        )


def _working_directory() -> str | None:
    """Return the working directory, None if it was deleted."""
    try:
        return os.getcwd()  # noqa: PTH109 - what the process has, no path of ours
    except FileNotFoundError:
        return None


def _figures() -> set[int]:
    pyplot = sys.modules.get("matplotlib.pyplot")
    return set(pyplot.get_fignums()) if pyplot is not None else set()
