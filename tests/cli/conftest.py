"""A directory with a recorded notebook, and the command line run as people run it."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from kishu_agent.folder.folder import Folder
from kishu_agent.history.checkpoint import (
    Cell,
    CellError,
    Checkpoint,
    Manifest,
    Preview,
    StoredCovariable,
)
from kishu_agent.history.event import Event

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

MAIN = "b" * 32


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    def command(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        # NO_COLOR must not be needed: the output is a pipe.
        kept = {name: value for name, value in os.environ.items() if name not in {"NO_COLOR", "COLUMNS"}}
        return subprocess.run(
            [sys.executable, "-m", "kishu_agent", *arguments],
            cwd=tmp_path,
            env=kept | {"TZ": "UTC", "PYTHONIOENCODING": "utf-8"} | environment,
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=60,
        )

    return command


@pytest.fixture
def recorded(tmp_path: Path) -> Folder:
    """Three checkpoints of a.ipynb: the start, a cell, and a cell that failed."""
    folder = Folder.create(tmp_path)
    notebook = folder.notebook("a.ipynb")
    with folder.frames.writer() as writer:
        manifest = Manifest(("df",), "pickle", writer.add_blob(b"stream"), (writer.add_blob(bytes(100_000)),))
        version = writer.add_manifest(manifest)
    notebook.add_event(Event("e" * 32, "branch", MAIN, "main", "2026-01-31T11:59:00.000000Z"))
    notebook.add(Checkpoint("1" * 32, None, MAIN, "start", "2026-01-31T12:00:00.000000Z", 0.0, "ok"))
    notebook.add(
        Checkpoint(
            "2" * 32,
            "1" * 32,
            MAIN,
            "cell",
            "2026-01-31T12:00:01.000000Z",
            75.2,
            "ok",
            cell=Cell("\n\ndf = load('data.csv')  # the data\ndf.head()", "cell:1", 1),
            created=("df", "sock"),
            added=(
                StoredCovariable(("df",), version, 100_006, "pickle"),
                StoredCovariable(("sock",), "0" * 64, 0, "none", "a socket cannot be stored"),
            ),
            previews={"df": Preview("DataFrame", "a  b  c", length=5, shape=(5, 3), nbytes=1200)},
            problems={"sock": "a socket cannot be stored"},
            bytes_added=writer.close().bytes,
            packs=writer.close().names,
            agent="0.1.0",
            python="3.11.7",
        )
    )
    notebook.add(
        Checkpoint(
            "3" * 32,
            "2" * 32,
            MAIN,
            "cell",
            "2026-01-31T12:02:01.000000Z",
            0.0123,
            "error",
            cell=Cell("df.evil()\x1b[31m", "cell:2", 2),
            error=CellError("AttributeError", "no\nevil\x07"),
            changed=("df",),
            deleted=("x",),
        )
    )
    notebook.add_event(Event("f" * 32, "tag", "2" * 32, "loaded", "2026-01-31T12:03:00.000000Z"))
    return folder
