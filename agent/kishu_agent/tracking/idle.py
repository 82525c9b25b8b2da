"""Work that is done when the kernel has had nothing to do for a while."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_DELAY = 2.0
"""Seconds after a cell: people who run several cells in a row are not to wait for it."""


class Idle:
    """One task, in the kernel's own thread and event loop, between cells."""

    def __init__(self) -> None:
        self._handle: asyncio.TimerHandle | None = None

    def schedule(self, task: Callable[[], None]) -> None:
        """Do `task` soon, instead of what was scheduled before. Without an event loop it is not done."""
        self.cancel()
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            return
        self._handle = loop.call_later(_DELAY, self._run, task)

    def schedule_if_none(self, task: Callable[[], None]) -> None:
        """Do `task` soon, unless something is scheduled."""
        if self._handle is None:
            self.schedule(task)

    def _run(self, task: Callable[[], None]) -> None:
        self._handle = None
        task()

    def cancel(self) -> None:
        """Do not do it."""
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None
