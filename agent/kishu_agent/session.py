"""One attached kernel: wires tracking, recording and restoring to IPython's events."""

from __future__ import annotations

import atexit
import contextlib
import logging
import os
import platform
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kishu_agent import errors, interrupts
from kishu_agent.attaching import connection_file
from kishu_agent.errors import KishuError, RecordingError, RestoreError
from kishu_agent.folder.folder import Folder
from kishu_agent.history import naming, refs
from kishu_agent.history.checkpoint import Cell, CellError, Checkpoint, new_id
from kishu_agent.history.event import Event, now
from kishu_agent.history.head import Head
from kishu_agent.protocol.models import Diagnosis, RestoreReport, SessionStatus
from kishu_agent.record.preview import clean, preview
from kishu_agent.record.recorder import Job, Recorder
from kishu_agent.record.versions import versions_of
from kishu_agent.restore.environment import Change
from kishu_agent.restore.restorer import Leave, Restoration, Restorer
from kishu_agent.soundness import bounded_recursion, replaced_builtin
from kishu_agent.tracking.covariable import Covariable
from kishu_agent.tracking.environment import Surroundings
from kishu_agent.tracking.idle import Idle
from kishu_agent.tracking.names import Names, is_front_end_code
from kishu_agent.tracking.randomness import Randomness
from kishu_agent.tracking.reach import Reach, Reached
from kishu_agent.tracking.tracker import Look, Tracker
from kishu_agent.untraced import untraced
from kishu_agent.version import __version__

if TYPE_CHECKING:
    from collections.abc import Iterator

    from IPython.core.interactiveshell import ExecutionInfo, ExecutionResult, InteractiveShell

    from kishu_agent.history.checkpoint import Kind, Outcome
    from kishu_agent.history.graph import History
    from kishu_agent.history.naming import NamedBranch
    from kishu_agent.tracking.covariable import Roots

_log = logging.getLogger("kishu_agent")

_CHEAP = 0.02
"""Seconds: while a look at everything takes less, everything is looked at after each cell."""

_PREVIEWS = 200
"""Names of a checkpoint that get a preview."""


