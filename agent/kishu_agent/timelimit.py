"""Ends the pickling of an object that does not end by itself.

A thread looks from time to time which call of the person's code a look at the session is in. A million objects that are
pickled one after the other are a million calls; one call that is still the same after some seconds hangs.
"""

from __future__ import annotations

import ctypes
import sys
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from kishu_agent.untraced import start_thread

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

LIMIT = 5.0
"""Seconds that one object's own code may take to be pickled, or to be loaded on trial."""

_OWN = str(Path(__file__).parent)


class TimeLimitError(BaseException):
    """Raised in code that took too long. Not an Exception, which such code may catch."""

    def __init__(self) -> None:
        super().__init__(f"its own code ran for more than {LIMIT:.0f} s")


class _Watch:
    """Watches one thread while it looks at the session."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._watched: int | None = None
        self._seen: FrameType | None = None
        """The call in which the thread was when it was last looked at."""
        self._raised = False
        self._thread: threading.Thread | None = None

    def begin(self) -> None:
        with self._condition:
            self._watched = threading.get_ident()
            if self._thread is None or not self._thread.is_alive():
                self._thread = start_thread(self._run, "kishu-time-limit")
            else:
                self._condition.notify()

    def end(self) -> None:
        raised = True
        while raised:
            try:
                with self._condition:
                    self._watched, self._seen = None, None
                    raised, self._raised = self._raised, False
                if raised:
                    # It may not have arrived, and it cannot be taken back: the interpreter would go on looking for
                    # it, and be slower for ever. So it is raised again, and arrives here.
                    _raise_in(threading.get_ident())
                    while True:
                        pass
            except TimeLimitError:
                continue

    def _run(self) -> None:
        while True:
            with self._condition:
                self._condition.wait_for(lambda: self._watched is not None)
                self._look()

    def _look(self) -> None:
        """Wait until the look is over, with the condition held."""
        while (watched := self._watched) is not None:
            self._condition.wait_for(lambda: self._watched is None, LIMIT)
            now = _call(sys._current_frames().get(watched))
            if self._watched is None or now is None:
                self._seen = None
            elif now is not self._seen:
                self._seen = now
            else:
                self._raised = True
                _raise_in(watched)
                self._seen = None


_watch = _Watch()


@contextmanager
def time_limit() -> Iterator[None]:
    """Raise TimeLimitError in a call of the person's code from this thread that runs for too long."""
    _watch.begin()
    try:
        yield
    finally:
        _watch.end()


def _call(frame: FrameType | None) -> FrameType | None:
    """Return the outermost call that code of this package made to other code."""
    found = None
    while frame is not None:
        if frame.f_code.co_filename.startswith(_OWN):
            return found
        found, frame = frame, frame.f_back
    return None


def _raise_in(thread: int) -> None:
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), ctypes.py_object(TimeLimitError))
