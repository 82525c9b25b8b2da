"""Drives one real ipykernel as a front end does: a person's cells, hidden code, questions about values."""

from __future__ import annotations

import ast
import json
import os
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty
from typing import TYPE_CHECKING, Any

from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from jupyter_client.manager import KernelManager

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jupyter_client.blocking.client import BlockingKernelClient

MIME_TYPE = "application/vnd.kishu.reply.v1+json"

_ANSWER_LIMIT = 60.0
"""Seconds that a test waits for the kernel."""

_NOTEBOOK = "notebook.ipynb"


class KernelDiedError(AssertionError):
    """The kernel's process ended while a test waited for an answer."""


class CellFailedError(AssertionError):
    """A cell that a test expects to run raised."""


@dataclass(slots=True)
class Run:
    """What an execution gave."""

    status: str
    """`ok`, `error` or `aborted`."""
    execution_count: int | None
    error: str | None = None
    """Name of the exception."""
    message: str = ""
    stdout: str = ""
    stderr: str = ""
    result: str | None = None
    """Text of the cell's last expression."""
    displays: list[dict[str, Any]] = field(default_factory=list)
    values: dict[str, Any] = field(default_factory=dict)
    traceback: Sequence[str] = ()
    messages: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    """Type and content of each output, in order; parts of a stream are joined."""

    def check(self) -> Run:
        """Return itself if the cell succeeded. Raises CellFailedError."""
        if self.status != "ok":
            raise CellFailedError("\n".join([f"{self.error}: {self.message}", *self.traceback]))
        return self


class _Specs(KernelSpecManager):
    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        return KernelSpec(
            argv=[
                sys.executable,
                "-Xfrozen_modules=off",
                "-m",
                "ipykernel_launcher",
                "-f",
                "{connection_file}",
            ],
            display_name="Python",
            language="python",
        )


