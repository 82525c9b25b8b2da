"""Disks that refuse: read-only, full, and limits; nothing half-written is left to be seen."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
from kishu_agent.errors import FolderFullError, FolderReadOnlyError
from kishu_agent.folder.folder import Folder
from kishu_agent.folder.frames import FrameStore

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from kishu_agent.history.checkpoint import Checkpoint


def mount(path: Path, options: str) -> bool:
    """Mount a file system in memory; only root may, and not in every container."""
    path.mkdir(exist_ok=True)
    command = ["mount", "-t", "tmpfs", "-o", options, "kishu-test", str(path)]
    return sys.platform == "linux" and subprocess.run(command, capture_output=True).returncode == 0


def fill(directory: Path) -> Path:
    filler = directory / "filler"
    with suppress(OSError), filler.open("wb", buffering=0) as file:
        while file.write(bytes(4096)):
            pass
    return filler


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "disk"
    if not mount(path, "size=2m"):
        pytest.skip("mounting is not permitted here; test_a_limit_on_files covers the same error")
    yield path
    subprocess.run(["umount", "-l", str(path)], check=True)


@pytest.fixture
def freeze(tmp_path: Path) -> Iterator[Callable[[Path], None]]:
    """Make a directory read-only, for root as well: by a mount, where that is possible."""
    undo: list[Callable[[], object]] = []

    def make_read_only(path: Path) -> None:
        if os.geteuid() != 0:
            for item in [path, *path.rglob("*")]:
                mode = item.stat().st_mode
                item.chmod(mode & ~0o222)
                undo.append(lambda item=item, mode=mode: item.chmod(mode))  # type: ignore[misc]
            return
        bound = subprocess.run(["mount", "--bind", str(path), str(path)], capture_output=True)
        if bound.returncode != 0:
            pytest.skip("root can write everywhere, and mounting is not permitted here")
        undo.append(lambda: subprocess.run(["umount", "-l", str(path)], check=True))
        subprocess.run(["mount", "-o", "remount,ro,bind", str(path)], check=True)

    yield make_read_only
    for action in reversed(undo):
        action()


def test_a_directory_that_is_read_only(tmp_path: Path, freeze: Callable[[Path], None]) -> None:
    freeze(tmp_path)
    with pytest.raises(FolderReadOnlyError) as caught:
        Folder.create(tmp_path)
    assert caught.value.code == "FOLDER_READ_ONLY"
    assert "writable" in caught.value.action


def test_a_folder_that_is_read_only_can_be_looked_at(
    tmp_path: Path, freeze: Callable[[Path], None], make_checkpoint: Callable[..., Checkpoint]
) -> None:
    folder = Folder.create(tmp_path)
    checkpoint = make_checkpoint()
    folder.notebook("a.ipynb").add(checkpoint)
    with folder.frames.writer() as writer:
        blob = writer.add_blob(b"content")
    freeze(tmp_path)
    with pytest.raises(FolderReadOnlyError):
        Folder.create(tmp_path)
    opened = Folder.open(tmp_path)
    assert opened.notebook("a.ipynb").load().checkpoints == (checkpoint,)
    assert opened.frames.read_blob(blob) == b"content"
    with pytest.raises(FolderReadOnlyError):
        opened.notebook("a.ipynb").add(make_checkpoint())
    with pytest.raises(FolderReadOnlyError):
        opened.set_paused("a.ipynb", paused=True)
    writer = opened.frames.writer()
    writer.add_blob(b"content")
    assert writer.close().names == (), "nothing new needs no writing"
    with pytest.raises(FolderReadOnlyError), opened.frames.writer() as writer:
        writer.add_blob(b"new")


def test_a_full_disk(small_disk: Path, make_checkpoint: Callable[..., Checkpoint]) -> None:
    folder = Folder.create(small_disk)
    first = make_checkpoint()
    with folder.frames.writer() as writer:
        kept = writer.add_blob(b"kept" * 1000)
    folder.notebook("a.ipynb").add(first)
    writer = folder.frames.writer()
    with pytest.raises(FolderFullError) as caught:
        writer.add_blob(os.urandom(4 << 20))
    assert "Free some disk space" in caught.value.action
    assert [path.suffix for path in folder.frames.directory.iterdir()] == [".pack"], (
        "the file at work is gone"
    )
    filler = fill(small_disk)
    with pytest.raises(FolderFullError):
        folder.notebook("a.ipynb").add(make_checkpoint(parent=first.id))
    assert Folder.open(small_disk).notebook("a.ipynb").load().checkpoints == (first,)
    assert FrameStore(folder.frames.directory).read_blob(kept) == b"kept" * 1000
    filler.unlink()
    with folder.frames.writer() as writer:
        writer.add_blob(os.urandom(100_000))
    folder.notebook("a.ipynb").add(make_checkpoint(parent=first.id))
    assert len(Folder.open(small_disk).notebook("a.ipynb").load()) == 2


def test_no_space_to_create(small_disk: Path) -> None:
    filler = fill(small_disk)
    with pytest.raises(FolderFullError):
        Folder.create(small_disk)
    filler.unlink()
    Folder.create(small_disk)


def test_a_limit_on_files(tmp_path: Path) -> None:
    """A quota, as far as any user can have one: no file may grow beyond 64 KiB."""
    Folder.create(tmp_path)
    script = """
        import os, resource, signal, sys
        from pathlib import Path
        from kishu_agent.errors import FolderFullError
        from kishu_agent.folder.folder import Folder
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (65536, 65536))
        folder = Folder.open(Path(sys.argv[1]))
        writer = folder.frames.writer()
        try:
            writer.add_blob(os.urandom(1 << 20))
            writer.close()
        except FolderFullError:
            assert list(folder.frames.directory.iterdir()) == []
            print("refused")
    """
    result = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script), str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (result.stdout, result.stderr) == ("refused\n", "")
