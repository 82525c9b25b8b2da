"""Text for terminals: what recorded data may contain is made harmless, and lines fit."""

from __future__ import annotations

import os
import sys
import unicodedata
from datetime import datetime
from typing import TYPE_CHECKING, Final, TextIO

if TYPE_CHECKING:
    from kishu_agent.history.checkpoint import Checkpoint

WIDTH: Final = 100

_COLOURS: Final = {"id": "33", "label": "32", "bad": "31", "dim": "2", "bold": "1"}


class Paint:
    """Colours for a terminal; nothing for a file, a pipe, or with NO_COLOR set."""

    def __init__(self, stream: TextIO | None = None) -> None:
        stream = sys.stdout if stream is None else stream
        self.on = stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"

    def __call__(self, colour: str, text: str) -> str:
        """`text` in one of the colours id, label, bad, dim, bold."""
        return f"\x1b[{_COLOURS[colour]}m{text}\x1b[0m" if self.on and text else text


def printable(text: str) -> str:
    """`text` with control characters shown as escapes: recorded text must not steer a terminal."""
    return "".join(
        character if character.isprintable() else "    " if character == "\t" else _escape(character)
        for character in text
    )


def _escape(character: str) -> str:
    return character.encode("unicode_escape").decode()


def columns(text: str) -> int:
    """How many columns of a terminal a text takes."""
    return sum(
        0 if unicodedata.combining(character) else 2 if unicodedata.east_asian_width(character) in "WF" else 1
        for character in text
    )


def clip(text: str, width: int) -> str:
    """`text`, cut to so many columns, with an ellipsis when something is missing."""
    if columns(text) <= width:
        return text
    taken = 0
    for index, character in enumerate(text):
        taken += columns(character)
        if taken > width - 1:
            return text[:index] + "…"
    return text


def size(count: int) -> str:
    """Return a number of bytes for people."""
    value = float(count)
    for unit in ("B", "kB", "MB", "GB"):
        if value < 999.5:
            return f"{value:.0f} {unit}" if unit == "B" or value >= 99.95 else f"{value:.1f} {unit}"
        value /= 1000
    return f"{value:.1f} TB"


def duration(seconds: float) -> str:
    """Return a time span for people."""
    if seconds < 0.0995:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60} h {minutes % 60} min"


def moment(started: str) -> str:
    """Return a recorded time in the time zone of the person."""
    try:
        return datetime.fromisoformat(started).astimezone().strftime("%Y-%m-%d %H:%M:%S")
    except (ValueError, OverflowError, OSError):
        return printable(started)[:19]


def title(checkpoint: Checkpoint) -> str:
    """Return what a checkpoint is called: the first line of its cell's code."""
    if checkpoint.kind == "start":
        return "(recording began)"
    if checkpoint.kind == "between" or checkpoint.cell is None:
        return "(changed between cells)"
    lines = (line.strip() for line in checkpoint.cell.code.splitlines())
    return printable(next((line for line in lines if line), "(empty cell)"))


def changes(checkpoint: Checkpoint) -> str:
    """Return the names of a checkpoint, marked: + created, ~ changed, - deleted."""
    return printable(
        " ".join(
            [
                *(f"+{name}" for name in checkpoint.created),
                *(f"~{name}" for name in checkpoint.changed),
                *(f"-{name}" for name in checkpoint.deleted),
            ]
        )
    )
