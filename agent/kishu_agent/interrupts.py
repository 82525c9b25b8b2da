"""Tells the person's interrupt (the stop button) from a KeyboardInterrupt that some object raises."""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

_arrived = False


@contextmanager
def watched() -> Iterator[None]:
    """Notice interrupts while the block runs; they raise KeyboardInterrupt as always."""
    global _arrived
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    _arrived = False

    def interrupt(_number: int, _frame: Any) -> None:
        global _arrived
        _arrived = True
        raise KeyboardInterrupt

    previous = signal.signal(signal.SIGINT, interrupt)
    try:
        yield
    finally:
        _put_back(previous)


def _put_back(handler: Any) -> None:
    if handler is not None:  # one that was not set from Python cannot be set from here
        signal.signal(signal.SIGINT, handler)


def reraise(error: BaseException) -> None:
    """Raise `error` again if it is the person's interrupt."""
    if _arrived and isinstance(error, KeyboardInterrupt):
        raise error


@contextmanager
def delayed() -> Iterator[None]:
    """Let an interrupt wait until the block has ended."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    arrived: list[tuple[int, Any]] = []
    previous = signal.signal(signal.SIGINT, lambda number, frame: arrived.append((number, frame)))
    try:
        yield
    finally:
        _put_back(previous)
        if arrived and callable(previous):
            previous(*arrived[0])
