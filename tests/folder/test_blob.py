"""Byte strings, cut into chunks, stored once and read back."""

from __future__ import annotations

import os

import pytest
from kishu_agent.errors import DamagedError, FolderError, MissingFrameError
from kishu_agent.folder.blobs import CHUNK_SIZE, FANOUT, count_at, depth_of, memory_size
from kishu_agent.folder.folder import Folder
from kishu_agent.folder.frames import FrameStore
from kishu_agent.history.checkpoint import Blob

SIZES = [
    0,
    1,
    95,
    4096,
    CHUNK_SIZE - 1,
    CHUNK_SIZE,
    CHUNK_SIZE + 1,
    3 * CHUNK_SIZE + 7,
    (FANOUT + 1) * CHUNK_SIZE + 1,
]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("kind", ["random", "text", "zeros"])
def test_round_trip(folder: Folder, size: int, kind: str) -> None:
    data = {
        "random": os.urandom(size),
        "text": (b"some text, " * (size // 10 + 1))[:size],
        "zeros": bytes(size),
    }[kind]
    with folder.frames.writer() as writer:
        blob = writer.add_blob(data)
    fresh = FrameStore(folder.frames.directory)
    assert fresh.read_blob(blob) == data
    assert (blob.size, blob.depth) == (size, depth_of(size))
    target = bytearray(size)
    fresh.read_blob_into(blob, memoryview(target))
    assert target == data
    assert len(fresh.blob_chunks(blob)) == count_at(size, 0)


def test_bytes_bytearray_and_memoryview_are_the_same(folder: Folder) -> None:
    data = os.urandom(CHUNK_SIZE + 100)
    with folder.frames.writer() as writer:
        blobs = {writer.add_blob(data), writer.add_blob(bytearray(data)), writer.add_blob(memoryview(data))}
    assert len(blobs) == 1


def test_views_of_other_items_and_shapes(folder: Folder) -> None:
    data = os.urandom(8 * 6)
    shaped = memoryview(data).cast("q", (2, 3))
    with folder.frames.writer() as writer:
        assert writer.add_blob(shaped) == writer.add_blob(data)
        empty = writer.add_blob(memoryview(b"").cast("q"))
    assert folder.frames.read_blob(empty) == b""
    target = bytearray(48)
    with folder.frames.writer() as writer:
        blob = writer.add_blob(data)
    folder.frames.read_blob_into(blob, memoryview(target).cast("q"))
    assert target == data


def test_a_change_of_one_byte_stores_one_chunk_and_the_nodes_above_it(folder: Folder) -> None:
    data = bytearray(os.urandom(300 * CHUNK_SIZE))
    with folder.frames.writer() as writer:
        before = writer.add_blob(data)
    data[123 * CHUNK_SIZE] ^= 1
    with folder.frames.writer() as writer:
        after = writer.add_blob(data)
    assert writer.close().bytes < CHUNK_SIZE + 3 * FANOUT * 32
    old, new = folder.frames.blob_chunks(before), folder.frames.blob_chunks(after)
    assert [index for index in range(300) if old[index] != new[index]] == [123]


def test_a_tree_of_chunks_that_are_stored_already(folder: Folder) -> None:
    parts = [os.urandom(CHUNK_SIZE) for _ in range(5)] + [b"rest"]
    with folder.frames.writer() as writer:
        digests = [writer.add_chunk(part) for part in parts]
    with folder.frames.writer() as writer:
        blob = writer.add_tree(digests, 5 * CHUNK_SIZE + 4)
    assert folder.frames.read_blob(blob) == b"".join(parts)


def test_a_tree_refuses_chunks_that_are_not_stored_and_wrong_counts(folder: Folder) -> None:
    writer = folder.frames.writer()
    with pytest.raises(MissingFrameError):
        writer.add_tree([bytes(32)], 10)
    digest = writer.add_chunk(b"x")
    with pytest.raises(ValueError, match="2 chunks"):
        writer.add_tree([digest], CHUNK_SIZE + 1)
    writer.abort()


def test_the_target_must_have_the_size(folder: Folder) -> None:
    with folder.frames.writer() as writer:
        blob = writer.add_blob(b"12345")
    with pytest.raises(ValueError, match="does not fit"):
        folder.frames.read_blob_into(blob, memoryview(bytearray(4)))


@pytest.mark.parametrize("size", [-1, 0, 4, 6, CHUNK_SIZE, CHUNK_SIZE + 1, 1 << 40, 1 << 62])
@pytest.mark.parametrize("depth", [-1, 0, 1, 2, 7])
def test_wrong_sizes_and_depths_are_refused(folder: Folder, size: int, depth: int) -> None:
    with folder.frames.writer() as writer:
        blob = writer.add_blob(b"12345")
    with pytest.raises((DamagedError, FolderError)):
        folder.frames.read_blob(Blob(blob.digest, size, depth))


def test_a_few_frames_that_claim_more_than_the_memory(folder: Folder) -> None:
    """Nodes may name one chunk many times, so that a small pack can describe a blob of any size."""
    with folder.frames.writer() as writer:
        digest, depth = writer.add_chunk(bytes(CHUNK_SIZE)), 0
        while CHUNK_SIZE * FANOUT**depth <= memory_size():
            digest, depth = writer.add(2, digest * FANOUT), depth + 1
    with pytest.raises(FolderError, match="memory"):
        folder.frames.read_blob(Blob(digest.hex(), CHUNK_SIZE * FANOUT**depth, depth))


@pytest.mark.parametrize("digest", ["", "zz", "a" * 63, "é" * 64, "0" * 66])
def test_a_digest_that_is_none(folder: Folder, digest: str) -> None:
    with pytest.raises(DamagedError):
        folder.frames.read_blob(Blob(digest, 5, 0))
    with pytest.raises(DamagedError):
        folder.frames.read_manifest(digest)
