"""`kishu-agent log`: the checkpoints of a notebook, the newest first."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, Any

import orjson

from kishu_agent.cli import text
from kishu_agent.cli.locate import labels, locate
from kishu_agent.records import encode

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from kishu_agent.history.checkpoint import Checkpoint

_INDENT = " " * 10


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument(
        "place",
        nargs="?",
        metavar="NOTEBOOK|DIRECTORY",
        help="a notebook, or a directory with one (default: here)",
    )
    parser.add_argument("--json", action="store_true", help="one JSON list of whole records")
    parser.add_argument("--limit", type=_count, metavar="N", help="only the newest N")


def run(arguments: argparse.Namespace) -> int:
    """Print the history."""
    place = locate(arguments.place)
    names = labels(place)
    newest = place.history.checkpoints[::-1][: arguments.limit]
    if arguments.json:
        _print_json(newest, names)
    else:
        for line in _lines(newest, names, text.Paint()):
            print(line)
        for damage in place.history.damaged:
            print(f"damaged: {text.printable(f'{damage.path}: {damage.reason}')}", file=sys.stderr)
    return 0


def _count(value: str) -> int:
    if not value.isdecimal() or not int(value):
        raise argparse.ArgumentTypeError("give a number from 1 on")
    return int(value)


def _print_json(checkpoints: Iterable[Checkpoint], names: dict[str, list[str]]) -> None:
    rows: list[dict[str, Any]] = []
    for checkpoint in checkpoints:
        row = orjson.loads(encode(checkpoint))
        row["labels"] = names.get(checkpoint.id, [])
        rows.append(row)
    print(orjson.dumps(rows, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS).decode())


def _lines(
    checkpoints: Iterable[Checkpoint], names: dict[str, list[str]], paint: text.Paint
) -> Iterator[str]:
    for checkpoint in checkpoints:
        label = text.clip(text.printable(", ".join(names.get(checkpoint.id, []))), 40)
        shown = f"({label}) " if label else ""
        space = text.WIDTH - 31 - text.columns(shown)
        yield (
            f"{paint('id', checkpoint.id[:8])}  {paint('dim', text.moment(checkpoint.started))}  "
            f"{paint('label', shown)}{text.clip(text.title(checkpoint), space)}"
        )
        facts = [text.duration(checkpoint.duration), text.size(checkpoint.bytes_added)]
        replayed = len(checkpoint.replayed_names)
        if replayed:
            facts.append(f"{replayed} by replay")
        if len(checkpoint.problems) > replayed:
            facts.append(f"{len(checkpoint.problems) - replayed} not recorded")
        outcome = _outcome(checkpoint)
        taken = text.columns("  ".join(facts)) + (text.columns(outcome) + 2 if outcome else 0)
        changes = text.clip(text.changes(checkpoint), text.WIDTH - len(_INDENT) - 2 - taken)
        yield _INDENT + "  ".join(part for part in (*facts, paint("bad", outcome), changes) if part)


def _outcome(checkpoint: Checkpoint) -> str:
    if checkpoint.outcome == "ok":
        return ""
    error = checkpoint.error.name if checkpoint.error else ""
    return text.clip(text.printable(error or checkpoint.outcome), 30)
