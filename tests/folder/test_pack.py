"""Writing packs: deduplication, limits, compression, concurrency."""

from __future__ import annotations

import hashlib
import os
import resource
import threading
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from kishu_agent.errors import FolderError, MissingFrameError
from kishu_agent.folder.frames import FrameStore
from kishu_agent.folder.packfile import CHUNK, ENTRY, MAX_PACK, MAX_PLAIN, RAW, ZSTD, read_index
from kishu_agent.history.checkpoint import Manifest

if TYPE_CHECKING:
    from kishu_agent.folder.folder import Folder


def packs(folder: Folder) -> list[Path]:
    return sorted(folder.frames.directory.iterdir())


def test_a_pack_is_named_by_its_content_and_has_nothing_else(folder: Folder) -> None:
    with folder.frames.writer() as writer:
        writer.add_blob(os.urandom(100_000))
    written = writer.close()
    (pack,) = packs(folder)
    assert written.names == (pack.stem,)
    assert written.bytes == pack.stat().st_size
    assert hashlib.sha256(pack.read_bytes()).hexdigest()[:32] == pack.stem


def test_nothing_new_writes_no_file(folder: Folder) -> None:
    writer = folder.frames.writer()
    assert writer.close().names == ()
    data = os.urandom(200_000)
    for _ in range(2):
        with folder.frames.writer() as writer:
            writer.add_blob(data)
            writer.add_blob(data)
    assert writer.close().bytes == 0
    assert len(packs(folder)) == 1


def test_a_second_store_sees_what_the_first_wrote_and_does_not_write_it_again(folder: Folder) -> None:
    other = FrameStore(folder.frames.directory)
    assert not other.contains(bytes(32))
    with folder.frames.writer() as writer:
        digest = writer.add_chunk(b"written by the first")
    assert other.read(digest) == b"written by the first"
    with other.writer() as second:
        second.add_chunk(b"written by the first")
    assert second.close().names == ()


def test_an_aborted_writer_leaves_nothing(folder: Folder) -> None:
    writer = folder.frames.writer()
    digest = writer.add_chunk(os.urandom(60_000))
    with pytest.raises(KeyError), writer:
        raise KeyError
    assert packs(folder) == []
    assert not folder.frames.contains(digest)
    with pytest.raises(ValueError, match="closed"):
        writer.add_chunk(b"")


def test_frames_are_not_seen_before_the_pack_is_complete(folder: Folder) -> None:
    writer = folder.frames.writer()
    digest = writer.add_chunk(b"not yet")
    assert not folder.frames.contains(digest)
    with pytest.raises(MissingFrameError):
        folder.frames.read(digest)
    writer.close()
    assert folder.frames.read(digest) == b"not yet"


def test_a_new_pack_begins_before_32_mib(folder: Folder) -> None:
    with folder.frames.writer() as writer:
        blobs = [(data, writer.add_blob(data)) for data in (os.urandom(21 << 20) for _ in range(4))]
    written = writer.close()
    assert len(written.names) == len(packs(folder)) == 3
    assert all(pack.stat().st_size <= MAX_PACK for pack in packs(folder))
    assert written.bytes == sum(pack.stat().st_size for pack in packs(folder))
    fresh = FrameStore(folder.frames.directory)
    assert all(fresh.read_blob(blob) == data for data, blob in blobs)


def test_the_largest_frame(folder: Folder) -> None:
    data = os.urandom(MAX_PLAIN)
    with folder.frames.writer() as writer:
        digests = [
            writer.add(CHUNK, data),
            writer.add(CHUNK, bytes(MAX_PLAIN)),
            writer.add(CHUNK, data[::-1]),
        ]
        with pytest.raises(ValueError, match="at most"):
            writer.add(CHUNK, bytes(MAX_PLAIN + 1))
        with pytest.raises(ValueError, match="at most"):
            writer.add_chunk(bytes(65537))
    assert [folder.frames.read(digest) for digest in digests] == [data, bytes(MAX_PLAIN), data[::-1]]


