"""The command `kishu-agent`."""

from __future__ import annotations

import argparse
import os
import sys
from typing import TYPE_CHECKING, TextIO

from kishu_agent.cli import branch, doctor, init, log, show, status, tag
from kishu_agent.cli.text import printable
from kishu_agent.errors import KishuError
from kishu_agent.version import __version__

if TYPE_CHECKING:
    from collections.abc import Sequence

_COMMANDS = {
    "branch": (branch, "list the branches of a notebook, or give one another name"),
    "doctor": (doctor, "tell how each variable is recorded, and why"),
    "init": (init, "create the .kishu folder beside the notebooks of a directory"),
    "log": (log, "list the checkpoints of a notebook, the newest first"),
    "show": (show, "show one checkpoint in full"),
    "status": (status, "say what the folder holds and whether something is wrong with it"),
    "tag": (tag, "list the tags of a notebook, or give a checkpoint a name"),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command. Returns the exit code: 0, 1 for an error, 2 for wrong usage, 130 when interrupted."""
    for stream in (sys.stdout, sys.stderr):
        _never_fail_to_print(stream)
    options = _parser().parse_args(arguments)
    try:
        result = int(options.run(options))
        sys.stdout.flush()
    except KishuError as error:
        print(f"kishu-agent: {_one_line(str(error))}", file=sys.stderr)
        return 1
    except BrokenPipeError:
        # Whoever read the output has seen enough. The interpreter flushes once more when it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        return 130
    except OSError as error:
        print(f"kishu-agent: {_one_line(str(error))}", file=sys.stderr)
        return 1
    return result


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="kishu-agent", description="Look at the recorded history of notebooks. No kernel is needed."
    )
    parser.add_argument("--version", action="version", version=f"kishu-agent {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for name, (module, summary) in _COMMANDS.items():
        command = commands.add_parser(name, help=summary, description=f"{summary[0].upper()}{summary[1:]}.")
        module.configure(command)
        command.set_defaults(run=module.run)
    return parser


def _one_line(message: str) -> str:
    return printable(" ".join(message.split()))


def _never_fail_to_print(stream: TextIO) -> None:
    """Make a terminal that lacks a character show its escape instead of a traceback."""
    reconfigure = getattr(stream, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(errors="backslashreplace")
