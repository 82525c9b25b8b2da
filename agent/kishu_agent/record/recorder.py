"""Writes checkpoints in a thread of its own, while the kernel waits for the next cell.

What the thread still has to read from the user's memory is copied before the next cell runs (`settle`).
"""

from __future__ import annotations

import dataclasses
import logging
import threading
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from kishu_agent.errors import KishuError, RecordingError
from kishu_agent.history.checkpoint import Checkpoint, StoredCovariable
from kishu_agent.record.storage import Known, Secured, store
from kishu_agent.untraced import start_thread

if TYPE_CHECKING:
    from collections.abc import Callable

    from kishu_agent.folder.folder import Folder
    from kishu_agent.folder.notebook import NotebookHistory
    from kishu_agent.history.event import Event
    from kishu_agent.history.graph import History
    from kishu_agent.tracking.covariable import Covariable, Roots

_COPY_LIMIT = 1 << 30
"""Bytes: beyond this much copied and unwritten data the next cell waits for the disk."""

_log = logging.getLogger("kishu_agent")


@dataclass(slots=True)
class Job:
    """A checkpoint to be written."""

    checkpoint: Checkpoint
    """Without what storing finds out: added, removed, packs, bytes."""
    covariables: dict[Roots, Covariable]
    """The whole session state."""
    event: Event | None = None
    """The branch that begins with it."""
    secured: list[Secured] = field(default_factory=list)
    """The co-variables that are to be stored for it."""


class Recorder:
    """One thread, one queue of jobs, in the order of the cells."""

    def __init__(
        self, folder: Folder, notebook: NotebookHistory, history: History, done: Callable[[str], None]
    ) -> None:
        """`done` is called in the thread after each job with the id of the newest durable checkpoint."""
        self._folder = folder
        self._notebook = notebook
        self._history = history
        self._done = done
        self._known = Known()
        self._replaced: dict[str, str | None] = {}
        """Parents of checkpoints that could not be written."""
        self._jobs: deque[Job] = deque()
        self._condition = threading.Condition()
        self._closing = False
        self._thread: threading.Thread | None = None
        self.failure: str | None = None
        """Why the newest job was not written."""

    @property
    def pending(self) -> int:
        """Number of jobs that are not durable yet."""
        return len(self._jobs)

    def add(self, job: Job) -> None:
        """Queue a job."""
        job.secured = [Secured(covariable) for covariable in job.covariables.values() if covariable.waits]
        for secured in job.secured:
            secured.covariable.waits = False
        with self._condition:
            self._jobs.append(job)
            self._condition.notify_all()
        if self._thread is None or not self._thread.is_alive():
            self._thread = start_thread(self._run, "kishu-recorder")

    def settle(self) -> None:
        """Copy what jobs still have to read from the user's memory. Called before a cell runs."""
        copied = 0
        for job in list(self._jobs):
            for secured in job.secured:
                copied += secured.copy(self._known)
        if copied > _COPY_LIMIT:
            self.flush()

    def flush(self, timeout: float | None = None) -> bool:
        """Return True when all jobs are done, False when `timeout` seconds were not enough."""
        with self._condition:
            return self._condition.wait_for(lambda: not self._jobs, timeout)

    def close(self, timeout: float | None = None) -> bool:
        """Finish all jobs and end the thread."""
        finished = self.flush(timeout)
        with self._condition:
            self._closing = True
            self._condition.notify_all()
        return finished

    def resolve(self, checkpoint: str | None) -> str | None:
        """Return the checkpoint itself, or the nearest earlier one that could be written."""
        while checkpoint is not None and checkpoint in self._replaced:
            checkpoint = self._replaced[checkpoint]
        return checkpoint

    def find(self, checkpoint: str | None) -> Checkpoint | None:
        """Return a checkpoint that is not durable yet."""
        return next((job.checkpoint for job in list(self._jobs) if job.checkpoint.id == checkpoint), None)

    def _run(self) -> None:
        while True:
            with self._condition:
                self._condition.wait_for(lambda: self._jobs or self._closing)
                if not self._jobs:
                    return
                job = self._jobs[0]
            try:
                self._write(job)
                self.failure = None
            except Exception as error:
                self._fail(job, error)
            try:
                self._done(job.checkpoint.id)
            except Exception:
                _log.exception("after writing checkpoint %s", job.checkpoint.id)
            with self._condition:
                self._jobs.popleft()
                self._condition.notify_all()

    def _fail(self, job: Job, error: Exception) -> None:
        self._replaced[job.checkpoint.id] = job.checkpoint.parent
        for secured in job.secured:
            secured.release()
            secured.covariable.failed = True
        self._known.forget()
        self.failure = str(error) if isinstance(error, KishuError) else f"{type(error).__name__}: {error}"
        _log.error("checkpoint %s was not recorded: %s", job.checkpoint.id, self.failure)

    def _write(self, job: Job) -> None:
        stored: dict[Roots, StoredCovariable] = {}
        # What a cell made can be made again by it if it ran, and if the state before it is recorded.
        parent = job.checkpoint.parent
        replayable = job.checkpoint.kind == "cell" and self.resolve(parent) == parent
        with self._folder.frames.writer() as writer:
            for secured in job.secured:
                stored[secured.covariable.roots] = store(secured, writer, self._known, replayable=replayable)
                secured.release()
            packs = writer.close()
        checkpoint = self._complete(job, stored)
        checkpoint = dataclasses.replace(checkpoint, packs=packs.names, bytes_added=packs.bytes)
        if job.event is not None:
            self._notebook.add_event(job.event)
            self._history.append_event(job.event)
        self._notebook.add(checkpoint)
        self._history.append(checkpoint)
        for roots, form in stored.items():
            job.covariables[roots].version = form.version

    def _complete(self, job: Job, stored: dict[Roots, StoredCovariable]) -> Checkpoint:
        """Add the difference to the nearest earlier checkpoint that was written."""
        parent = self.resolve(job.checkpoint.parent)
        before = self._history.state(parent) if parent is not None else {}
        added = []
        for roots, covariable in job.covariables.items():
            form = stored.get(roots)
            known = before.get(roots)
            if form is not None:
                if known is None or known.version != form.version:
                    added.append(form)
            elif known is None or known.version != covariable.version:
                raise RecordingError(
                    f"{', '.join(roots)} is not stored.", action="It is recorded with the next cell."
                )
        removed = tuple(sorted(before.keys() - job.covariables.keys()))
        checkpoint = dataclasses.replace(job.checkpoint, parent=parent, removed=removed, added=tuple(added))
        return checkpoint if parent == job.checkpoint.parent else _renamed(checkpoint, before)


def _renamed(checkpoint: Checkpoint, before: dict[Roots, StoredCovariable]) -> Checkpoint:
    """Tell the changes of names against another parent than the one that could not be written."""
    old = {name for roots in before for name in roots if ":" not in name}
    new = {name for stored in checkpoint.added for name in stored.roots if ":" not in name}
    lost = {name for roots in checkpoint.removed for name in roots if ":" not in name} - new
    return dataclasses.replace(
        checkpoint,
        created=tuple(sorted(new - old)),
        changed=tuple(sorted(new & old)),
        deleted=tuple(sorted(lost)),
    )
