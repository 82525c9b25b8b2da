"""Which folder and which notebook a command is about."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from kishu_agent.errors import KishuError
from kishu_agent.folder.folder import FOLDER_NAME, Folder

if TYPE_CHECKING:
    import argparse

    from kishu_agent.history.graph import History


@dataclass(frozen=True, slots=True)
class Place:
    """A folder, and a notebook in it."""

    folder: Folder
    notebook: str
    history: History
    head: str | None
    """Where the kernel is that ran last, else the newest checkpoint."""
    running: bool
    """Whether a kernel said so."""


def directory_of(argument: str | None) -> Path:
    """Return the directory of the notebooks that an argument names: itself, its `.kishu`, or a notebook in it."""
    path = Path(argument or ".")
    if path.name == FOLDER_NAME:
        return path.parent
    return path if path.is_dir() else path.parent


def locate(argument: str | None) -> Place:
    """Return the notebook that an argument names: a path of a notebook, or a directory with only one.

    Raises KishuError when there is none or a choice.
    """
    folder = Folder.open(directory_of(argument))
    known = folder.notebooks()
    path = Path(argument or ".")
    if path.is_dir() or path.name == FOLDER_NAME:
        if len(known) > 1:
            raise KishuError(
                f"{folder.path} has the history of {len(known)} notebooks: {', '.join(known)}.",
                action="Name one of them.",
            )
        if not known:
            raise KishuError(f"{folder.path} holds no recorded notebook yet.", action="Run a cell first.")
        notebook = known[0]
    else:
        notebook = path.name
        if notebook not in known:
            there = f"It has: {', '.join(known)}." if known else "It is empty."
            raise KishuError(f"{folder.path} has no history of {notebook}.", action=there)
    history = folder.notebook(notebook).load()
    for head in folder.heads.load(notebook):
        if head.checkpoint is not None and head.checkpoint in history:
            return Place(folder, notebook, history, head.checkpoint, running=True)
    newest = history.newest()
    return Place(folder, notebook, history, newest.id if newest else None, running=False)


def add_place_option(parser: argparse.ArgumentParser) -> None:
    """Add the option that names the notebook, for commands whose arguments are names."""
    parser.add_argument(
        "--in", dest="place", metavar="NOTEBOOK", help="a notebook, or a directory with one (default: here)"
    )


def labels(place: Place) -> dict[str, list[str]]:
    """Names of branches and tags, and HEAD, by the id of their checkpoint."""
    found: dict[str, list[str]] = {}
    if place.running and place.head is not None:
        found[place.head] = ["HEAD"]
    for branch in sorted(place.history.branches.values(), key=lambda branch: (branch.name, branch.id)):
        head = place.history.branch_head(branch.id)
        if head is not None:
            found.setdefault(head, []).append(branch.name)
    for name, checkpoint in sorted(place.history.tags.items()):
        found.setdefault(checkpoint, []).append(f"tag: {name}")
    return found
