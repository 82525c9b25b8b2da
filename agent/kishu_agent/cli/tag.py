"""`kishu-agent tag`: the tags of a notebook, or a name for a checkpoint."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kishu_agent.cli import text
from kishu_agent.cli.locate import add_place_option, locate
from kishu_agent.history import naming
from kishu_agent.history.refs import resolve

if TYPE_CHECKING:
    import argparse


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument("name", nargs="?", metavar="NAME", help="a name for a checkpoint")
    parser.add_argument(
        "ref", nargs="?", default="HEAD", metavar="REF", help="which checkpoint (default: HEAD)"
    )
    add_place_option(parser)


def run(arguments: argparse.Namespace) -> int:
    """Name a checkpoint, or list all names."""
    place = locate(arguments.place)
    if arguments.name is not None:
        checkpoint = resolve(place.history, arguments.ref, place.head)
        event = naming.tagging(place.history, arguments.name, checkpoint)
        place.folder.notebook(place.notebook).add_event(event)
        print(f"{text.printable(arguments.name)} names checkpoint {checkpoint[:8]}.")
        return 0
    paint = text.Paint()
    for name, identity in sorted(place.history.tags.items()):
        named = place.history.get(identity)
        what = text.clip(text.title(named), 60) if named else "(not there)"
        print(f"{paint('label', text.printable(name))}  {paint('id', identity[:8])}  {what}")
    return 0
