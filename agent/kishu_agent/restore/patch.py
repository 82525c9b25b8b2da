"""Changes arrays in place where only some chunks of their memory differ: a few milliseconds instead of a load.

The live arrays stay the same objects, and so does everything that refers to them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kishu_agent.folder.blobs import CHUNK_SIZE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kishu_agent.folder.frames import FrameStore
    from kishu_agent.history.checkpoint import Blob, StoredCovariable
    from kishu_agent.tracking.covariable import Covariable, Roots

_LARGEST = 256 << 20
"""Bytes of differing chunks beyond which a load is the better way: they are held in memory until the swap."""

_PATCHABLE = frozenset({"builtins", "collections", "numpy", "__main__"})
"""Packages whose objects have no memory in common with objects that are stored apart from them; pandas' have. torch's
count the changes of a tensor beside its memory."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A chunk that is to be written into an array."""

    array: int
    start: int
    content: bytes


def differences(
    frames: FrameStore, live: Covariable | None, stored: StoredCovariable, others: Mapping[Roots, Covariable]
) -> list[Difference] | None:
    """Return what differs between a live co-variable and a recorded version of it; None if more than arrays does.

    `live` must be as it was recorded. `others` are the co-variables of the session, which must not share memory
    with it.
    """
    if live is None or live.version is None or stored.how != "pickle":
        return None
    if live.external or not live.packages <= _PATCHABLE or any(":" in root for root in stored.roots):
        return None
    if any(live.memory & other.memory for other in others.values() if other is not live):
        return None
    now, then = frames.read_manifest(live.version), frames.read_manifest(stored.version)
    same = (
        now.how == then.how and now.stream == then.stream and now.arrays == then.arrays == len(then.buffers)
    )
    if not same or [blob.size for blob in now.buffers] != [blob.size for blob in then.buffers]:
        return None
    found: list[Difference] = []
    size = 0
    for array, (before, after) in enumerate(zip(now.buffers, then.buffers, strict=True)):
        for index, digest in _differing(frames, before, after):
            size += CHUNK_SIZE
            if size > _LARGEST:
                return None
            found.append(Difference(array, index * CHUNK_SIZE, frames.read(digest)))
    return found


def _differing(frames: FrameStore, before: Blob, after: Blob) -> list[tuple[int, bytes]]:
    if before == after:
        return []
    chunks = zip(frames.blob_chunks(before), frames.blob_chunks(after), strict=True)
    return [(index, new) for index, (old, new) in enumerate(chunks) if old != new]


class Patch:
    """Differences with the memory that they belong to."""

    def __init__(self, arrays: list[memoryview], wanted: list[Difference]) -> None:
        self._arrays = arrays
        self._wanted = wanted
        self._before: list[Difference] = []

    @property
    def fits(self) -> bool:
        """Tell whether all of it can be written."""
        return all(
            difference.array < len(self._arrays)
            and not self._arrays[difference.array].readonly
            and difference.start + len(difference.content) <= self._arrays[difference.array].nbytes
            for difference in self._wanted
        )

    def apply(self) -> None:
        """Write the new chunks, keeping the old ones."""
        for difference in self._wanted:
            end = difference.start + len(difference.content)
            memory = self._arrays[difference.array][difference.start : end]
            self._before.append(Difference(difference.array, difference.start, bytes(memory)))
            memory[:] = difference.content

    def revert(self) -> None:
        """Write the old chunks back."""
        for difference in self._before:
            end = difference.start + len(difference.content)
            self._arrays[difference.array][difference.start : end] = difference.content
        self._before.clear()