def test_compression_adapts(folder: Folder) -> None:
    with folder.frames.writer() as writer:
        random = writer.add_chunk(os.urandom(65536))
        text = writer.add_chunk(b"0123456789" * 6553)
        tiny = writer.add_chunk(b"x" * 50)
    (pack,) = packs(folder)
    index = read_index(pack)
    entries = {entry.digest: entry for entry in map(index.entry, range(len(index.entries) // ENTRY.size))}
    assert [entries[digest].encoding for digest in (random, text, tiny)] == [RAW, ZSTD, RAW]
    assert entries[text].stored < 1000


def test_manifests(folder: Folder) -> None:
    with folder.frames.writer() as writer:
        manifest = Manifest(
            ("a", "b"), "pickle", writer.add_blob(b"stream"), (writer.add_blob(b"buffer"),), 1, ("def:1",)
        )
        version = writer.add_manifest(manifest)
        assert writer.add_manifest(manifest) == version
    assert FrameStore(folder.frames.directory).read_manifest(version) == manifest


def test_one_thread_writes_while_others_read(folder: Folder) -> None:
    done: list[tuple[bytes, bytes]] = []
    problems: list[BaseException] = []
    finished = threading.Event()

    def read() -> None:
        try:
            while not finished.is_set():
                for data, digest in done[:]:
                    assert folder.frames.read(digest) == data
                assert not folder.frames.contains(os.urandom(32))
        except BaseException as error:
            problems.append(error)

    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    for number in range(60):
        with folder.frames.writer() as writer:
            data = f"{number} ".encode() * 1000
            digest = writer.add_chunk(data)
        done.append((data, digest))
    finished.set()
    for reader in readers:
        reader.join()
    assert problems == []


def test_packs_that_git_removes_and_brings_back(folder: Folder) -> None:
    with folder.frames.writer() as writer:
        digest = writer.add_chunk(b"content")
    (pack,) = packs(folder)
    content = pack.read_bytes()
    pack.unlink()
    with pytest.raises(MissingFrameError):
        folder.frames.read(digest)
    pack.write_bytes(content)
    assert folder.frames.read(digest) == b"content"
    pack.unlink()
    with folder.frames.writer() as writer:
        writer.add_chunk(b"content")
    assert len(writer.close().names) == 1, "a removed frame is written again"


def test_the_folder_vanishes_under_a_writer(folder: Folder) -> None:
    folder.frames.directory.rmdir()
    writer = folder.frames.writer()
    with pytest.raises(FolderError, match="Cannot write"):
        writer.add_chunk(b"x")


def test_memory_that_changes_while_it_is_written(folder: Folder) -> None:
    """Whatever the user's code does meanwhile: what is stored has the digest under which it is stored."""
    data = bytearray(os.urandom(4 << 20))
    stop = threading.Event()

    def scribble() -> None:
        while not stop.is_set():
            for at in range(0, len(data), 4099):
                data[at] ^= 0xFF

    thread = threading.Thread(target=scribble)
    thread.start()
    try:
        with folder.frames.writer() as writer:
            blob = writer.add_blob(data)
    finally:
        stop.set()
        thread.join()
    assert len(FrameStore(folder.frames.directory).read_blob(blob)) == len(data)


def test_a_pack_that_was_away_for_a_moment_only(folder: Folder) -> None:
    with folder.frames.writer() as writer:
        digest = writer.add_chunk(b"content")
    (pack,) = packs(folder)
    pack.rename(pack.with_suffix(".away"))
    with pytest.raises(MissingFrameError):
        folder.frames.read(digest)
    pack.with_suffix(".away").rename(pack)
    assert folder.frames.read(digest) == b"content"
    assert folder.frames.contains(digest)


def test_a_pack_that_cannot_be_read_for_a_moment(folder: Folder) -> None:
    """A process without free file descriptors must not take its packs for damaged."""
    with folder.frames.writer() as writer:
        digest = writer.add_chunk(b"content")
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    highest = max(int(item.name) for item in Path("/dev/fd").iterdir())
    resource.setrlimit(resource.RLIMIT_NOFILE, (highest, limits[1]))
    held = []
    try:
        with suppress(OSError):
            while True:
                held.append(os.open(os.devnull, os.O_RDONLY))
        with pytest.raises(FolderError) as caught:
            folder.frames.read(digest)
        fresh = FrameStore(folder.frames.directory)
        with pytest.raises(FolderError):
            fresh.read(digest)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)
        for descriptor in held:
            os.close(descriptor)
    assert caught.value.code == "FOLDER"
    assert folder.frames.read(digest) == fresh.read(digest) == b"content"
