"""`kishu-agent doctor`: how each variable is recorded, and why."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from kishu_agent.cli import text
from kishu_agent.cli.kernel import KernelUnavailableError, ask, connection_of
from kishu_agent.cli.locate import Place, locate
from kishu_agent.errors import KishuError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from kishu_agent.history.checkpoint import StoredCovariable
    from kishu_agent.protocol.models import Diagnosis

_NAME = 24
_TYPE = 30


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument(
        "place",
        nargs="?",
        metavar="NOTEBOOK|DIRECTORY",
        help="a notebook, or a directory with one (default: here)",
    )
    parser.add_argument(
        "--folder", action="store_true", help="only what the folder knows, also when a kernel runs"
    )
    parser.add_argument(
        "--timeout", type=_seconds, default=10.0, metavar="SECONDS", help="wait so long for the kernel"
    )


def run(arguments: argparse.Namespace) -> int:
    """Ask the running kernel, or tell what the folder knows of HEAD's state."""
    place = locate(arguments.place)
    connection = None if arguments.folder else _connection(place)
    paint = text.Paint()
    if connection is None:
        lines = _from_folder(place, paint, asked=arguments.folder)
    else:
        lines = _from_kernel(_ask(connection, arguments.timeout), place, paint)
    for line in lines:
        print(line)
    return 0


def _seconds(value: str) -> float:
    try:
        seconds = float(value)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < 1e6:
        raise argparse.ArgumentTypeError("give a number of seconds")
    return seconds


def _connection(place: Place) -> Path | None:
    found = map(connection_of, place.folder.heads.load(place.notebook))
    return next((connection for connection in found if connection is not None), None)


def _ask(connection: Path, seconds: float) -> Sequence[Diagnosis]:
    reply = ask(connection, "doctor", seconds)
    if reply.failure is not None:
        raise KishuError(reply.failure.message, action=reply.failure.action)
    if reply.diagnoses is None:
        raise KernelUnavailableError("The agent in the kernel answered something unexpected.")
    return reply.diagnoses


def _from_kernel(diagnoses: Sequence[Diagnosis], place: Place, paint: text.Paint) -> Iterator[str]:
    yield f"{text.printable(place.notebook)}, the running kernel"
    yield ""
    for diagnosis in diagnoses:
        size = text.size(diagnosis.stream_bytes)
        if diagnosis.buffer_bytes:
            size += f" + {text.size(diagnosis.buffer_bytes)} of memory"
        facts = (
            text.clip(text.printable(diagnosis.type), _TYPE),
            _how(diagnosis.how, paint),
            size,
            text.duration(diagnosis.seconds),
        )
        yield f"{_name(diagnosis.name, paint)}  {'  '.join(facts)}"
        if diagnosis.reason:
            yield _detail(diagnosis.reason)
        if diagnosis.joined:
            yield _detail(f"recorded together with {', '.join(diagnosis.joined)}")
        for sentence in diagnosis.because:
            yield _detail(f"    {sentence}")
        if diagnosis.definitions:
            yield _detail(f"needs {', '.join(diagnosis.definitions)}")
    if not diagnoses:
        yield "There are no variables."


def _from_folder(place: Place, paint: text.Paint, *, asked: bool) -> Iterator[str]:
    without = "" if asked else "no running kernel; "
    yield f"{text.printable(place.notebook)}, {without}as recorded at {(place.head or 'no checkpoint')[:8]}"
    yield ""
    state = place.history.state(place.head) if place.head is not None else {}
    by_name = {name: stored for stored in state.values() for name in stored.roots if ":" not in name}
    for name, stored in sorted(by_name.items()):
        yield f"{_name(name, paint)}  {_how(stored.how, paint)}  {text.size(stored.size)}"
        yield from _stored(name, stored)
    if not by_name:
        yield "There are no variables."


def _stored(name: str, stored: StoredCovariable) -> Iterator[str]:
    if stored.reason:
        yield _detail(stored.reason)
    others = [other for other in stored.roots if other != name and ":" not in other]
    if others:
        yield _detail(f"recorded together with {', '.join(others)}")
    if stored.depends:
        count = len(stored.depends)
        yield _detail(f"needs {count} {'definition' if count == 1 else 'definitions'} of the notebook")


def _name(name: str, paint: text.Paint) -> str:
    shown = text.clip(text.printable(name), _NAME)
    return paint("bold", shown) + " " * (_NAME - text.columns(shown))


def _how(how: str, paint: text.Paint) -> str:
    return paint("bad", "not recorded") if how == "none" else how


def _detail(line: str) -> str:
    return text.clip(f"    {text.printable(line)}", text.WIDTH)
