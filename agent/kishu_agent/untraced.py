"""Keeps debuggers and profilers out: nobody who debugs a cell wants to stop in what runs after it."""

from __future__ import annotations

import sys
import threading
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@contextmanager
def untraced() -> Iterator[None]:
    """Suspend tracing and profiling in this thread.

    Objects that are encoded can run code of the notebook, in which there are breakpoints. `sys.settrace` would not do:
    debuggers replace it and complain when it is called.
    """
    if sys.gettrace() is None and sys.getprofile() is None and not _is_monitored():
        yield
        return
    state, enter, leave = _thread_state_functions()
    thread = state()
    enter(thread)
    try:
        yield
    finally:
        leave(thread)


def _is_monitored() -> bool:
    monitoring: Any = getattr(sys, "monitoring", None)  # from Python 3.12 on
    return monitoring is not None and any(monitoring.get_tool(number) is not None for number in range(6))


@cache
def _thread_state_functions() -> tuple[Any, Any, Any]:
    import ctypes

    state = ctypes.pythonapi.PyThreadState_Get
    state.restype = ctypes.c_void_p
    enter, leave = ctypes.pythonapi.PyThreadState_EnterTracing, ctypes.pythonapi.PyThreadState_LeaveTracing
    for function in enter, leave:
        function.argtypes, function.restype = [ctypes.c_void_p], None
    return state, enter, leave


def start_thread(target: Callable[[], None], name: str) -> threading.Thread:
    """Start a daemon thread that debuggers leave alone: pydevd waits for the threads that it is to trace."""
    thread = threading.Thread(target=target, name=name, daemon=True)
    thread.pydev_do_not_trace = thread.is_pydev_daemon_thread = True  # type: ignore[attr-defined]
    thread.start()
    return thread
