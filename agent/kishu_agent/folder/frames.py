"""All frames of a folder, found by their digest and verified when they are read."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, BinaryIO, Self

from kishu_agent.errors import DamagedError, FolderError, MissingFrameError
from kishu_agent.folder.blobs import CHUNK_SIZE, DIGEST_SIZE, FANOUT, count_at, depth_of, memory_size
from kishu_agent.folder.compression import decompress
from kishu_agent.folder.durable import collect_leftovers, translated
from kishu_agent.folder.index import FrameIndex
from kishu_agent.folder.pack import PackWriter
from kishu_agent.folder.packfile import RAW, Entry, plausible
from kishu_agent.history.checkpoint import Manifest
from kishu_agent.records import RecordError, decode

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

    from kishu_agent.history.checkpoint import Blob
    from kishu_agent.history.damage import Damage

_OPEN_FILES = 16


class FrameStore:
    """The frames of one folder. Any number of threads may read while others write.

    Every payload is verified against its digest when it is read. A frame that turns out to be damaged is
    forgotten: another pack may hold it, and the next writer stores it again.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.index = FrameIndex(directory)
        self._collected = False

    def contains(self, digest: bytes) -> bool:
        """Whether a frame with this digest is in a pack. Its payload is not looked at."""
        return self.index.find(digest) is not None

    def read(self, digest: bytes) -> bytes:
        """Return the plain payload of a frame, at most 16 MiB. Raises MissingFrameError or DamagedError."""
        with _Files() as files:
            return self._read(digest, files)

    def blob_chunks(self, blob: Blob) -> list[bytes]:
        """Return the digests of a blob's chunks, in order.

        Raises MissingFrameError, DamagedError, and FolderError for what can't fit into this machine's memory.
        """
        if blob.size < 0 or blob.depth != depth_of(blob.size):
            raise DamagedError(f"A blob of {blob.size} bytes cannot have depth {blob.depth}.", self.directory)
        if blob.size > memory_size():
            # Deduplication lets a few kilobytes of frames claim any size.
            raise FolderError(
                f"A value of {blob.size} bytes is larger than this machine's memory.",
                self.directory,
                action="Restore without it, or on a machine with more memory.",
            )
        digests = [self._digest(blob.digest)]
        with _Files() as files:
            for level in range(blob.depth - 1, -1, -1):
                expected = count_at(blob.size, level)
                below: list[bytes] = []
                for number, digest in enumerate(digests):
                    node = self._read(digest, files)
                    if len(node) != DIGEST_SIZE * min(FANOUT, expected - number * FANOUT):
                        raise DamagedError(f"Node {digest.hex()} has a wrong length.", self.directory)
                    below += [node[at : at + DIGEST_SIZE] for at in range(0, len(node), DIGEST_SIZE)]
                digests = below
        return digests

    def read_blob(self, blob: Blob) -> bytearray:
        """Return a whole byte string. Raises MissingFrameError or DamagedError.

        Memory is taken only when all nodes of the blob are there and agree with its size.
        """
        chunks = self.blob_chunks(blob)
        data = bytearray(blob.size)
        self._read_chunks(chunks, memoryview(data))
        return data

    def read_blob_into(self, blob: Blob, target: memoryview) -> None:
        """Read a byte string into existing contiguous memory of its size.

        Raises MissingFrameError or DamagedError; `target` may then be overwritten in part.
        """
        if target.nbytes != blob.size:
            raise ValueError(f"a blob of {blob.size} bytes does not fit into {target.nbytes} bytes")
        chunks = self.blob_chunks(blob)
        self._read_chunks(chunks, target.cast("B") if target.nbytes else memoryview(bytearray()))

    def read_chunk_into(self, digest: bytes, target: memoryview) -> None:
        """Read one chunk into existing memory of its size. Errors as `read_blob_into`."""
        with _Files() as files:
            self._read_into(digest, target, files)

    def read_manifest(self, version: str) -> Manifest:
        """Return the manifest of a co-variable's version. Raises MissingFrameError or DamagedError."""
        payload = self.read(self._digest(version))
        try:
            return decode(Manifest, payload)
        except RecordError as error:
            raise DamagedError(f"Frame {version} is not a manifest: {error}.", self.directory) from None

    def writer(self) -> PackWriter:
        """Return a writer of new frames. Use it in one thread."""
        if not self._collected:
            self._collected = True
            collect_leftovers(self.directory)
        self.index.refresh(force=True)
        return PackWriter(self.index)

    def damaged(self) -> tuple[Damage, ...]:
        """Packs of which nothing, or not everything, can be read."""
        self.index.refresh(force=True)
        return self.index.damaged()

    def _read_chunks(self, chunks: list[bytes], target: memoryview) -> None:
        with _Files() as files:
            for number, digest in enumerate(chunks):
                start = number * CHUNK_SIZE
                self._read_into(digest, target[start : start + CHUNK_SIZE], files)

    def _read_into(self, digest: bytes, target: memoryview, files: _Files) -> None:
        """As `_read`; a raw frame is read to where it belongs, without a copy."""
        place = self._place(digest)
        path, entry, size = self.index.entry(place)
        if entry.encoding == RAW and entry.plain == target.nbytes and plausible(entry, size):
            try:
                files.read_into(path, entry.offset, target)
            except (OSError, ValueError):
                pass  # `_read` meets it again and says what it means
            else:
                if hashlib.sha256(target).digest() == digest:
                    return
        payload = self._read(digest, files)
        if len(payload) != target.nbytes:
            raise DamagedError(f"Chunk {digest.hex()} has a wrong length.", self.directory)
        target[:] = payload

    def _read(self, digest: bytes, files: _Files) -> bytes:
        place = self._place(digest)
        while True:
            path, entry, size = self.index.entry(place)
            try:
                with translated(path, "read", passed=FileNotFoundError):
                    return _verified(files, path, entry, size, digest)
            except FileNotFoundError:
                self.index.forget_pack(path)
                place = self._place(digest)
            except ValueError as error:
                other = self.index.forget(digest, place)
                if other is None:
                    raise DamagedError(f"A frame in {path} is damaged: {error}.", path) from error
                place = other

    def _place(self, digest: bytes) -> int:
        place = self.index.find(digest, wanted=True)
        if place is None:
            raise MissingFrameError(f"Frame {digest.hex()} is in none of the packs.", self.directory)
        return place

    def _digest(self, text: str) -> bytes:
        try:
            digest = bytes.fromhex(text)
        except ValueError:
            digest = b""
        if len(digest) != DIGEST_SIZE:
            raise DamagedError(f"{text!r} is not a digest.", self.directory)
        return digest


