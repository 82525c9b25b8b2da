"""Altered and cut files of every kind: right data or a named error, never wrong data."""

from __future__ import annotations

import hashlib
import os
import random
import shutil
import struct
import subprocess
import sys
import textwrap
from typing import TYPE_CHECKING

import pytest
from kishu_agent.errors import DamagedError, KishuError, MissingFrameError
from kishu_agent.folder.compression import Compressor
from kishu_agent.folder.folder import Folder
from kishu_agent.folder.frames import FrameStore
from kishu_agent.folder.packfile import (
    CHUNK,
    ENTRY,
    FRAME,
    FRAME_MAGIC,
    HEADER,
    RAW,
    TRAILER,
    TRAILER_MAGIC,
    ZSTD,
    read_index,
)
from kishu_agent.history.checkpoint import Blob, Manifest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from kishu_agent.history.checkpoint import Checkpoint
    from kishu_agent.history.event import Event

SEED = 20260131
FLIPS = 300
CUTS = 60


@pytest.fixture
def content(folder: Folder) -> dict[str, tuple[Blob, bytes]]:
    """A pack with raw and compressed chunks, a node and manifests."""
    data = {"random": os.urandom(150_000), "text": b"text " * 20_000, "empty": b"", "small": b"abc"}
    with folder.frames.writer() as writer:
        blobs = {name: (writer.add_blob(value), value) for name, value in data.items()}
        for name, (blob, _) in blobs.items():
            writer.add_manifest(Manifest((name,), "pickle", blob))
    return blobs


def damaged_copies(path: Path, seed: int) -> list[tuple[str, bytes]]:
    chosen = random.Random(seed)  # noqa: S311
    data = path.read_bytes()
    copies = []
    for _ in range(FLIPS):
        # Half of the flips hit the ends, where the structure is.
        at = chosen.choice(
            [
                chosen.randrange(len(data)),
                chosen.randrange(min(len(data), 120)),
                -chosen.randrange(1, min(len(data), 700)),
            ]
        )
        altered = bytearray(data)
        altered[at] ^= 1 << chosen.randrange(8)
        copies.append((f"bit of byte {at}", bytes(altered)))
    for _ in range(CUTS):
        length = chosen.randrange(len(data))
        copies.append((f"cut to {length}", data[:length]))
    copies += [
        ("cut by one", data[:-1]),
        ("cut to nothing", b""),
        ("longer", data + b"\0"),
        ("zeros", bytes(len(data))),
    ]
    return copies


def test_packs(folder: Folder, content: dict[str, tuple[Blob, bytes]]) -> None:
    (pack,) = folder.frames.directory.iterdir()
    right = refused = 0
    for what, data in damaged_copies(pack, SEED):
        pack.write_bytes(data)
        store = FrameStore(folder.frames.directory)
        for blob, value in content.values():
            try:
                assert store.read_blob(blob) == value, what
                right += 1
            except DamagedError:
                refused += 1
        # A writer stores again what could not be read, and then all of it can be read.
        with store.writer() as writer:
            assert all(writer.add_blob(value) == blob for blob, value in content.values())
        assert all(store.read_blob(blob) == value for blob, value in content.values()), what
        for left in folder.frames.directory.iterdir():
            left.unlink()
    assert right > refused, f"seed {SEED}: {right} reads right, {refused} refused"


def test_a_damaged_frame_is_written_again(folder: Folder) -> None:
    with folder.frames.writer() as writer:
        digest = writer.add_chunk(os.urandom(60_000))
    (pack,) = folder.frames.directory.iterdir()
    value = folder.frames.read(digest)
    altered = bytearray(pack.read_bytes())
    altered[30_000] ^= 4
    pack.write_bytes(altered)
    store = FrameStore(folder.frames.directory)
    with pytest.raises(DamagedError, match="does not match its digest"):
        store.read(digest)
    with store.writer() as writer:
        writer.add_chunk(value)
    assert store.read(digest) == value
    assert FrameStore(folder.frames.directory).read(digest) == value


