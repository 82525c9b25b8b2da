"""Writing packs: new frames only, durable when closed."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from kishu_agent.errors import MissingFrameError
from kishu_agent.folder.blobs import CHUNK_SIZE, FANOUT, depth_of, leaf_count
from kishu_agent.folder.compression import Compressor
from kishu_agent.folder.durable import (
    publish,
    remove_quietly,
    sync_file,
    temporary_path,
    translated,
    write_all,
)
from kishu_agent.folder.packfile import (
    CHUNK,
    ENTRY,
    FRAME,
    FRAME_MAGIC,
    HEADER,
    MANIFEST,
    MAX_PACK,
    MAX_PLAIN,
    NODE,
    RAW,
    TRAILER,
    TRAILER_MAGIC,
    ZSTD,
    FrameKind,
    PackIndex,
)
from kishu_agent.history.checkpoint import Blob, Manifest
from kishu_agent.records import encode

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path
    from types import TracebackType

    from kishu_agent.folder.index import FrameIndex

_BUFFER = 1024 * 1024

Data = bytes | bytearray | memoryview


@dataclass(frozen=True, slots=True)
class WrittenPacks:
    """What a writer left in the folder."""

    names: tuple[str, ...]
    """Of the packs, without `.pack`; none when every frame was there already."""
    bytes: int
    """Size of these packs."""


class PackWriter:
    """Writes the frames that the folder lacks into new packs.

    Nothing is visible to readers before a pack is complete and durable. Used as a context manager it is
    closed at the end, or aborted when an exception leaves the block. All methods raise FolderReadOnlyError,
    FolderFullError or FolderError when the disk refuses; the writer is then aborted.
    """

    def __init__(self, index: FrameIndex) -> None:
        self._index = index
        self._compressor = Compressor()
        self._scratch = bytearray(CHUNK_SIZE)
        self._new: set[bytes] = set()
        self._names: list[str] = []
        self._bytes = 0
        self._closed = False
        self._file: int | None = None
        self._temporary: Path | None = None
        self._buffer = bytearray()
        self._size = 0
        self._entries = bytearray()
        self._hash = hashlib.sha256()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.close()
        else:
            self.abort()

    def add(self, kind: FrameKind, payload: Data) -> bytes:
        """Store a frame unless the folder has it. Returns its digest. At most 16 MiB."""
        if self._closed:
            raise ValueError("this writer is closed")
        if len(payload) > MAX_PLAIN:
            raise ValueError(f"a frame holds at most {MAX_PLAIN} bytes, not {len(payload)}")
        digest = hashlib.sha256(payload).digest()
        if digest not in self._new and not self._index.knows(digest):
            # Nodes are digests, which do not compress.
            stored = None if kind == NODE else self._compressor.compress(memoryview(payload))
            encoding = RAW if stored is None else ZSTD
            try:
                self._append(kind, encoding, payload if stored is None else stored, len(payload), digest)
            except BaseException:
                self.abort()
                raise
            self._new.add(digest)
        return digest

    def add_chunk(self, data: Data) -> bytes:
        """Store a chunk of a blob: 64 KiB, or less for the last. Returns its digest."""
        size = len(data)
        if size > CHUNK_SIZE:
            raise ValueError(f"a chunk holds at most {CHUNK_SIZE} bytes, not {size}")
        if isinstance(data, bytes):
            return self.add(CHUNK, data)
        # Hashed and written from a copy: the digest is right even if the user's code changes the memory
        # meanwhile. The copy stays in the processor's cache, so that it costs little.
        copy = memoryview(self._scratch)[:size]
        copy[:] = data
        return self.add(CHUNK, copy)

    def add_tree(self, leaf_digests: Sequence[bytes], size: int) -> Blob:
        """Make a blob of `size` bytes of chunks that are stored already, by this writer or before.

        Raises MissingFrameError when one is not, for example since git removed its pack.
        """
        if len(leaf_digests) != leaf_count(size):
            raise ValueError(f"{size} bytes are {leaf_count(size)} chunks, not {len(leaf_digests)}")
        for digest in leaf_digests:
            if digest not in self._new and self._index.find(digest, wanted=True) is None:
                raise MissingFrameError(
                    f"Chunk {digest.hex()} is in none of the packs.", self._index.directory
                )
        level: Sequence[bytes] = leaf_digests
        while len(level) > 1:
            level = [
                self.add(NODE, b"".join(level[start : start + FANOUT]))
                for start in range(0, len(level), FANOUT)
            ]
        return Blob(level[0].hex(), size, depth_of(size))

    def add_blob(self, data: Data) -> Blob:
        """Cut a contiguous byte string into chunks and store it."""
        view = memoryview(data)
        size = view.nbytes
        if not size:
            return self.add_tree([self.add_chunk(b"")], 0)
        view = view.cast("B")
        leaves = [self.add_chunk(view[start : start + CHUNK_SIZE]) for start in range(0, size, CHUNK_SIZE)]
        return self.add_tree(leaves, size)

    def add_manifest(self, manifest: Manifest) -> str:
        """Store a manifest. Returns its digest, the version of the co-variable."""
        return self.add(MANIFEST, encode(manifest)).hex()

    def close(self) -> WrittenPacks:
        """Complete the last pack. What was added is durable when this returns."""
        if not self._closed:
            try:
                self._finish()
                self._index.sync()
            except BaseException:
                self.abort()
                raise
            self._closed = True
        return WrittenPacks(tuple(self._names), self._bytes)

    def abort(self) -> None:
        """Give up the pack at work. Packs that were full before stay: their frames will be used again."""
        self._closed = True
        if self._file is not None:
            os.close(self._file)
            self._file = None
        if self._temporary is not None:
            remove_quietly(self._temporary)
            self._temporary = None

    def _append(self, kind: int, encoding: int, stored: Data, plain: int, digest: bytes) -> None:
        length = len(stored)
        closing = len(self._entries) + ENTRY.size + TRAILER.size
        if self._file is not None and self._size + FRAME.size + length + closing > MAX_PACK:
            self._finish()
        if self._file is None:
            self._begin()
        self._entries += ENTRY.pack(kind, encoding, 0, length, plain, self._size + FRAME.size, digest)
        self._write(FRAME.pack(FRAME_MAGIC, kind, encoding, 0, length, plain, digest))
        self._write(stored)

    def _begin(self) -> None:
        self._temporary = temporary_path(self._index.directory)
        self._size = 0
        self._entries = bytearray()
        self._hash = hashlib.sha256()
        with translated(self._temporary, "write"):
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
            self._file = os.open(self._temporary, flags, 0o666)
        self._write(HEADER)

    def _write(self, data: Data) -> None:
        self._buffer += data
        self._size += len(data)
        if len(self._buffer) >= _BUFFER:
            self._flush()

    def _flush(self) -> None:
        if self._file is not None and self._temporary is not None:
            self._hash.update(self._buffer)
            with translated(self._temporary, "write"):
                write_all(self._file, self._buffer)
            self._buffer = bytearray()

    def _finish(self) -> None:
        if self._file is None or self._temporary is None:
            return
        entries = bytes(self._entries)
        count = len(entries) // ENTRY.size
        trailer = TRAILER.pack(TRAILER_MAGIC, self._size, count, 0, hashlib.sha256(entries).digest())
        self._write(entries)
        self._write(trailer)
        self._flush()
        name = self._hash.hexdigest()[:32]
        path = self._index.directory / f"{name}.pack"
        with translated(path, "write"):
            sync_file(self._file)
            os.close(self._file)
            self._file = None
            publish(self._temporary, path, named_by_content=True)
        self._temporary = None
        self._names.append(name)
        self._bytes += self._size
        self._index.register(path, PackIndex(entries))
