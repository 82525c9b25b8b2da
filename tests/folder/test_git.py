"""The folder in git: bytes stay as they are, and two people's histories merge by union."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

from kishu_agent.folder.folder import Folder

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from kishu_agent.history.checkpoint import Checkpoint
    from kishu_agent.history.event import Event


def git(directory: Path, *arguments: str) -> str:
    # A person on Windows has line endings changed by default; identity and signing are the test's own.
    settings = ["core.autocrlf=true", "user.name=Test", "user.email=test@example.org", "commit.gpgsign=false"]
    options = [part for setting in settings for part in ("-c", setting)]
    result = subprocess.run(["git", *options, *arguments], cwd=directory, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def commit(directory: Path) -> None:
    git(directory, "add", "--all")
    git(directory, "commit", "--quiet", "--message", "recorded")


def test_a_clone_and_a_merge(
    tmp_path: Path, make_checkpoint: Callable[..., Checkpoint], make_event: Callable[..., Event]
) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    one.mkdir()
    git(one, "init", "--quiet", "--initial-branch=main")
    folder = Folder.create(one)
    folder.set_paused("other.ipynb", paused=True)
    start = make_checkpoint(kind="start")
    folder.notebook("a.ipynb").add(start)
    with folder.frames.writer() as writer:
        first = writer.add_blob(b"line\r\nline\n" * 10_000 + bytes(range(256)))
    (folder.path / "packs" / "left.tmp").touch()
    commit(one)
    tracked = git(one, "ls-files").split()
    assert not [name for name in tracked if "/local/" in name or name.endswith(".tmp")]

    git(tmp_path, "clone", "--quiet", str(one), str(two))
    cloned = Folder.create(two)
    assert git(two, "status", "--porcelain") == "", "opening a clone changes nothing that git sees"
    blobs = {}
    for directory, opened, name in ((one, folder, "mine"), (two, cloned, "theirs")):
        with opened.frames.writer() as writer:
            blobs[writer.add_blob(name.encode() * 1000)] = name.encode() * 1000
        branch = name[0] * 32
        opened.notebook("a.ipynb").add_event(make_event("branch", branch, name))
        opened.notebook("a.ipynb").add(make_checkpoint(parent=start.id, branch=branch))
        commit(directory)
    git(two, "pull", "--quiet", "--no-rebase", "--no-edit")

    history = cloned.notebook("a.ipynb").load()
    assert history.damaged == ()
    assert history.checkpoints[0] == start
    assert len(history.children(start.id)) == 2
    assert {branch.name for branch in history.branches.values()} >= {"mine", "theirs"}
    assert all(cloned.frames.read_blob(blob) == data for blob, data in blobs.items())
    assert cloned.frames.read_blob(first) == folder.frames.read_blob(first)
    assert cloned.frames.damaged() == ()
