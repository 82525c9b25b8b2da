"""Drives a kernel's debugger as VS Code and JupyterLab do: DAP messages over the control channel."""

from __future__ import annotations

import time
from queue import Empty
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kernel import Kernel

_LIMIT = 60.0


class Debugger:
    """A debugging session of one kernel."""

    def __init__(self, kernel: Kernel) -> None:
        self._client = kernel.client
        self._sequence = 0
        self.request("debugInfo")
        self.request(
            "initialize",
            clientID="tests",
            adapterID="python",
            pathFormat="path",
            linesStartAt1=True,
            columnsStartAt1=True,
            supportsVariableType=True,
        )
        self.request("attach")

    def request(self, command: str, **arguments: Any) -> dict[str, Any]:
        """Send a request and return the body of the answer."""
        self._sequence += 1
        content = {
            "type": "request",
            "seq": self._sequence,
            "command": command,
            "arguments": arguments,
        }
        message = self._client.session.msg("debug_request", content)
        self._client.control_channel.send(message)
        deadline = time.monotonic() + _LIMIT
        while time.monotonic() < deadline:
            try:
                reply = self._client.get_control_msg(timeout=0.5)
            except Empty:
                continue
            if reply["parent_header"].get("msg_id") == message["header"]["msg_id"]:
                content = reply["content"]
                assert content.get("success", True), f"{command}: {content}"
                return dict(content.get("body") or {})
        raise AssertionError(f"no answer to {command}")

    def stop_at(self, code: str, *lines: int) -> None:
        """Set breakpoints in a cell that will be run."""
        path = self.request("dumpCell", code=code)["sourcePath"]
        self.request(
            "setBreakpoints",
            breakpoints=[{"line": line} for line in lines],
            source={"path": path},
            sourceModified=False,
        )
        self.request("configurationDone")

    def stopped(self) -> int:
        """Wait until the kernel stops, and return the thread that did."""
        deadline = time.monotonic() + _LIMIT
        while time.monotonic() < deadline:
            try:
                message = self._client.get_iopub_msg(timeout=0.5)
            except Empty:
                continue
            content = message["content"]
            if message["msg_type"] == "debug_event" and content["event"] == "stopped":
                return int(content["body"]["threadId"])
        raise AssertionError("the kernel did not stop")

    def frames(self, thread: int) -> list[dict[str, Any]]:
        """Return the stack, innermost first."""
        return list(self.request("stackTrace", threadId=thread)["stackFrames"])

    def close(self) -> None:
        """End debugging."""
        self.request("disconnect", restart=False, terminateDebuggee=False)