class Kernel:
    """One kernel in a directory of its own."""

    def __init__(self, directory: Path, environment: dict[str, str] | None = None) -> None:
        self.directory = directory
        self._environment = {
            **os.environ,
            "IPYTHONDIR": str(directory / ".ipython"),
            "JUPYTER_CONFIG_DIR": str(directory / ".jupyter"),
            "JUPYTER_DATA_DIR": str(directory / ".jupyter"),
            "PYDEVD_DISABLE_FILE_VALIDATION": "1",
            "OMP_NUM_THREADS": "1",
            **(environment or {}),
        }
        self._client: BlockingKernelClient | None = None
        self._cells = 0
        self.start()

    # Life

    def start(self) -> None:
        self._manager: KernelManager = KernelManager(kernel_spec_manager=_Specs())
        self._manager.start_kernel(cwd=str(self.directory), env=self._environment)
        self._connect()

    def _connect(self) -> None:
        if self._client is not None:
            self._client.stop_channels()
        self._client = self._manager.blocking_client()
        self._client.start_channels()
        self._client.wait_for_ready(timeout=_ANSWER_LIMIT)

    def restart(self) -> None:
        """End the process as VS Code does (it may finish what it is at) and start another."""
        self._manager.restart_kernel(now=False)
        self._connect()

    def kill(self) -> None:
        """End the process with SIGKILL: it does nothing more."""
        self._manager.shutdown_kernel(now=True)
        assert not self.alive

    def kill_and_start(self) -> None:
        self.kill()
        self.start()

    def close(self) -> None:
        if self._client is not None:
            self._client.stop_channels()
        if self.alive:
            self._manager.shutdown_kernel(now=True)

    @property
    def alive(self) -> bool:
        return bool(self._manager.is_alive())

    # Running

    @property
    def client(self) -> BlockingKernelClient:
        """The connection to the kernel."""
        assert self._client is not None
        return self._client

    def send(self, code: str, metadata: dict[str, Any] | None = None) -> str:
        """Send a person's cell, as VS Code does without `metadata`, and do not wait; `finish` waits for it."""
        self._cells += 1
        cell_id = f"vscode-notebook-cell:/{_NOTEBOOK}#W{self._cells}sZmlsZQ%3D%3D"
        return self._send(
            code, store_history=True, metadata={"cellId": cell_id} if metadata is None else metadata
        )

    def run(self, code: str, *, silent: bool = False) -> Run:
        """Run a person's cell and return what it gave, also when it raised."""
        if silent:
            return self.finish(self._send(code, store_history=True, silent=True))
        return self.finish(self.send(code))

    def cell(self, code: str) -> Run:
        """Run a person's cell that has to succeed."""
        return self.run(code).check()

    def hidden(self, code: str) -> Run:
        """Run code as another extension does through the Jupyter extension's `executeCode`."""
        return self.finish(self._send(code, store_history=False)).check()

    def run_hidden(self, code: str) -> Run:
        """Run hidden code that may raise."""
        return self.finish(self._send(code, store_history=False))

    def tell(self, comm: str, data: Any) -> None:
        """Send a message of a widget to the kernel, and wait until it was handled."""
        assert self._client is not None
        message = self._client.session.msg("comm_msg", {"comm_id": comm, "data": data})
        self._client.shell_channel.send(message)
        deadline = time.monotonic() + _ANSWER_LIMIT
        while True:
            answer = self._message(self._client.get_iopub_msg, deadline)
            if (
                answer["parent_header"].get("msg_id") == message["header"]["msg_id"]
                and answer["content"].get("execution_state") == "idle"
            ):
                return

    def interrupt(self) -> None:
        self._manager.interrupt_kernel()

    def _send(
        self,
        code: str,
        *,
        store_history: bool,
        silent: bool = False,
        metadata: dict[str, Any] | None = None,
        expressions: dict[str, str] | None = None,
    ) -> str:
        assert self._client is not None
        content = {
            "code": code,
            "silent": silent,
            "store_history": store_history,
            "user_expressions": expressions or {},
            "allow_stdin": False,
            "stop_on_error": False,
        }
        message = self._client.session.msg("execute_request", content, metadata=metadata or {})
        self._client.shell_channel.send(message)
        identity: str = message["header"]["msg_id"]
        return identity

    def finish(self, request: str) -> Run:
        """Wait for the reply to a request and for its outputs."""
        assert self._client is not None
        deadline = time.monotonic() + _ANSWER_LIMIT
        run = Run("", None)
        while True:
            message = self._message(self._client.get_iopub_msg, deadline)
            if message["parent_header"].get("msg_id") != request:
                continue
            if message["msg_type"] == "status" and message["content"]["execution_state"] == "idle":
                break
            _take(run, message)
        while (reply := self._message(self._client.get_shell_msg, deadline))["parent_header"][
            "msg_id"
        ] != request:
            pass
        content = reply["content"]
        run.status = content["status"]
        run.execution_count = content.get("execution_count")
        if run.status == "error":
            run.error, run.message, run.traceback = content["ename"], content["evalue"], content["traceback"]
        run.values = content.get("user_expressions") or {}
        return run

    def _message(self, get: Any, deadline: float) -> dict[str, Any]:
        while True:
            try:
                message: dict[str, Any] = get(timeout=0.5)
            except Empty:
                if not self.alive:
                    raise KernelDiedError("the kernel died") from None
                if time.monotonic() > deadline:
                    raise KernelDiedError("the kernel does not answer") from None
            else:
                return message

    # Asking

    def value(self, expression: str) -> Any:
        """Return the value of an expression in the kernel, which must be plain data."""
        return self.values([expression])[0]

    def values(self, expressions: Sequence[str]) -> list[Any]:
        """Return the values of expressions, asked for in one hidden request that binds no name."""
        asked = {
            str(number): f"__import__('json').dumps({expression})"
            for number, expression in enumerate(expressions)
        }
        run = self.finish(self._send("", store_history=False, expressions=asked))
        found = []
        for number, expression in enumerate(expressions):
            answer = run.values[str(number)]
            if answer["status"] != "ok":
                raise AssertionError(f"{expression} raised {answer['ename']}: {answer['evalue']}")
            found.append(json.loads(ast.literal_eval(answer["data"]["text/plain"])))
        return found

    def attach(self, notebook: Path | None = None) -> None:
        """Begin to record, as hidden code does it."""
        path = str(notebook or self.directory / _NOTEBOOK)
        self.hidden(f"__import__('kishu_agent').attach({path!r})\nNone")

    def session(self, expression: str) -> Any:
        """Return an attribute or a call's result of the current session, as plain data.

        `s` is the session in the expression.
        """
        return self.value(f"(lambda s: {expression})(__import__('kishu_agent').current())")

    def do(self, statement: str) -> Run:
        """Run one hidden statement on the current session; `s` is the session. Raises CellFailedError."""
        return self.hidden(f"(lambda s: ({statement}, None)[1])(__import__('kishu_agent').current())")

    def refused(self, statement: str) -> Run:
        """Run one hidden statement on the current session that has to raise; return how it did."""
        run = self.run_hidden(f"(lambda s: ({statement}, None)[1])(__import__('kishu_agent').current())")
        assert run.status == "error", f"{statement} did not raise"
        return run

    def checkpoints(self) -> list[dict[str, Any]]:
        """Return the checkpoints as the protocol gives them."""
        listed = self.serve("checkpoints")["list"]["checkpoints"]
        assert isinstance(listed, list)
        return listed

    def serve(self, command: str, **arguments: Any) -> dict[str, Any]:
        """Send a request of the command protocol, as the extension does, and return the reply."""
        request = {"protocol": 1, "id": f"request-{time.monotonic_ns()}", "command": command, **arguments}
        reply = self.serve_text(json.dumps(request))
        assert reply["id"] == request["id"]
        return reply

    def serve_text(self, request: str) -> dict[str, Any]:
        """Send a request as it is."""
        run = self.hidden(f'__import__("kishu_agent.protocol", fromlist=["serve"]).serve({request!r})')
        replies = [display[MIME_TYPE] for display in run.displays if MIME_TYPE in display]
        assert len(replies) == 1
        assert run.result is None
        reply = replies[0]
        assert isinstance(reply, dict)
        return reply


