"""Asks the agent in a running kernel, as the extension does, over the kernel's own connection."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from queue import Empty
from typing import TYPE_CHECKING, Any

from kishu_agent.errors import KishuError
from kishu_agent.history.checkpoint import new_id
from kishu_agent.protocol.models import MIME_TYPE, PROTOCOL_VERSION, Reply, Request
from kishu_agent.records import encode, from_plain
from kishu_agent.version import __version__

if TYPE_CHECKING:
    from jupyter_client.blocking.client import BlockingKernelClient

    from kishu_agent.history.head import Head
    from kishu_agent.protocol.models import CommandName


class KernelUnavailableError(KishuError, RuntimeError):
    """The kernel does not answer."""

    code = "KERNEL_UNAVAILABLE"


def connection_of(head: Head) -> Path | None:
    """Return the connection file of a session's kernel if that seems to run on this machine."""
    if head.connection is None or not Path(head.connection).is_file() or not _is_alive(head.pid):
        return None
    return Path(head.connection)


def _is_alive(pid: int) -> bool:
    if sys.platform == "win32" or pid <= 0:
        return True  # signal 0 would be Ctrl+C there; whether it answers tells
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def ask(connection: Path, command: CommandName, seconds: float) -> Reply:
    """Send a request and return the reply. Raises KernelUnavailableError after so many seconds."""
    from jupyter_client.blocking.client import BlockingKernelClient

    deadline = time.monotonic() + seconds
    client = BlockingKernelClient(connection_file=str(connection))
    try:
        client.load_connection_file()
    except (OSError, ValueError, KeyError) as error:
        raise KernelUnavailableError(
            f"The kernel's connection file {connection} cannot be read: {error}."
        ) from None
    client.start_channels()
    try:
        client.wait_for_ready(timeout=seconds)
        return _exchange(client, command, deadline)
    except (Empty, RuntimeError):
        raise _unanswered(client, seconds) from None
    finally:
        client.stop_channels()


def _exchange(client: BlockingKernelClient, command: CommandName, deadline: float) -> Reply:
    request = Request(PROTOCOL_VERSION, new_id(), command, f"kishu-agent {__version__}")
    text = json.dumps(encode(request).decode())
    code = f'__import__("kishu_agent.protocol", fromlist=["serve"]).serve({text})'
    sent = client.execute(code, store_history=False, allow_stdin=False, stop_on_error=False)
    error = ""
    while True:
        message = client.get_iopub_msg(timeout=max(0.0, deadline - time.monotonic()))
        if message["parent_header"].get("msg_id") != sent:
            continue
        content: dict[str, Any] = message["content"]
        if message["msg_type"] == "display_data" and MIME_TYPE in content["data"]:
            return from_plain(Reply, content["data"][MIME_TYPE])
        if message["msg_type"] == "error":
            error = f"{content['ename']}: {content['evalue']}"
        elif message["msg_type"] == "status" and content["execution_state"] == "idle":
            what = f" ({error})" if error else ""
            raise KernelUnavailableError(f"The kernel was interrupted or lacks the agent{what}.")


def _unanswered(client: BlockingKernelClient, seconds: float) -> KernelUnavailableError:
    beats = client.hb_channel.is_beating()
    if beats:
        return KernelUnavailableError(
            f"The kernel is busy: it did not answer in {seconds:g} s.",
            action="Try again when its cell has ended, or wait longer with --timeout.",
        )
    return KernelUnavailableError(
        "The kernel of this notebook does not respond; it may have been killed.",
        action="What the folder knows is shown with --folder.",
    )
