"""The order of syncs and renames that docs/format.md promises; no crash of a process alone would show a missing sync."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from kishu_agent.folder.folder import Folder
    from kishu_agent.history.checkpoint import Checkpoint

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc to see which file is synced")


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """Names of the synced and renamed files, relative to the folder; random names as `*.tmp`."""
    seen: list[tuple[str, str]] = []
    fsync, replace = os.fsync, os.replace

    def shown(path: str | Path) -> str:
        name = str(path).partition(".kishu/")[2]
        return str(Path(name).parent / "*.tmp") if name.endswith(".tmp") else name

    def seen_fsync(descriptor: int) -> None:
        seen.append(("sync", shown(Path(f"/proc/self/fd/{descriptor}").readlink())))
        fsync(descriptor)

    def seen_replace(source: Any, target: Any) -> None:
        seen.append(("rename", shown(target)))
        replace(source, target)

    monkeypatch.setattr(os, "fsync", seen_fsync)
    monkeypatch.setattr(os, "replace", seen_replace)
    return seen


def test_the_write_order(
    folder: Folder, make_checkpoint: Callable[..., Checkpoint], calls: list[tuple[str, str]]
) -> None:
    checkpoint = make_checkpoint()
    folder.notebook("a.ipynb").add(make_checkpoint())
    calls.clear()
    with folder.frames.writer() as writer:
        writer.add_blob(b"value")
    folder.notebook("a.ipynb").add(checkpoint)
    (pack,) = writer.close().names
    checkpoints = "notebooks/a.ipynb/checkpoints"
    assert calls == [
        ("sync", "packs/*.tmp"),
        ("rename", f"packs/{pack}.pack"),
        ("sync", "packs"),
        ("sync", f"{checkpoints}/*.tmp"),
        ("rename", f"{checkpoints}/{checkpoint.id}.json"),
        ("sync", checkpoints),
    ]


def test_new_directories_are_durable(
    folder: Folder, make_checkpoint: Callable[..., Checkpoint], calls: list[tuple[str, str]]
) -> None:
    folder.notebook("a.ipynb").add(make_checkpoint())
    assert calls[:2] == [("sync", "notebooks"), ("sync", "notebooks/a.ipynb")]


def test_packs_of_another_writer_are_synced_before_they_are_relied_on(
    folder: Folder, tmp_path: Path, calls: list[tuple[str, str]]
) -> None:
    """Its rename may not be durable yet when our checkpoint is."""
    from kishu_agent.folder.frames import FrameStore

    with folder.frames.writer() as writer:
        writer.add_blob(b"value")
    calls.clear()
    with FrameStore(folder.frames.directory).writer() as other:
        other.add_blob(b"value")
    assert other.close().names == ()
    assert calls == [("sync", "packs")]