def _take(run: Run, message: dict[str, Any]) -> None:
    content = message["content"]
    kind = message["msg_type"]
    last = run.messages[-1] if run.messages else ("", {})
    if kind == last[0] == "stream" and content["name"] == last[1]["name"]:
        last[1]["text"] += content["text"]
    elif kind != "status":
        run.messages.append((kind, dict(content)))
    if kind == "stream":
        if content["name"] == "stdout":
            run.stdout += content["text"]
        else:
            run.stderr += content["text"]
    elif message["msg_type"] == "execute_result":
        run.result = content["data"].get("text/plain")
    elif message["msg_type"] == "display_data":
        run.displays.append(content["data"])


def session_of(kernel: Kernel, notebook: Path) -> None:
    """Give a kernel that other tests used a new notebook: no names of the user, no history."""
    kernel.hidden(_CLEAR)
    kernel.attach(notebook)


_CLEAR = """
def _clear():
    import kishu_agent, gc
    session = kishu_agent.current()
    if session is not None:
        session.detach()
    shell = get_ipython()
    hidden = shell.user_ns_hidden
    own = {"__" + name + "__" for name in ("name", "doc", "package", "loader", "spec", "builtin", "builtins", "session")}
    for name, value in list(shell.user_ns.items()):
        if not (type(name) is str and (name in own or hidden.get(name, shell) is value or name in {"In", "Out", "_oh", "_ih", "_dh"})):
            del shell.user_ns[name]
    shell.user_ns.update((name, value) for name, value in hidden.items() if name in {"open", "exit", "quit"})
    shell.displayhook.flush()
    shell.push({"_": "", "__": "", "___": ""}, interactive=False)
    gc.collect()
_clear()
"""