def _verified(files: _Files, path: Path, entry: Entry, size: int, digest: bytes) -> bytes:
    """Return the plain payload of a frame. Raises ValueError when it is not what was stored."""
    if not plausible(entry, size):
        raise ValueError("its lengths are impossible")
    stored = bytearray(entry.stored)
    files.read_into(path, entry.offset, memoryview(stored))
    payload = bytes(stored) if entry.encoding == RAW else decompress(memoryview(stored), entry.plain)
    if hashlib.sha256(payload).digest() != digest:
        raise ValueError("its content does not match its digest")
    return payload


class _Files:
    """Packs that are open during one operation.

    They are not kept open between operations: Windows would not let git replace them, and a forked child
    would share their positions.
    """

    def __init__(self) -> None:
        self._open: dict[Path, BinaryIO] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        for file in self._open.values():
            file.close()

    def read_into(self, path: Path, offset: int, target: memoryview) -> None:
        """Fill `target` from a file. Raises OSError, and ValueError when the file is too short."""
        file = self._open.get(path)
        if file is None:
            if len(self._open) >= _OPEN_FILES:
                self._open.pop(next(iter(self._open))).close()
            file = self._open[path] = path.open("rb", buffering=0)
        file.seek(offset)
        while target.nbytes:
            count = file.readinto(target)  # type: ignore[attr-defined]
            if not count:
                raise ValueError("its pack is too short")
            target = target[count:]
