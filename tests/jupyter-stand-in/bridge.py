"""Run one ipykernel for the stand-in extension.

Commands come on stdin and events go to stdout, one JSON object a line. The extension cannot speak ZeroMQ
without a native module, and every environment that has ipykernel has jupyter_client, so this program is the
whole of the connection. It starts the kernel with its own interpreter.

Commands (``op``):

- ``execute``: ``id``, ``code`` and optionally ``silent``, ``store_history``, ``stop_on_error``,
  ``allow_stdin``, ``metadata``
- ``input``: ``value``, the answer to an ``input_request``
- ``interrupt``, ``restart`` (also after a death), ``shutdown``

Events (``event``):

- ``ready``: ``pid``; the kernel answers (after the start and after each restart)
- ``failed``: ``message``; the kernel did not start
- ``iopub``: ``parent`` (the ``id`` of the request, or null), ``type``, ``content``, ``metadata``
- ``reply``: ``id``, ``content`` of the execute_reply
- ``input_request``: ``id``, ``prompt``, ``password``
- ``died``: the kernel's process ended without being asked to
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import sys
from typing import TYPE_CHECKING, Any

from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from jupyter_client.manager import AsyncKernelManager

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from jupyter_client.asynchronous.client import AsyncKernelClient

# A command line carries the whole code of a cell, which may hold pasted data.
LONGEST_COMMAND = 256 * 1024 * 1024
# Seconds between looks at the kernel's process; a death is noticed within this time.
LIFE_CHECK = 0.1
# Seconds that a starting kernel may take on a loaded machine.
START_LIMIT = 120.0

Message = dict[str, Any]


class OwnInterpreter(KernelSpecManager):
    """The one kernel that exists here, whatever kernel specs the machine has installed."""

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        """Return the spec of an ipykernel in this program's own environment."""
        return KernelSpec(
            argv=[sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"],
            display_name="Python 3 (ipykernel)",
            language="python",
            name=kernel_name,
        )


def emit(event: str, **fields: object) -> None:
    """Write one event. ASCII escapes keep lone surrogates, which UTF-8 refuses."""
    line = json.dumps({"event": event, **fields}, default=str)
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


class Kernel:
    """One kernel process with its channels. A restart makes a new one, so no old message can leak into it."""

    def __init__(self, manager: AsyncKernelManager, client: AsyncKernelClient) -> None:
        """Wrap a started kernel."""
        self._manager = manager
        self._client = client
        self._requests: dict[str, str] = {}
        self._input_parent: Message | None = None
        self._tasks: list[asyncio.Task[None]] = []

    @classmethod
    async def start(cls, cwd: str) -> Kernel:
        """Start a process and wait until it answers."""
        manager = AsyncKernelManager(kernel_spec_manager=OwnInterpreter())
        # The kernel must not inherit our stdout: what it prints there would break the line protocol.
        await manager.start_kernel(cwd=cwd, stdout=sys.stderr.fileno(), stderr=sys.stderr.fileno())
        client = manager.client()
        client.start_channels()
        try:
            await client.wait_for_ready(timeout=START_LIMIT)
        except BaseException:
            client.stop_channels()
            await manager.shutdown_kernel(now=True)
            raise
        kernel = cls(manager, client)
        readers: list[Callable[[], Coroutine[Any, Any, None]]] = [
            kernel._read_iopub,
            kernel._read_shell,
            kernel._read_stdin,
            kernel._watch,
        ]
        kernel._tasks = [asyncio.create_task(reader()) for reader in readers]
        return kernel

    @property
    def pid(self) -> int | None:
        """The kernel's process id, where the process is ours."""
        pid = getattr(self._manager.provisioner, "pid", None)
        return pid if isinstance(pid, int) else None

    async def stop(self) -> None:
        """End the process at once."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._client.stop_channels()
        with contextlib.suppress(RuntimeError, ProcessLookupError):
            await self._manager.shutdown_kernel(now=True)

    async def interrupt(self) -> None:
        """Send the interrupt signal, to whatever runs now."""
        with contextlib.suppress(RuntimeError, ProcessLookupError):
            await self._manager.interrupt_kernel()

    def execute(self, command: Message) -> None:
        """Send one execute_request. The caller keeps the queue; this sends at once."""
        content = {
            "code": command["code"],
            "silent": command.get("silent", False),
            "store_history": command.get("store_history", True),
            "stop_on_error": command.get("stop_on_error", False),
            "allow_stdin": command.get("allow_stdin", False),
            "user_expressions": {},
        }
        session = self._client.session
        message = session.msg("execute_request", content, metadata=command.get("metadata") or {})
        self._requests[message["header"]["msg_id"]] = command["id"]
        self._client.shell_channel.send(message)

    def answer_input(self, value: str) -> None:
        """Answer the pending input request, if there is one."""
        parent, self._input_parent = self._input_parent, None
        if parent is None:
            return
        message = self._client.session.msg("input_reply", {"value": value, "status": "ok"}, parent=parent)
        self._client.stdin_channel.send(message)

    def _request_of(self, message: Message) -> str | None:
        parent = message.get("parent_header") or {}
        return self._requests.get(parent.get("msg_id", ""))

    async def _read_iopub(self) -> None:
        while True:
            message = await self._client.get_iopub_msg(timeout=None)
            emit(
                "iopub",
                parent=self._request_of(message),
                type=message["header"]["msg_type"],
                content=message["content"],
                metadata=message.get("metadata") or {},
            )

    async def _read_shell(self) -> None:
        while True:
            message = await self._client.get_shell_msg(timeout=None)
            request = self._request_of(message)
            if request is not None and message["header"]["msg_type"] == "execute_reply":
                emit("reply", id=request, content=message["content"])

    async def _read_stdin(self) -> None:
        while True:
            message = await self._client.get_stdin_msg(timeout=None)
            if message["header"]["msg_type"] != "input_request":
                continue
            self._input_parent = message["header"]
            content = message["content"]
            emit(
                "input_request",
                id=self._request_of(message),
                prompt=content.get("prompt", ""),
                password=content.get("password", False),
            )

    async def _watch(self) -> None:
        # Nothing tells of the end of the process; jupyter_client itself polls.
        while await self._manager.is_alive():  # noqa: ASYNC110
            await asyncio.sleep(LIFE_CHECK)
        # What the kernel said last may still be in the sockets.
        await asyncio.sleep(LIFE_CHECK)
        emit("died")


class Bridge:
    """Carries out the commands one after the other."""

    def __init__(self, cwd: str) -> None:
        """Remember where kernels start."""
        self._cwd = cwd
        self._kernel: Kernel | None = None

    async def start(self) -> None:
        """Start a kernel and say how it went."""
        try:
            self._kernel = await Kernel.start(self._cwd)
        except Exception as error:
            emit("failed", message=f"{type(error).__name__}: {error}")
        else:
            emit("ready", pid=self._kernel.pid)

    async def stop(self) -> None:
        """End the kernel."""
        kernel, self._kernel = self._kernel, None
        if kernel is not None:
            await kernel.stop()

    async def run(self, commands: asyncio.StreamReader) -> None:
        """Obey until ``shutdown`` or the end of stdin, which means that the extension is gone."""
        while line := await commands.readline():
            command: Message = json.loads(line)
            op = command["op"]
            if op == "shutdown":
                return
            if op == "restart":
                await self.stop()
                await self.start()
            elif self._kernel is None:
                continue
            elif op == "execute":
                self._kernel.execute(command)
            elif op == "interrupt":
                await self._kernel.interrupt()
            elif op == "input":
                self._kernel.answer_input(command["value"])


async def main() -> None:
    """Start the kernel and serve the commands."""
    parser = argparse.ArgumentParser(description="Run one ipykernel, controlled by JSON lines.")
    parser.add_argument("--cwd", default=".", help="the kernel's working directory")
    arguments = parser.parse_args()
    commands = asyncio.StreamReader(limit=LONGEST_COMMAND)
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(commands), sys.stdin
    )
    bridge = Bridge(arguments.cwd)
    await bridge.start()
    try:
        await bridge.run(commands)
    finally:
        await bridge.stop()


if __name__ == "__main__":
    asyncio.run(main())
