"""`kishu-agent status`: what a folder holds, how large it is, and whether something is wrong with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kishu_agent.cli import text
from kishu_agent.cli.locate import directory_of
from kishu_agent.folder.folder import Folder
from kishu_agent.history.checkpoint import FORMAT_VERSION

if TYPE_CHECKING:
    import argparse

    from kishu_agent.history.damage import Damage


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument(
        "directory", nargs="?", metavar="DIRECTORY", help="where the notebooks are (default: here)"
    )


def run(arguments: argparse.Namespace) -> int:
    """Print the status."""
    folder = Folder.open(directory_of(arguments.directory))
    paint = text.Paint()
    usage = folder.usage()
    damaged: list[Damage] = list(folder.frames.damaged())
    paused = folder.paused()

    print(f"folder      {text.printable(str(folder.path))}, format version {FORMAT_VERSION}")
    packs = folder.frames.index.pack_count()
    print(f"packs       {text.size(usage.packs)} in {packs} {'file' if packs == 1 else 'files'}")
    print(f"records     {text.size(usage.records)}")
    print(f"local       {text.size(usage.local)}, not committed")
    if usage.leftover_count:
        print(
            f"leftovers   {text.size(usage.leftovers)} in {usage.leftover_count} files; collected after a day"
        )
    notebooks = folder.notebooks()
    print()
    print(paint("bold", "notebooks") if notebooks else "No notebook has been recorded yet.")
    for name in notebooks:
        history = folder.notebook(name).load()
        damaged += history.damaged
        branches = ", ".join(sorted(branch.name for branch in history.branches.values()))
        facts = f"{len(history)} checkpoints" if len(history) != 1 else "1 checkpoint"
        if name in paused:
            facts += ", paused on this machine"
        print(text.clip(f"    {text.printable(name)}  {facts}", text.WIDTH))
        if branches:
            print(text.clip(f"        branches: {text.printable(branches)}", text.WIDTH))
        if history.tags:
            print(text.clip(f"        tags: {text.printable(', '.join(sorted(history.tags)))}", text.WIDTH))
    for name in sorted(paused - set(notebooks)):
        print(text.clip(f"    {text.printable(name)}  paused on this machine", text.WIDTH))
    if damaged:
        print()
        print(paint("bad", "damaged"))
        for damage in damaged:
            print(f"    {text.printable(f'{damage.path}: {damage.reason}')}")
    return 0