def test_another_pack_with_the_same_frame_is_used(folder: Folder, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    other = Folder.create(tmp_path / "other")
    value = os.urandom(50_000)
    with folder.frames.writer() as writer:
        digest = writer.add_chunk(value)
    with other.frames.writer() as writer:
        writer.add_chunk(b"something before it")
        writer.add_chunk(value)
    for pack in other.frames.directory.iterdir():
        shutil.copy(pack, folder.frames.directory)
    for pack in sorted(folder.frames.directory.iterdir()):
        original = pack.read_bytes()
        altered = bytearray(original)
        altered[len(altered) // 2] ^= 4
        pack.write_bytes(altered)
        assert FrameStore(folder.frames.directory).read(digest) == value
        pack.write_bytes(original)


def test_a_pack_without_its_end_is_walked_from_the_front(
    folder: Folder, content: dict[str, tuple[Blob, bytes]]
) -> None:
    (pack,) = folder.frames.directory.iterdir()
    whole = read_index(pack)
    pack.write_bytes(pack.read_bytes()[: -TRAILER.size])
    walked = read_index(pack)
    assert walked.entries == whole.entries
    assert walked.damage == "its end is missing"
    store = FrameStore(folder.frames.directory)
    assert all(store.read_blob(blob) == value for blob, value in content.values())
    (damage,) = store.damaged()
    assert damage.path == pack


def test_a_git_lfs_pointer_says_what_to_do(folder: Folder) -> None:
    pointer = folder.frames.directory / f"{'a' * 32}.pack"
    pointer.write_bytes(b"version https://git-lfs.github.com/spec/v1\noid sha256:abc\nsize 12345\n")
    with pytest.raises(MissingFrameError, match="git lfs pull"):
        folder.frames.read(bytes(32))
    (damage,) = folder.frames.damaged()
    assert "git lfs pull" in damage.reason


def test_checkpoints_and_events(
    folder: Folder, make_checkpoint: Callable[..., Checkpoint], make_event: Callable[..., Event]
) -> None:
    notebook = folder.notebook("a.ipynb")
    first = make_checkpoint(id="1" * 32)
    second = make_checkpoint(id="2" * 32, parent=first.id)
    event = make_event("tag", first.id, "good", id="3" * 32)
    notebook.add(first)
    notebook.add(second)
    notebook.add_event(event)
    for name, others in (("checkpoints/" + "1" * 32, 1), ("events/" + "3" * 32, 2)):
        path = notebook.path / f"{name}.json"
        original = path.read_bytes()
        for what, data in damaged_copies(path, SEED):
            path.write_bytes(data)
            history = Folder.open(folder.path.parent).notebook("a.ipynb").load()
            assert len(history) == others, what
            assert [damage.path for damage in history.damaged] == [path], what
            assert history.get(second.id) == second
            if others == 1:
                with pytest.raises(DamagedError, match="missing or damaged"):
                    history.state(second.id)
            else:
                assert history.tags == {}
        path.write_bytes(original)
    history = folder.notebook("a.ipynb").load()
    assert history.checkpoints == (first, second)
    assert history.damaged == ()


def test_format_json(folder: Folder) -> None:
    path = folder.path / "format.json"
    for what, data in damaged_copies(path, SEED):
        path.write_bytes(data)
        try:
            Folder.open(folder.path.parent)
        except KishuError:
            continue
        # JSON allows some changes that alter nothing, such as one more key.
        assert b'"version":1' in data, what


def test_files_of_this_machine_can_be_anything(folder: Folder) -> None:
    folder.set_paused("a.ipynb", paused=True)
    path = folder.path / "local" / "paused.json"
    for _what, data in damaged_copies(path, SEED):
        path.write_bytes(data)
        folder.is_paused("a.ipynb")
    folder.set_paused("b.ipynb", paused=True)
    assert folder.is_paused("b.ipynb")


def pack_of(frames: list[bytes], entries: list[bytes]) -> bytes:
    body = HEADER + b"".join(frames)
    index = b"".join(entries)
    return (
        body + index + TRAILER.pack(TRAILER_MAGIC, len(body), len(entries), 0, hashlib.sha256(index).digest())
    )


LIMIT = 100 * 1024 * 1024


def hostile_packs() -> dict[str, tuple[bytes, bytes]]:
    """Packs that claim what they do not have, with the digest of a frame."""
    digest = hashlib.sha256(b"x").digest()
    giant = Compressor().compress(memoryview(bytes(512 << 20))) or b""
    huge = 0xFFFF_FFFF
    claims = {
        "raw that claims 4 GiB": (RAW, huge, huge, b"x"),
        "zstd that claims 4 GiB": (ZSTD, len(giant), huge, giant),
        "zstd that gives more than it claims": (ZSTD, len(giant), 16 << 20, giant),
        "zstd that gives more than a byte": (ZSTD, len(giant), 1, giant),
        "zstd whose stored length is huge": (ZSTD, huge, 1, giant),
        "raw that reaches behind the file": (RAW, 16 << 20, 16 << 20, b"x"),
        "unknown encoding": (9, 1, 1, b"x"),
        "zstd that is none": (ZSTD, 1, 1, b"x"),
        "zstd with the largest window": (ZSTD, 10, 16 << 20, b"\x28\xb5\x2f\xfd\x00\xb8\x01\x00\x00x"),
    }
    packs = {}
    for name, (encoding, stored, plain, payload) in claims.items():
        frame = FRAME.pack(FRAME_MAGIC, CHUNK, encoding, 0, stored, plain, digest) + payload
        entry = ENTRY.pack(CHUNK, encoding, 0, stored, plain, len(HEADER) + FRAME.size, digest)
        packs[name] = (pack_of([frame], [entry]), digest)
        packs[f"{name}, without a trailer"] = (HEADER + frame, digest)
    entry = ENTRY.pack(CHUNK, RAW, 0, 1, 1, 1 << 63, digest)
    packs["offset behind the end"] = (pack_of([], [entry]), digest)
    trailer = struct.pack("<8sQII32s", TRAILER_MAGIC, 8, huge, 0, digest)
    packs["index with 4 G entries"] = (HEADER + trailer, digest)
    packs["frame magics only"] = (HEADER + FRAME_MAGIC * 500_000, digest)
    return packs


def test_hostile_packs_take_little_memory(tmp_path: Path) -> None:
    """In a process of its own, whose peak of memory is that of the reads alone."""
    for number, (pack, digest) in enumerate(hostile_packs().values()):
        directory = tmp_path / str(number)
        directory.mkdir()
        (directory / f"{'a' * 32}.pack").write_bytes(pack)
        (directory / "digest").write_bytes(digest)
    script = """
        import resource, sys
        from pathlib import Path
        from kishu_agent.errors import DamagedError
        from kishu_agent.folder.frames import FrameStore
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        for directory in sorted(Path(sys.argv[1]).iterdir()):
            try:
                FrameStore(directory).read((directory / "digest").read_bytes())
            except DamagedError:
                continue
            sys.exit(f"{directory} was read")
        scale = 1 if sys.platform == "darwin" else 1024
        print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * scale)
    """
    result = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script), str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert result.returncode == 0, result.stderr
    assert int(result.stdout) < LIMIT
