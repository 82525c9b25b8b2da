"""`kishu-agent branch`: the branches of a notebook, or another name for one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kishu_agent.cli import text
from kishu_agent.cli.locate import add_place_option, locate
from kishu_agent.history import naming

if TYPE_CHECKING:
    import argparse


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument("old", nargs="?", metavar="OLD", help="a branch, by its name or id")
    parser.add_argument("new", nargs="?", metavar="NEW", help="its new name")
    add_place_option(parser)
    parser.set_defaults(refuse=parser.error)


def run(arguments: argparse.Namespace) -> int:
    """Rename a branch, or list all."""
    if arguments.old is not None and arguments.new is None:
        arguments.refuse("give the branch and its new name")
    place = locate(arguments.place)
    if arguments.old is not None:
        event = naming.renaming(place.history, arguments.old, arguments.new)
        place.folder.notebook(place.notebook).add_event(event)
        print(f"{text.printable(arguments.old)} is now called {text.printable(arguments.new)}.")
        return 0
    paint = text.Paint()
    head = place.history.get(place.head) if place.running else None
    for branch in naming.branches(place.history, head.branch if head else None):
        newest = place.history.get(branch.head)
        line = f"{'*' if branch.current else ' '} {paint('label', text.printable(branch.name))}"
        if newest is not None:
            line += f"  {paint('id', newest.id[:8])}  {paint('dim', text.moment(newest.started))}  "
            line += text.clip(text.title(newest), 40)
        print(f"{line}  branch {branch.id[:8]}")
    return 0
