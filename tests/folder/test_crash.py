"""A process that dies at any of its writes: what was acknowledged is there, the rest is there whole or not at all.

A child records a checkpoint. Its calls that change the disk are counted, and at the chosen one it dies
(os._exit, so that nothing is cleaned up): before the call, after it, or in the middle of a write.
"""

from __future__ import annotations

import inspect
import shutil
import subprocess
import sys
import textwrap
from typing import TYPE_CHECKING

import pytest
from kishu_agent.folder.folder import Folder
from kishu_agent.folder.frames import FrameStore
from kishu_agent.history.checkpoint import Checkpoint, Manifest, StoredCovariable
from kishu_agent.history.event import Event

if TYPE_CHECKING:
    from pathlib import Path

CHILD = """
    import io, os, pathlib, sys
    from pathlib import Path

    fatal, mode = int(sys.argv[2]), sys.argv[3]
    calls = 0

    def hook(owner, name):
        original = getattr(owner, name)
        def call(*arguments, **options):
            global calls
            if name == "open" and owner is os and not arguments[1] & os.O_CREAT:
                return original(*arguments, **options)
            calls += 1
            if calls == fatal:
                if mode == "torn" and name == "write":
                    original(arguments[0], bytes(arguments[1])[: len(arguments[1]) // 2])
                elif mode == "after":
                    original(*arguments, **options)
                os._exit(9)
            return original(*arguments, **options)
        setattr(owner, name, call)

    from kishu_agent.folder.folder import Folder
    from kishu_agent.history.checkpoint import Checkpoint, Manifest, StoredCovariable
    from kishu_agent.history.event import Event

    for name in ("open", "write", "fsync", "replace", "mkdir", "unlink"):
        hook(os, name)
"""


NEW = b"new value" * 20_000


def record(path: Path) -> None:
    """What is under test; the child has the source of this function."""
    folder = Folder.create(path)
    with folder.frames.writer() as writer:
        stream = writer.add_blob(b"new value" * 20_000)
        version = writer.add_manifest(Manifest(("x",), "pickle", stream))
    time = "2026-01-31T12:00:01.000000Z"
    folder.notebook("a.ipynb").add_event(Event("e" * 32, "branch", "b" * 32, "main", time))
    print("event", flush=True)  # noqa: T201
    stored = StoredCovariable(("x",), version, stream.size, "pickle")
    folder.notebook("a.ipynb").add(
        Checkpoint("2" * 32, "1" * 32, "b" * 32, "cell", time, 0.0, "ok", removed=(("x",),), added=(stored,))
    )
    print("acknowledged", flush=True)  # noqa: T201


def value_at(folder: Folder, checkpoint: str) -> bytes:
    (stored,) = folder.notebook("a.ipynb").load().state(checkpoint).values()
    frames = FrameStore(folder.frames.directory)
    stream = frames.read_manifest(stored.version).stream
    assert stream is not None
    return bytes(frames.read_blob(stream))


@pytest.fixture
def base(tmp_path: Path) -> Path:
    """A folder with one acknowledged checkpoint."""
    path = tmp_path / "base"
    path.mkdir()
    folder = Folder.create(path)
    with folder.frames.writer() as writer:
        version = writer.add_manifest(Manifest(("x",), "pickle", writer.add_blob(b"old value")))
    stored = StoredCovariable(("x",), version, 9, "pickle")
    folder.notebook("a.ipynb").add(
        Checkpoint(
            "1" * 32, None, "b" * 32, "start", "2026-01-31T12:00:00.000000Z", 0.0, "ok", added=(stored,)
        )
    )
    return path


def run_child(path: Path, fatal: int, mode: str) -> tuple[int, list[str]]:
    script = f"{textwrap.dedent(CHILD)}\n{inspect.getsource(record)}\nrecord(Path(sys.argv[1]))\n"
    command = [sys.executable, "-c", script, str(path), str(fatal), mode]
    result = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert result.returncode in {0, 9}, result.stderr
    return result.returncode, result.stdout.split()


def test_recording(base: Path, tmp_path: Path) -> None:
    points = 0
    for mode in ("before", "torn", "after"):
        fatal = 0
        while True:
            fatal += 1
            path = tmp_path / f"{mode}-{fatal}"
            shutil.copytree(base, path)
            code, said = run_child(path, fatal, mode)
            folder = Folder.open(path)
            history = folder.notebook("a.ipynb").load()
            assert history.damaged == ()
            assert folder.frames.damaged() == ()
            assert value_at(folder, "1" * 32) == b"old value"
            assert "2" * 32 in history or "acknowledged" not in said
            assert history.branch_name("b" * 32) == "main" or "event" not in said
            if "2" * 32 in history:
                assert value_at(folder, "2" * 32) == NEW
            if code == 0:
                break
            points += 1
            record(path)  # recording goes on as if nothing had happened
            assert value_at(folder, "2" * 32) == NEW
            shutil.rmtree(path)
    assert points >= 40, f"{points} points were tried"


def test_creating(tmp_path: Path) -> None:
    whole = {".gitattributes", ".gitignore", "FORMAT.md", "format.json", "local", "notebooks", "packs"}
    for fatal in range(1, 30, 2):
        path = tmp_path / str(fatal)
        path.mkdir()
        assert run_child(path, fatal, "torn")[0] == 9
        folder = Folder.create(path)
        assert {item.name for item in folder.path.iterdir() if item.suffix != ".tmp"} == whole
        record(path)
