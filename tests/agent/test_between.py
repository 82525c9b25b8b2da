"""Changes that no cell made: found when the kernel is idle, with the next cell, and before every restore."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest
from kernel import session_of
from miniature import block

if TYPE_CHECKING:
    from pathlib import Path

    from kernel import Kernel

LATER = {
    "a timer": "import threading; threading.Timer(0.2, x.append, [2]).start()",
    "a thread": """
        import threading, time
        def late():
            time.sleep(0.2)
            x.append(2)
        threading.Thread(target=late).start()
    """,
    "a thread that binds a name": """
        import threading, time
        def late():
            global x
            time.sleep(0.2)
            x = [*x, 2]
        threading.Thread(target=late).start()
    """,
    "a pool": """
        import concurrent.futures, time
        pool = concurrent.futures.ThreadPoolExecutor(1)
        pool.submit(lambda: (time.sleep(0.2), x.append(2)))
        del pool
    """,
    "a task": """
        import asyncio
        async def late():
            await asyncio.sleep(0.2)
            x.append(2)
        asyncio.get_running_loop().create_task(late())
        None
    """,
    "the event loop": "import asyncio; asyncio.get_running_loop().call_later(0.2, x.append, 2); None",
    "a signal": """
        import signal
        signal.signal(signal.SIGALRM, lambda number, frame: x.append(2))
        signal.setitimer(signal.ITIMER_REAL, 0.2)
    """,
    "a module of one's own": """
        import sys, types
        sys.modules['own_later'] = own = types.ModuleType('own_later')
        exec('import threading\\ndef start(act): threading.Timer(0.2, act).start()', own.__dict__)
        del own, sys
        from own_later import start
        start(lambda: x.append(2))
    """,
}


def begin(kernel: Kernel, notebook: Path, name: str) -> None:
    """Have a change made after the last cell."""
    session_of(kernel, notebook)
    kernel.cell("x = [1]; keep = [0]")
    kernel.cell(block(LATER[name]))
    changed_to(kernel, [1, 2])


def changed_to(kernel: Kernel, value: list[Any]) -> None:
    deadline = time.monotonic() + 30
    while kernel.value("x") != value:
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.mark.usefixtures("compared")
@pytest.mark.parametrize("name", LATER)
def test_found_before_a_restore(name: str, kernel: Kernel, notebook: Path) -> None:
    begin(kernel, notebook, name)
    assert kernel.serve("undo")["failure"] is None
    between = kernel.checkpoints()[-1]
    assert (between["kind"], between["changed"]) == ("between", ["x"])
    assert kernel.value("x") == [1]
    assert kernel.serve("redo")["failure"] is None
    assert kernel.value("x") == [1, 2]
    assert kernel.session("s.head") == between["id"]


@pytest.mark.usefixtures("compared")
@pytest.mark.parametrize("name", LATER)
def test_found_with_the_next_cell(name: str, kernel: Kernel, notebook: Path) -> None:
    begin(kernel, notebook, name)
    kernel.cell("y = 1")
    assert [(entry["kind"], entry["changed"]) for entry in kernel.checkpoints()[3:]] == [("cell", ["x"])]
    assert kernel.serve("undo")["failure"] is None
    assert kernel.values(["x", "'y' in globals()"]) == [[1], False]


COMM = """
from comm import create_comm
x = [1]; keep = [0]
channel = create_comm('test')
channel.on_msg(lambda message: x.append(message['content']['data']))
"""


def test_a_widgets_callback(kernel: Kernel, notebook: Path) -> None:
    """Widgets are told of what the person does in messages that are no execution."""
    session_of(kernel, notebook)
    kernel.cell(COMM)
    head = kernel.session("s.head")
    identity = kernel.value("channel.comm_id")
    kernel.tell(identity, 2)
    deadline = time.monotonic() + 30
    while (newest := kernel.checkpoints()[-1])["kind"] != "between":
        assert time.monotonic() < deadline
        time.sleep(0.2)
    assert newest["parent"] == head
    assert "x" in newest["changed"]
    kernel.tell(identity, 3)
    kernel.serve("restore", ref=head, missing_ok=True)
    assert kernel.value("x") == [1]
    newest = kernel.checkpoints()[-1]
    assert newest["kind"] == "between"
    kernel.serve("restore", ref=newest["id"], missing_ok=True)
    assert kernel.value("x") == [1, 2, 3]


def test_hidden_code(kernel: Kernel, notebook: Path, compared: str) -> None:
    session_of(kernel, notebook)
    kernel.cell("x = [1]; keep = [0]")
    kernel.hidden("x.append(2)")
    kernel.cell("y = 1")
    assert kernel.checkpoints()[-1]["changed"] == ["x"]
    kernel.run("x.append(3)", silent=True)
    kernel.cell("z = 1")
    if compared == "all":
        assert kernel.checkpoints()[-1]["changed"] == ["x"]
    kernel.serve("undo")
    kernel.serve("redo")
    assert kernel.value("x") == [1, 2, 3]
