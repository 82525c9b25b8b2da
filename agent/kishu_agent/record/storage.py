"""Encoded co-variables to frames of the folder, and back to what a load reads."""

from __future__ import annotations

import threading
from functools import partial
from typing import TYPE_CHECKING

from kishu_agent.encoding.decoder import Source
from kishu_agent.errors import RecordingError, RestoreError
from kishu_agent.history.checkpoint import Manifest, StoredCovariable, new_id
from kishu_agent.tracking.fingerprint import CHUNK, DIGEST, chunk_prints

if TYPE_CHECKING:
    from kishu_agent.folder.frames import FrameStore
    from kishu_agent.folder.pack import PackWriter
    from kishu_agent.history.checkpoint import Blob, How
    from kishu_agent.tracking.covariable import Covariable

_KNOWN_LIMIT = 2_000_000
"""Chunks whose digests are remembered, about 100 bytes each; at 64 KiB a chunk that is 130 GB of data."""


class ChangedMeanwhileError(RecordingError):
    """Memory changed between the look at it and its being stored."""

    code = "CHANGED_MEANWHILE"
    action = "It is recorded with the next cell."


class Known:
    """Digests of chunks that the folder has, by their prints: what is known is neither copied nor hashed."""

    def __init__(self) -> None:
        self._digests: dict[bytes, bytes] = {}

    def get(self, mark: bytes) -> bytes | None:
        """Return the digest of the chunk with this print, if the folder has it."""
        return self._digests.get(mark)

    def add(self, mark: bytes, digest: bytes) -> None:
        """Note that the folder has a chunk."""
        if len(self._digests) < _KNOWN_LIMIT:
            self._digests[mark] = digest

    def forget(self) -> None:
        """Forget everything, since chunks noted here may not have reached the folder."""
        self._digests.clear()


class Secured:
    """The data of a co-variable that is to be stored, until it is copied out of the user's memory.

    One thread stores it, another may ask for it to be copied at any time.
    """

    def __init__(self, covariable: Covariable) -> None:
        encoded = covariable.encoded
        if encoded is None:
            raise RecordingError(f"{', '.join(covariable.roots)} was not encoded.")
        self.covariable = covariable
        self.stream = b"".join(encoded.pieces)
        self.prints = encoded.prints
        self.arrays = len(encoded.arrays)
        self.dilled = encoded.dilled
        self._views = encoded.memory_views
        self.sizes = [view.nbytes for view in self._views]
        self._copies: dict[tuple[int, int], bytes] = {}
        self._lock = threading.Lock()

    @property
    def size(self) -> int:
        """Bytes of the stream and all buffers."""
        return len(self.stream) + sum(self.sizes)

    def marks(self, buffer: int) -> list[bytes]:
        """Return the prints of the chunks of a buffer."""
        prints = self.prints[buffer]
        return [prints[start : start + DIGEST] for start in range(0, len(prints), DIGEST)]

    def chunk(self, buffer: int, index: int, mark: bytes) -> bytes:
        """Return the bytes of a chunk, which must have this print."""
        with self._lock:
            copy = self._copies.pop((buffer, index), None)
            if copy is None:
                copy = bytes(self._views[buffer][index * CHUNK : (index + 1) * CHUNK])
        if chunk_prints(copy) != mark:
            roots = ", ".join(self.covariable.roots)
            raise ChangedMeanwhileError(f"{roots} was changed by other code while it was being recorded.")
        return copy

    def copy(self, known: Known) -> int:
        """Copy what may still be read, so that the user's code may change the memory. Returns bytes copied."""
        copied = 0
        with self._lock:
            for buffer, view in enumerate(self._views):
                for index, mark in enumerate(self.marks(buffer)):
                    if known.get(mark) is None and (buffer, index) not in self._copies:
                        chunk = bytes(view[index * CHUNK : (index + 1) * CHUNK])
                        self._copies[buffer, index] = chunk
                        copied += len(chunk)
            self._release()
        return copied

    def release(self) -> None:
        """Let go of the user's memory and of the copies."""
        with self._lock:
            self._release()
            self._copies.clear()

    def _release(self) -> None:
        self._views = []
        self.covariable.encoded = None


def store(secured: Secured, writer: PackWriter, known: Known, *, replayable: bool) -> StoredCovariable:
    """Write a co-variable to packs. `replayable` tells whether running the cell again would make it again."""
    covariable = secured.covariable
    roots, depends = covariable.roots, tuple(sorted(covariable.depends))
    how: How
    if covariable.problem is not None:
        how = "replay" if replayable and not covariable.failed else "none"
        version = writer.add_manifest(Manifest(roots, how, None, token=new_id()))
        return StoredCovariable(roots, version, 0, how, covariable.problem, depends)
    how = "dill" if secured.dilled else "pickle"
    stream = writer.add_blob(secured.stream)
    buffers: list[Blob] = []
    for buffer, size in enumerate(secured.sizes):
        leaves = []
        for index, mark in enumerate(secured.marks(buffer)):
            digest = known.get(mark)
            if digest is None:
                digest = writer.add_chunk(secured.chunk(buffer, index, mark))
                known.add(mark, digest)
            leaves.append(digest)
        buffers.append(writer.add_tree(leaves, size))
    version = writer.add_manifest(Manifest(roots, how, stream, tuple(buffers), secured.arrays, depends))
    return StoredCovariable(roots, version, secured.size, how, None, depends)


def source(frames: FrameStore, stored: StoredCovariable) -> Source:
    """Read a co-variable from the folder, ready to be loaded. Raises DamagedError."""
    manifest = frames.read_manifest(stored.version)
    if manifest.stream is None:
        raise RestoreError(f"{', '.join(stored.roots)} has no stored form.")
    stream = frames.read_blob(manifest.stream)
    arrays, buffers = manifest.buffers[: manifest.arrays], manifest.buffers[manifest.arrays :]
    fills = [partial(frames.read_blob_into, blob) for blob in arrays]
    return Source(manifest.roots, stream, fills, map(frames.read_blob, buffers))