class Session:
    """The recording of one kernel for one notebook. Made by `kishu_agent.attach`."""

    def __init__(self, shell: InteractiveShell, notebook: Path) -> None:
        self.id = new_id()
        self.notebook = notebook
        self._shell = shell
        self._pid = os.getpid()
        self._connection = connection_file()
        self._namespace: dict[str, Any] = shell.user_ns
        self._names = Names(self._namespace, shell.user_ns_hidden)
        self._randomness = Randomness()
        self._running: tuple[str, float] | None = None
        self._restored_in_cell = False
        self._depth = 0
        self._before_front_end: set[str] | None = None
        self._in_hidden = self._hidden_ran = False
        self._ignores_cells = False
        self._surroundings = Surroundings(notebook.parent)
        self._reach = Reach(shell.transform_cell)
        self._verification = Idle()
        self._redo: list[str] = []
        self._failure: str | None = None
        self._head: str | None = None
        self._branch: str | None = None
        self._attached = False
        self._open()

    def _open(self) -> None:
        self.folder = Folder.create(self.notebook.parent)
        self._history_files = self.folder.notebook(self.notebook.name)
        self._history: History = self._history_files.load()
        self._tracker = Tracker(self._namespace, self._names, self._randomness)
        self._restorer = Restorer(
            self._shell,
            self._names,
            self._randomness,
            self._tracker,
            self.folder.frames,
            lambda: self,
            self._ignoring_cells,
        )
        self._recorder = Recorder(self.folder, self._history_files, self._history, self._written)

    def __repr__(self) -> str:
        state = "recording" if self._attached else "detached"
        return f"<Session {self.notebook.name}: {state}, head {(self.head or 'none')[:8]}>"

    @property
    def attached(self) -> bool:
        """Whether the session is being recorded."""
        return self._attached

    def runs_here(self) -> bool:
        """Tell whether this process is the kernel, and not a fork of it."""
        return os.getpid() == self._pid

    # Recording

    def start(self) -> None:
        """Begin to record; the state that is there becomes the first checkpoint."""
        if self._attached:
            return
        events = self._shell.events
        events.register("pre_run_cell", self._before_cell)
        events.register("post_run_cell", self._after_cell)
        events.register("post_execute", self._after_message)
        atexit.register(self._at_exit)
        self._attached = True
        if self._names.current():
            self._record_start()

    def detach(self) -> None:
        """Stop recording. What was recorded becomes durable first; the history stays."""
        if not self._attached:
            return
        events = self._shell.events
        for name, callback in (
            ("pre_run_cell", self._before_cell),
            ("post_run_cell", self._after_cell),
            ("post_execute", self._after_message),
        ):
            with contextlib.suppress(ValueError):
                events.unregister(name, callback)
        atexit.unregister(self._at_exit)
        self._attached = False
        self._verification.cancel()
        self._recorder.close(timeout=60)
        self._remove_head_file()

    def _at_exit(self) -> None:
        if os.getpid() == self._pid:
            self._recorder.close(timeout=30)
            self._remove_head_file()

    @contextlib.contextmanager
    def _ignoring_cells(self) -> Iterator[None]:
        """Take no notice of cells: those that run again on the side are not recorded."""
        self._ignores_cells = True
        try:
            yield
        finally:
            self._ignores_cells = False

    @untraced()
    def _before_cell(self, info: ExecutionInfo) -> None:
        """Note the start of a cell. Called by IPython; never raises."""
        if os.getpid() != self._pid or self._ignores_cells:
            return
        try:
            self._recorder.settle()
            if not info.store_history or info.silent:
                self._before_hidden(info.raw_cell or "")
                return
            self._depth += 1
            if self._depth == 1:
                self._verification.cancel()
                if self._head is None:
                    self._record_start()
                self._running = (now(), time.perf_counter())
        except BaseException as error:
            self._fail(error)

    @untraced()
    def _after_cell(self, result: ExecutionResult) -> None:
        """Record a cell that ended. Called by IPython; never raises."""
        if os.getpid() != self._pid or self._ignores_cells:
            return
        info = result.info
        if info is None or not info.store_history or info.silent:
            self._in_hidden = False
            self._after_front_end()
            return
        self._depth = max(0, self._depth - 1)
        if self._depth or not (info.raw_cell or "").strip():
            return  # part of another cell, or an empty one: IPython announces only the end of those
        started, clock = self._running or (now(), time.perf_counter())
        duration = time.perf_counter() - clock
        self._running = None
        restored, self._restored_in_cell = self._restored_in_cell, False
        try:
            self._check_soundness()
            if restored and not self._tracker.look().differs:
                return  # the cell did nothing but restore: the session is at the restored checkpoint
            self._record_cell(info, result, started, duration)
        except KeyboardInterrupt:
            self._fail(RecordingError("Recording was interrupted; the next cell's checkpoint has it all."))
        except BaseException as error:
            self._fail(error)

    def _after_message(self) -> None:
        """Look, once the kernel is idle, for what a widget's callback changed. Called by IPython after those too."""
        if self.runs_here() and not self._depth and not self._in_hidden:
            self._verification.schedule_if_none(self._verify)

    def _before_hidden(self, source: str) -> None:
        """Take note of code that is no cell of the person's."""
        self._in_hidden = True
        self._before_front_end = None
        if not is_front_end_code(source):
            self._hidden_ran = True
        elif not self._depth:
            self._before_front_end = self._names.before_front_end()

    def _after_front_end(self) -> None:
        """Take note of names that hidden code left behind, unless it was a restore that made them."""
        before, self._before_front_end = self._before_front_end, None
        if before is not None:
            self._names.note_front_end(before)

    def _check_soundness(self) -> None:
        if (name := replaced_builtin()) is not None:
            raise RecordingError(
                f"The built-in {name} was replaced or deleted, on which recording depends.",
                action="Put it back; the next cell's checkpoint then has everything.",
            )
        if self._shell.user_ns is not self._namespace:
            raise RecordingError(
                "Cells run in another namespace than the one that is recorded.",
                action="Attach again to record it.",
            )

    def _fail(self, error: BaseException) -> None:
        self._failure = str(error) if isinstance(error, KishuError) else f"{type(error).__name__}: {error}"
        _log.error("not recorded: %s", self._failure, exc_info=error)

    def _record_start(self) -> None:
        self._record("start", now(), 0.0, "ok")

    def _record_cell(
        self, info: ExecutionInfo, result: ExecutionResult, started: str, duration: float
    ) -> None:
        if self._head is None:
            self._record_start()
        error = result.error_before_exec or result.error_in_exec
        outcome: Outcome = "ok"
        if isinstance(error, KeyboardInterrupt):
            outcome = "interrupted"
        elif error is not None or not result.success:
            outcome = "error"
        cell = Cell(clean(str(info.raw_cell)), _text(info.cell_id), result.execution_count)
        self._redo.clear()
        self._names.note_cell(cell.code)
        reached = self._reach.of_cell(cell.code, self._names.current(), self._tracker.covariables)
        hidden_ran, self._hidden_ran = self._hidden_ran, False
        everything = self._tracker.seconds < _CHEAP or hidden_ran
        look = self._tracker.look(None if everything else reached.changed, reached.touched)
        self._record("cell", started, duration, outcome, cell, _cell_error(error), look, reached)
        if look.partial or self._reach.later:
            self._verification.schedule(self._verify)

    @untraced()
    def _verify(self) -> None:
        """Compare what the last cell's code does not reach, and record what was found to have changed."""
        if not self._attached or self._depth:
            return
        try:
            self._check_soundness()
            look = self._tracker.look()
            if look.differs:
                self._record("between", now(), 0.0, "ok", look=look)
        except BaseException as error:
            self._fail(error)

    def _record(
        self,
        kind: Kind,
        started: str,
        duration: float,
        outcome: Outcome,
        cell: Cell | None = None,
        error: CellError | None = None,
        look: Look | None = None,
        reached: Reached | None = None,
    ) -> None:
        """Record the session as it is now as a child of HEAD."""
        if not (self.folder.path / "format.json").exists():
            self._start_over()
            look = None
        look = look or self._tracker.look()
        branch, event = self._choose_branch(self.head)
        checkpoint = Checkpoint(
            id=new_id(),
            parent=self._head,
            branch=branch,
            kind=kind,
            started=started,
            duration=duration,
            outcome=outcome,
            cell=cell,
            error=error,
            created=look.created,
            changed=look.changed,
            deleted=look.deleted,
            previews=self._previews(look),
            problems=_problems(look.covariables),
            reads=reached.reads if reached is not None else None,
            effects=reached.effects if reached is not None else (),
            packages=_packages(look.covariables),
            session=self.id,
            agent=__version__,
            python=platform.python_version(),
            environment=self._surroundings.note(),
        )
        self._tracker.keep(look)
        self._head, self._branch, self._failure = checkpoint.id, branch, None
        self._recorder.add(Job(checkpoint, look.covariables, event))

    def _start_over(self) -> None:
        """Make the folder again after somebody removed it while the kernel runs."""
        self._recorder.close(timeout=60)
        self._open()
        self._head = self._branch = None
        self._redo.clear()

    def _previews(self, look: Look) -> dict[str, Any]:
        names = (*look.created, *look.changed)[:_PREVIEWS]
        return {name: preview(self._namespace[name]) for name in names if name in self._namespace}

    def _choose_branch(self, parent: str | None) -> tuple[str, Event | None]:
        """Return the branch for a child of `parent`, with the event that begins it if it is a new one."""
        if self._branch is not None:
            return self._branch, None
        checkpoint = self._history.get(parent)
        if checkpoint is not None and self._history.branch_head(checkpoint.branch) == parent:
            return checkpoint.branch, None
        branch = new_id()[:8]
        taken = {known.name for known in self._history.branches.values()}
        number = len(taken) + 1
        name = "main" if not taken else f"branch-{number}"
        while name in taken:
            number += 1
            name = f"branch-{number}"
        return branch, Event(id=new_id(), kind="branch", subject=branch, name=name, time=now())

    def _written(self, _checkpoint: str) -> None:
        """Note where the history is. Called in the recorder's thread after each job."""
        if self._recorder.failure is not None:
            self._failure = self._recorder.failure
        self._write_head_file()

    def _write_head_file(self) -> None:
        if self._attached:
            head = self.head
            checkpoint = self._history.get(head)
            branch = self._branch or (checkpoint.branch if checkpoint else None)
            with contextlib.suppress(KishuError):
                self.folder.heads.write(
                    Head(self.id, self.notebook.name, head, branch, now(), self._pid, self._connection)
                )

    def _remove_head_file(self) -> None:
        self.folder.heads.remove(self.id)

    def flush(self, timeout: float | None = None) -> bool:
        """Return True when all that was recorded is durable, False if `timeout` seconds were not enough."""
        return self._recorder.flush(timeout)

    # History

    @property
    def head(self) -> str | None:
        """Id of the checkpoint that the kernel is at; None before the first."""
        return self._recorder.resolve(self._head)

    @property
    def failure(self) -> str | None:
        """Why the last state was not recorded; None if it was."""
        return self._failure

    def checkpoints(self) -> tuple[Checkpoint, ...]:
        """Return all checkpoints of the notebook, oldest first, after making them durable."""
        return self._refreshed().checkpoints

    def _refreshed(self) -> History:
        self.flush()
        self._history.update(self._history_files.load())
        return self._history

    def branches(self) -> tuple[NamedBranch, ...]:
        """Return the branches of the notebook, by name."""
        history = self._refreshed()
        head = history.get(self.head)
        return naming.branches(history, self._branch or (head.branch if head else None))

    def tag(self, name: str, ref: str = "HEAD") -> None:
        """Give a checkpoint a name of its own. Raises UnknownRefError, AmbiguousRefError, InvalidNameError."""
        history = self._refreshed()
        self._add_event(naming.tagging(history, name, refs.resolve(history, ref, self.head)))

    def rename_branch(self, name: str, new_name: str) -> None:
        """Give a branch, named by its name or id, another name.

        Raises UnknownRefError, AmbiguousRefError, InvalidNameError.
        """
        self._add_event(naming.renaming(self._refreshed(), name, new_name))

    def _add_event(self, event: Event) -> None:
        self._history_files.add_event(event)
        self._history.append_event(event)

    def status(self) -> SessionStatus:
        """Return the state of recording."""
        head = self._history.get(self.head) or self._recorder.find(self.head)
        branch = self._branch or (head.branch if head else None)
        return SessionStatus(
            attached=self._attached,
            session=self.id,
            notebook=str(self.notebook),
            folder=str(self.folder.path),
            head=self.head,
            branch=self._history.branch_name(branch) if branch else None,
            pending=self._recorder.pending,
            can_undo=head is not None and head.parent is not None,
            can_redo=bool(self._redo),
            failure=self._failure,
            agent=__version__,
            python=platform.python_version(),
        )

    def doctor(self) -> tuple[Diagnosis, ...]:
        """Tell for each variable how it is recorded, what that costs, and why it is recorded with others.

        Encodes everything anew; changes nothing and records nothing. Raises NotAttachedError.
        """
        if not self._attached:
            raise errors.NotAttachedError("This session is detached.")
        from kishu_agent.doctor import Doctor

        history, head = self._refreshed(), self.head
        state = history.state(head) if head is not None else {}
        return Doctor(self._tracker, self._names.current(), state).diagnose()

    # Restoring

    def restore(
        self, ref: str, *, missing_ok: bool = False, replay: bool | None = None, environment: bool = False
    ) -> RestoreReport:
        """Put the session's variables into the state of a checkpoint.

        `ref` is an id, a unique prefix of one, a branch or tag name, or `HEAD~n`. Variables whose live objects are
        right already stay the same objects. With `environment`, the working directory, environment variables and
        `sys.path` are put back as well. All or nothing: on an error the session is as it was.

        What has no stored form (a generator, a database connection) is made again by running the recorded cells
        that made it on the side. By default only cells run that have no effects outside of the session, took no
        longer than 10 seconds and did not fail; `replay=True` runs others too, `replay=False` none. `missing_ok`
        leaves out what does not come back, and names it in the report.

        Raises UnknownRefError, AmbiguousRefError, ReplayNeededError, NotRestorableError, LoadError, DamagedError.
        """
        target = refs.resolve(self._refreshed(), ref, self.head)
        report = self._restore(target, Leave(missing_ok, replay, environment))
        self._redo.clear()
        return report

    def undo(
        self, *, missing_ok: bool = False, replay: bool | None = None, environment: bool = False
    ) -> RestoreReport:
        """Go back to the state before the last cell. Raises NothingToUndoError, and what `restore` does."""
        head = self._refreshed().get(self.head)
        if head is None or head.parent is None:
            raise errors.NothingToUndoError("There is nothing to undo: this is the first state.", "undo")
        report = self._restore(head.parent, Leave(missing_ok, replay, environment))
        self._redo.append(report.previous or head.id)
        return report

    def redo(
        self, *, missing_ok: bool = False, replay: bool | None = None, environment: bool = False
    ) -> RestoreReport:
        """Go forward again after `undo`. Raises NothingToRedoError, and what `restore` does."""
        if not self._redo:
            raise errors.NothingToRedoError("There is nothing to redo.", "redo")
        self._refreshed()
        report = self._restore(self._redo[-1], Leave(missing_ok, replay, environment))
        self._redo.pop()
        return report

    @untraced()
    def _restore(self, target: str, leave: Leave) -> RestoreReport:
        clock = time.perf_counter()
        if not self._attached:
            raise errors.NotAttachedError("This session is detached.")
        self._check_soundness()
        self._record_unrecorded(environment=leave.environment)
        self._history.state(target)  # DamagedError if it cannot be put together, which is said first
        change = Change(self._surroundings, self._history[target].environment)
        if leave.environment:
            change.check(missing_ok=leave.missing)
        previous, finalized = self.head, self._tracker.finalized
        try:
            restoration = self._carry_out(target, leave, change if leave.environment else None)
        finally:
            self._restorer.recover()
        if finalized and (look := self._tracker.look()).differs:
            # Objects that were replaced have a __del__, which changed what was just restored.
            self._tracker.note(look)
            self._carry_out(target, Leave(missing=True, replay=False))
        self._write_head_file()
        return RestoreReport(
            checkpoint=target,
            previous=previous,
            restored=restoration.restored,
            removed=restoration.gone,
            kept=restoration.kept,
            missing=restoration.missing,
            replayed=restoration.replayed,
            environment=change.sentences(put_back=leave.environment),
            seconds=time.perf_counter() - clock,
        )

    def _carry_out(self, target: str, leave: Leave, environment: Change | None = None) -> Restoration:
        with bounded_recursion():
            restoration = self._restorer.prepare(self._history, target, leave)
        with interrupts.delayed():
            replaced = self._restorer.carry_out(restoration, environment)
            self._head, self._branch = target, None
            self._restored_in_cell = self._depth > 0
            self._before_front_end = None
        self._surroundings.note()
        with bounded_recursion():
            self._restorer.adopt(restoration)
        del replaced  # not before: a __del__ must not change what is adopted
        return restoration

    def _record_unrecorded(self, *, environment: bool) -> None:
        """Record what changed since the last checkpoint, so that a restore loses nothing."""
        look = self._tracker.look()
        if self._head is None:
            if self._names.current():
                self._record("start", now(), 0.0, "ok", look=look)
        elif look.differs or (environment and self._surroundings.changed):
            self._record("between", now(), 0.0, "ok", look=look)
        self._recorder.flush()
        if self._failure is not None and self._recorder.failure is not None:
            raise RestoreError(
                f"The current state could not be recorded first: {self._recorder.failure}",
                action="Nothing was changed.",
            )


def _problems(covariables: dict[Roots, Covariable]) -> dict[str, str]:
    return {
        root: covariable.problem
        for covariable in covariables.values()
        if covariable.problem is not None and covariable.waits
        for root in covariable.roots
        if ":" not in root
    }


def _packages(covariables: dict[Roots, Covariable]) -> dict[str, str]:
    changed = (covariable.packages for covariable in covariables.values() if covariable.waits)
    return versions_of(set().union(*changed))


def _cell_error(error: BaseException | None) -> CellError | None:
    if error is None:
        return None
    try:
        message = str(error)
    except Exception:
        message = ""
    return CellError(type(error).__name__, clean(message[:500]))


def _text(value: object) -> str | None:
    return value if type(value) is str else None
