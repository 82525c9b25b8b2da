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
from kishu_agent.executions import Executions, Listener, Ran
from kishu_agent.folder.folder import Folder
from kishu_agent.history import naming, refs
from kishu_agent.history.checkpoint import Checkpoint, new_id
from kishu_agent.history.event import Event, now
from kishu_agent.history.head import Head
from kishu_agent.protocol.models import Diagnosis, RestoreReport, SessionStatus
from kishu_agent.record import summary
from kishu_agent.record.recorder import Job, Recorder
from kishu_agent.restore.environment import Change
from kishu_agent.restore.restorer import Leave, Restoration, Restorer
from kishu_agent.soundness import bounded_recursion, replaced_builtin
from kishu_agent.tracking.environment import Surroundings
from kishu_agent.tracking.idle import Idle
from kishu_agent.tracking.names import Names
from kishu_agent.tracking.randomness import Randomness
from kishu_agent.tracking.reach import Reach, Reached
from kishu_agent.tracking.tracker import Look, Tracker
from kishu_agent.untraced import untraced
from kishu_agent.version import __version__

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from kishu_agent.history.checkpoint import Kind
    from kishu_agent.history.graph import History
    from kishu_agent.history.naming import NamedBranch

_log = logging.getLogger("kishu_agent")

_CHEAP = 0.02
"""Seconds: while a look at everything takes less, everything is looked at after each cell."""


class Session:
    """The recording of one kernel for one notebook. Made by `kishu_agent.attach`."""

    def __init__(self, shell: InteractiveShell, notebook: Path) -> None:
        self.id = new_id()
        self.notebook = notebook
        self._shell = shell
        self._connection = connection_file()
        self._namespace: dict[str, Any] = shell.user_ns
        self._names = Names(self._namespace, shell.user_ns_hidden)
        self._randomness = Randomness()
        listener = Listener(
            self._code_begins, self._cell_begins, self._cell_ended, self._callback_ended, self._fail
        )
        self._executions = Executions(shell, self._names, listener)
        self._restored_in_cell = False
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
            self._executions.ignored,
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
        return self._executions.runs_here

    # Recording

    def start(self) -> None:
        """Begin to record; the state that is there becomes the first checkpoint."""
        if self._attached:
            return
        self._executions.begin()
        atexit.register(self._at_exit)
        self._attached = True
        if self._names.current():
            self._record_start()

    def detach(self) -> None:
        """Stop recording. What was recorded becomes durable first; the history stays."""
        if not self._attached:
            return
        self._executions.end()
        atexit.unregister(self._at_exit)
        self._attached = False
        self._verification.cancel()
        self._recorder.close(timeout=60)
        self._remove_head_file()

    def _at_exit(self) -> None:
        if self.runs_here():
            self._recorder.close(timeout=30)
            self._remove_head_file()

    def _code_begins(self) -> None:
        """Let go of the person's memory, which code may change now."""
        self._restorer.recover()
        self._recorder.settle()

    def _cell_begins(self) -> None:
        """Record the state before the first cell."""
        self._verification.cancel()
        if self._head is None:
            self._record_start()

    def _cell_ended(self, ran: Ran) -> None:
        """Record a cell."""
        restored, self._restored_in_cell = self._restored_in_cell, False
        self._check_soundness()
        if restored and not self._tracker.look().differs:
            return  # the cell did nothing but restore: the session is at the restored checkpoint
        if self._head is None:
            self._record_start()
        self._redo.clear()
        code = ran.cell.code
        self._names.note_cell(code)
        reached = self._reach.of_cell(code, self._names.current(), self._tracker.covariables)
        hidden_ran, self._executions.hidden_ran = self._executions.hidden_ran, False
        everything = self._tracker.seconds < _CHEAP or hidden_ran
        look = self._tracker.look(None if everything else reached.changed, reached.touched)
        self._record("cell", look, ran, reached)
        if look.partial or self._reach.later:
            self._verification.schedule(self._verify)

    def _callback_ended(self) -> None:
        """Look, once the kernel is idle, for what a widget's callback changed."""
        self._verification.schedule_if_none(self._verify)

    def _fail(self, error: BaseException) -> None:
        """Note why a state is not recorded."""
        if isinstance(error, KeyboardInterrupt):
            error = RecordingError("Recording was interrupted; the next cell's checkpoint has it all.")
        self._failure = str(error) if isinstance(error, KishuError) else f"{type(error).__name__}: {error}"
        _log.error("not recorded: %s", self._failure, exc_info=error)

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

    def _record_start(self) -> None:
        self._record("start", self._tracker.look())

    @untraced()
    def _verify(self) -> None:
        """Compare what the last cell's code does not reach, and record what was found to have changed."""
        if not self._attached or self._executions.in_cell:
            return
        try:
            self._check_soundness()
            look = self._tracker.look()
            if look.differs:
                self._record("between", look)
        except BaseException as error:
            self._fail(error)

    def _record(self, kind: Kind, look: Look, ran: Ran | None = None, reached: Reached | None = None) -> None:
        """Record the session, as it was looked at, as a child of HEAD."""
        if not (self.folder.path / "format.json").exists():
            self._start_over()
            look = self._tracker.look()
        branch, event = naming.branch_after(self._history, self.head, self._branch)
        checkpoint = Checkpoint(
            id=new_id(),
            parent=self._head,
            branch=branch,
            kind=kind,
            started=ran.started if ran is not None else now(),
            duration=ran.duration if ran is not None else 0.0,
            outcome=ran.outcome if ran is not None else "ok",
            cell=ran.cell if ran is not None else None,
            error=ran.error if ran is not None else None,
            created=look.created,
            changed=look.changed,
            deleted=look.deleted,
            previews=summary.previews((*look.created, *look.changed), self._namespace),
            problems=summary.problems(look.covariables.values()),
            reads=reached.reads if reached is not None else None,
            effects=reached.effects if reached is not None else (),
            packages=summary.packages(look.covariables.values()),
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
                    Head(self.id, self.notebook.name, head, branch, now(), os.getpid(), self._connection)
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
            environment=self._environment_report(target, change if leave.environment else None),
            seconds=time.perf_counter() - clock,
        )

    def _environment_report(self, target: str, done: Change | None) -> tuple[str, ...]:
        """Tell what was put back, or how the environment differs. Loading imports libraries, which may change it."""
        if done is not None:
            return done.sentences(put_back=True)
        return Change(self._surroundings, self._history[target].environment).sentences(put_back=False)

    def _carry_out(self, target: str, leave: Leave, environment: Change | None = None) -> Restoration:
        with bounded_recursion():
            restoration = self._restorer.prepare(self._history, target, leave)
        with interrupts.delayed():
            replaced = self._restorer.carry_out(restoration, environment)
            self._head, self._branch = target, None
            self._restored_in_cell = self._executions.in_cell
            self._executions.names_are_the_persons()
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
                self._record("start", look)
        elif look.differs or (environment and self._surroundings.changed):
            self._record("between", look)
        self._recorder.flush()
        if self._failure is not None and self._recorder.failure is not None:
            raise RestoreError(
                f"The current state could not be recorded first: {self._recorder.failure}",
                action="Nothing was changed.",
            )
