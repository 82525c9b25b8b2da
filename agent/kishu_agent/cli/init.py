"""`kishu-agent init`: create the folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kishu_agent.cli.locate import directory_of
from kishu_agent.cli.text import printable
from kishu_agent.folder.folder import FOLDER_NAME, Folder

if TYPE_CHECKING:
    import argparse


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument(
        "directory", nargs="?", metavar="DIRECTORY", help="where the notebooks are (default: here)"
    )


def run(arguments: argparse.Namespace) -> int:
    """Create the folder, or complete it."""
    directory = directory_of(arguments.directory)
    existed = (directory / FOLDER_NAME / "format.json").exists()
    folder = Folder.create(directory)
    if existed:
        print(f"{printable(str(folder.path))} is there already.")
    else:
        print(f"Created {printable(str(folder.path))}. Notebooks in this directory can now be recorded.")
    return 0
