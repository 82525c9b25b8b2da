"""The bridge alone, against a real kernel."""

from __future__ import annotations

import json
import queue
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

pytest.importorskip("ipykernel")

BRIDGE = Path(__file__).with_name("bridge.py")
# Generous: a kernel starts in about a second, on a loaded machine in ten.
LIMIT = 60.0

Event = dict[str, Any]


class Client:
    """Speaks to one bridge process."""

    def __init__(self, cwd: Path) -> None:
        """Start it."""
        self.process = subprocess.Popen(
            [sys.executable, str(BRIDGE), "--cwd", str(cwd)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._events: queue.Queue[Event] = queue.Queue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._events.put(json.loads(line))

    def send(self, op: str, **fields: object) -> None:
        """Send one command."""
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps({"op": op, **fields}) + "\n")
        self.process.stdin.flush()

    def until(self, event: str) -> Event:
        """Skip to the next event of this kind."""
        while True:
            found = self._events.get(timeout=LIMIT)
            if found["event"] == event:
                return found

    def execute(self, code: str, **fields: object) -> list[Event]:
        """Run code to its end and return its iopub messages, the reply last."""
        self.send("execute", id=code, code=code, **fields)
        return self.finish(code)

    def finish(self, request: str) -> list[Event]:
        """Collect what belongs to a request until both its reply and its idle have come."""
        messages: list[Event] = []
        reply: Event | None = None
        idle = False
        while reply is None or not idle:
            found = self._events.get(timeout=LIMIT)
            if found["event"] == "reply" and found["id"] == request:
                reply = found
            elif found["event"] == "iopub" and found["parent"] == request:
                idle = found["type"] == "status" and found["content"]["execution_state"] == "idle"
                messages.append(found)
        return [*messages, reply]

    def close(self) -> None:
        """End the bridge by closing its stdin, as a vanished extension host does."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.close()
        assert self.process.wait(timeout=LIMIT) == 0
        self._reader.join(timeout=LIMIT)
        self.process.stdout.close()


@pytest.fixture
def bridge(tmp_path: Path) -> Iterator[Client]:
    """Give a bridge with a ready kernel in an empty folder."""
    client = Client(tmp_path)
    client.until("ready")
    yield client
    client.close()


def text(messages: list[Event]) -> str:
    """Join what a request printed."""
    return "".join(m["content"]["text"] for m in messages if m.get("type") == "stream")


def test_output_result_and_folder(bridge: Client, tmp_path: Path) -> None:
    """Streams, a result and the reply come back under the request's id; cwd is the given folder."""
    messages = bridge.execute("import os\nprint(os.getcwd())\n1 + 1")
    assert text(messages) == f"{tmp_path}\n"
    (result,) = [m for m in messages if m.get("type") == "execute_result"]
    assert result["content"]["data"]["text/plain"] == "2"
    assert messages[-1]["content"]["execution_count"] == 1


def test_request_metadata_and_history(bridge: Client) -> None:
    """The cell id in the request's metadata is what IPython's events see; history is off when asked."""
    bridge.execute(
        "get_ipython().events.register('pre_run_cell', lambda info: print(info.cell_id, info.store_history))"
    )
    shown = bridge.execute("pass", metadata={"cellId": "vscode-notebook-cell:/n.ipynb#A"})
    assert text(shown) == "vscode-notebook-cell:/n.ipynb#A True\n"
    hidden = bridge.execute("'hidden' and None", store_history=False)
    assert text(hidden) == "None False\n"
    assert bridge.execute("pass")[-1]["content"]["execution_count"] == 3


def test_error(bridge: Client) -> None:
    """An error is an iopub message and the reply's status."""
    messages = bridge.execute("1 / 0")
    (error,) = [m for m in messages if m.get("type") == "error"]
    assert error["content"]["ename"] == "ZeroDivisionError"
    assert messages[-1]["content"]["status"] == "error"


def test_odd_text(bridge: Client) -> None:
    """Line separators and a lone surrogate do not break the line protocol."""
    assert text(bridge.execute(r"print('a\u2028b\r\n\x00\u00e9')")) == "a\u2028b\r\n\x00\u00e9\n"
    messages = bridge.execute(r"display({'text/plain': '\udc80'}, raw=True)")
    assert messages[-1]["event"] == "reply"


def test_large_display(bridge: Client) -> None:
    """Ten megabytes arrive whole."""
    messages = bridge.execute("display({'application/x-big': 'x' * 10_000_000}, raw=True)")
    (shown,) = [m for m in messages if m.get("type") == "display_data"]
    assert shown["content"]["data"]["application/x-big"] == "x" * 10_000_000


def test_stdout_of_child_processes_stays_out(bridge: Client) -> None:
    """What a child writes to file descriptor 1 of the kernel is not read as an event."""
    messages = bridge.execute("import os\n_ = os.system('echo not json')\nos.write(1, b'x') and None")
    assert messages[-1]["content"]["status"] == "ok"


def test_input(bridge: Client) -> None:
    """input() asks where allowed and raises where not."""
    bridge.send("execute", id="ask", code="print(input('name? '))", allow_stdin=True)
    assert bridge.until("input_request")["prompt"] == "name? "
    bridge.send("input", value="Ada")
    assert text(bridge.finish("ask")) == "Ada\n"
    refused = bridge.execute("input()")
    assert refused[-1]["content"]["ename"] == "StdinNotImplementedError"


def test_interrupt(bridge: Client) -> None:
    """An interrupt ends a running request with KeyboardInterrupt; the kernel works on."""
    code = "import time\nprint('running', flush=True)\ntime.sleep(600)"
    bridge.send("execute", id="long", code=code)
    while bridge.until("iopub")["type"] != "stream":
        pass
    bridge.send("interrupt")
    assert bridge.finish("long")[-1]["content"]["ename"] == "KeyboardInterrupt"
    assert text(bridge.execute("print('alive')")) == "alive\n"


def test_restart(bridge: Client) -> None:
    """A restart drops what runs and gives an empty namespace in a new process."""
    bridge.execute("x = 1")
    bridge.send("execute", id="long", code="import time\ntime.sleep(600)")
    bridge.send("restart")
    bridge.until("ready")
    messages = bridge.execute("'x' in globals()")
    (result,) = [m for m in messages if m.get("type") == "execute_result"]
    assert result["content"]["data"]["text/plain"] == "False"


def test_death(bridge: Client) -> None:
    """The end of the process is told, and a restart revives."""
    bridge.send("execute", id="die", code="import os\nos._exit(3)")
    bridge.until("died")
    bridge.send("restart")
    bridge.until("ready")
    assert text(bridge.execute("print('again')")) == "again\n"


def test_bad_folder(tmp_path: Path) -> None:
    """A kernel that cannot start is told as such."""
    client = Client(tmp_path / "missing")
    assert "missing" in client.until("failed")["message"]
    client.close()
