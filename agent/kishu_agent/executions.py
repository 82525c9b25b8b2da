"""Tells the person's cells from everything else that IPython runs, and announces when one begins and when it ended.

Front ends run hidden code of their own, other extensions do, and the extension's requests are hidden code, too. A cell
that runs other cells (magics do) is one cell.
"""

from __future__ import annotations

import contextlib
import os
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kishu_agent.history.checkpoint import Cell, CellError
from kishu_agent.history.event import now
from kishu_agent.record.preview import clean
from kishu_agent.tracking.names import is_front_end_code
from kishu_agent.untraced import untraced

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from IPython.core.interactiveshell import ExecutionInfo, ExecutionResult, InteractiveShell

    from kishu_agent.history.checkpoint import Outcome
    from kishu_agent.tracking.names import Names


@dataclass(frozen=True, slots=True)
class Ran:
    """A cell of the person's that ran."""

    cell: Cell
    started: str
    """UTC, as records have it."""
    duration: float
    """Seconds."""
    outcome: Outcome
    error: CellError | None


@dataclass(frozen=True, slots=True)
class Listener:
    """What is called. An error in one of the first four is passed to the last."""

    code_begins: Callable[[], None]
    """Any code is about to run."""
    cell_begins: Callable[[], None]
    """A cell of the person's is about to run."""
    cell_ended: Callable[[Ran], None]
    callback_ended: Callable[[], None]
    """A message that ran no code was handled; it may have called a widget's functions."""
    fail: Callable[[BaseException], None]
    """Never raises."""


class Executions:
    """Follows IPython's events in one process; a fork of it is not followed."""

    def __init__(self, shell: InteractiveShell, names: Names, listener: Listener) -> None:
        self._shell = shell
        self._names = names
        self._listener = listener
        self._pid = os.getpid()
        self._ignoring = False
        self._depth = 0
        self._in_hidden = False
        self._started = ("", 0.0)
        self._before_front_end: set[str] | None = None
        self.hidden_ran = False
        """Whether hidden code ran that may have changed the session, since this was set to False."""

    @property
    def in_cell(self) -> bool:
        """Whether a cell of the person's is running."""
        return self._depth > 0

    @property
    def runs_here(self) -> bool:
        """Whether this process is the kernel, and not a fork of it."""
        return os.getpid() == self._pid

    def begin(self) -> None:
        """Begin to follow."""
        for name, callback in self._callbacks:
            self._shell.events.register(name, callback)

    def end(self) -> None:
        """Follow no longer."""
        for name, callback in self._callbacks:
            with contextlib.suppress(ValueError):
                self._shell.events.unregister(name, callback)

    @property
    def _callbacks(self) -> tuple[tuple[str, Callable[..., None]], ...]:
        return (
            ("pre_run_cell", self._before),
            ("post_run_cell", self._after),
            ("post_execute", self._after_message),
        )

    @contextlib.contextmanager
    def ignored(self) -> Iterator[None]:
        """Take no notice of what runs while a block does."""
        self._ignoring = True
        try:
            yield
        finally:
            self._ignoring = False

    def names_are_the_persons(self) -> None:
        """Do not take the names that the running hidden code binds for the front end's: a restore binds them."""
        self._before_front_end = None

    @untraced()
    def _before(self, info: ExecutionInfo) -> None:
        """Note the start of an execution. Called by IPython; never raises."""
        if not self.runs_here or self._ignoring:
            return
        try:
            self._listener.code_begins()
            if not info.store_history or info.silent:
                self._before_hidden(info.raw_cell or "")
                return
            self._depth += 1
            if self._depth == 1:
                self._listener.cell_begins()
                self._started = now(), time.perf_counter()
        except BaseException as error:
            self._listener.fail(error)

    @untraced()
    def _after(self, result: ExecutionResult) -> None:
        """Tell of an execution that ended. Called by IPython; never raises."""
        if not self.runs_here or self._ignoring:
            return
        info = result.info
        if info is None or not info.store_history or info.silent:
            self._after_hidden()
            return
        self._depth = max(0, self._depth - 1)
        if self._depth or not (info.raw_cell or "").strip():
            return  # part of another cell, or an empty one: IPython announces only the end of those
        started, clock = self._started
        duration = time.perf_counter() - clock
        try:
            self._listener.cell_ended(_ran(info, result, started, duration))
        except BaseException as error:
            self._listener.fail(error)

    def _after_message(self) -> None:
        """Tell of a message that ran no code. Called by IPython after all messages."""
        if self.runs_here and not self._depth and not self._in_hidden:
            self._listener.callback_ended()

    def _before_hidden(self, source: str) -> None:
        self._in_hidden = True
        self._before_front_end = None
        if not is_front_end_code(source):
            self.hidden_ran = True
        elif not self._depth:
            self._before_front_end = self._names.before_front_end()

    def _after_hidden(self) -> None:
        """Take note of names that a front end's code left behind."""
        self._in_hidden = False
        before, self._before_front_end = self._before_front_end, None
        if before is not None:
            self._names.note_front_end(before)


def _ran(info: ExecutionInfo, result: ExecutionResult, started: str, duration: float) -> Ran:
    error = result.error_before_exec or result.error_in_exec
    outcome: Outcome = "ok"
    if isinstance(error, KeyboardInterrupt):
        outcome = "interrupted"
    elif error is not None or not result.success:
        outcome = "error"
    identity = info.cell_id if type(info.cell_id) is str else None
    cell = Cell(clean(str(info.raw_cell)), identity, result.execution_count)
    return Ran(cell, started, duration, outcome, _cell_error(error))


def _cell_error(error: BaseException | None) -> CellError | None:
    if error is None:
        return None
    try:
        message = str(error)
    except Exception:
        message = ""
    return CellError(type(error).__name__, clean(message[:500]))
