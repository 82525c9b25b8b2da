"""The layout of a pack (docs/format.md): reading its index, and walking it frame by frame when that is damaged."""

from __future__ import annotations

import hashlib
import re
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, Final, Literal, NamedTuple

from kishu_agent.errors import DamagedError

if TYPE_CHECKING:
    from pathlib import Path

MAX_PLAIN = 16 * 1024 * 1024
MAX_PACK = 32 * 1024 * 1024

FrameKind = Literal[1, 2, 3]
CHUNK: Final = 1
NODE: Final = 2
MANIFEST: Final = 3

RAW = 0
ZSTD = 1

HEADER = b"KISHUPK1"
FRAME_MAGIC = b"KFRM"
TRAILER_MAGIC = b"KISHUEND"
LFS_POINTER = b"version https://git-lfs"

FRAME = struct.Struct("<4sBBHII32s")
ENTRY = struct.Struct("<BBHIIQ32s")
TRAILER = struct.Struct("<8sQII32s")

DIGEST_OFFSET = ENTRY.size - 32
"""Where the digest begins in an entry of the index."""

PACK_NAME = re.compile(r"[0-9a-f]{32}\.pack")


class Entry(NamedTuple):
    """Where one frame is in its pack, and what it claims to be."""

    kind: int
    encoding: int
    reserved: int
    stored: int
    plain: int
    offset: int
    """Of the stored payload."""
    digest: bytes


@dataclass(frozen=True, slots=True)
class PackIndex:
    """The index of one pack."""

    entries: bytes
    """Concatenated entries as they stand in the file."""
    damage: str | None = None
    """Why the entries come from walking the frames and not from the pack's own index."""

    def entry(self, number: int) -> Entry:
        """One entry, by its number."""
        return Entry._make(ENTRY.unpack_from(self.entries, number * ENTRY.size))

    def find(self, digest: bytes) -> list[int]:
        """Return the numbers of the entries with this digest."""
        found = []
        at = self.entries.find(digest)
        while at >= 0:
            if at % ENTRY.size == DIGEST_OFFSET:
                found.append(at // ENTRY.size)
            at = self.entries.find(digest, at + 1)
        return found

    def digests(self) -> list[bytes]:
        """Return the digests of all frames, in their order."""
        entries = self.entries
        return [entries[start : start + 32] for start in range(DIGEST_OFFSET, len(entries), ENTRY.size)]


def read_index(path: Path) -> PackIndex:
    """Return the index of a pack, from its end, or by walking its frames when that is damaged.

    The pack's payloads are not read. Raises OSError, and DamagedError when no frame can be found at all.
    """
    with path.open("rb") as file:
        size = file.seek(0, 2)
        try:
            return PackIndex(_index_from_trailer(file, size))
        except ValueError as error:
            damage = str(error)
        file.seek(0)
        if file.read(len(LFS_POINTER)) == LFS_POINTER:
            raise DamagedError(
                f"{path} is a Git LFS pointer, not the pack itself.", path, action="Run `git lfs pull`."
            )
        entries = b"".join(ENTRY.pack(*entry) for entry in salvage(file, size))
    if not entries:
        raise DamagedError(f"{path} is damaged ({damage}) and holds no readable frame.", path)
    return PackIndex(entries, damage)


def _index_from_trailer(file: BinaryIO, size: int) -> bytes:
    if size < len(HEADER) + TRAILER.size:
        raise ValueError("it is too short")
    if size > MAX_PACK:
        raise ValueError("it is longer than a pack can be")
    if file.seek(0) == 0 and file.read(len(HEADER)) != HEADER:
        raise ValueError("it does not begin as a pack does")
    file.seek(size - TRAILER.size)
    magic, offset, count, reserved, digest = TRAILER.unpack(file.read(TRAILER.size))
    if magic != TRAILER_MAGIC or reserved:
        raise ValueError("its end is missing")
    if offset + count * ENTRY.size != size - TRAILER.size:
        raise ValueError("its index is not where its end says")
    file.seek(offset)
    entries = file.read(count * ENTRY.size)
    if hashlib.sha256(entries).digest() != digest:
        raise ValueError("its index does not match its digest")
    return entries


def salvage(file: BinaryIO, size: int) -> list[Entry]:
    """All frames whose headers can be found, from the front, whatever is between them.

    Payloads are not verified here: a reader verifies each against its digest.
    """
    found: list[Entry] = []
    position = 0
    while (position := _find_frame(file, position, size)) >= 0:
        file.seek(position)
        header = file.read(FRAME.size)
        if len(header) < FRAME.size:
            break
        _magic, kind, encoding, reserved, stored, plain, digest = FRAME.unpack(header)
        entry = Entry(kind, encoding, reserved, stored, plain, position + FRAME.size, digest)
        if plausible(entry, size):
            found.append(entry)
            position = entry.offset + stored
        else:
            position += 1
    return found


def plausible(entry: Entry, size: int) -> bool:
    """Whether a frame's own claims agree with the limits and with the size of its file."""
    return (
        entry.encoding in {RAW, ZSTD}
        and not entry.reserved
        and entry.plain <= MAX_PLAIN
        and entry.stored <= MAX_PLAIN
        and (entry.encoding == ZSTD or entry.stored == entry.plain)
        and entry.offset + entry.stored <= size
    )


def _find_frame(file: BinaryIO, position: int, size: int) -> int:
    """Return the next place of a frame's magic at or after `position`, -1 when there is none."""
    overlap = len(FRAME_MAGIC) - 1
    while position < size:
        file.seek(position)
        window = file.read(1 << 16)
        found = window.find(FRAME_MAGIC)
        if found >= 0:
            return position + found
        if len(window) <= overlap:
            return -1
        position += len(window) - overlap
    return -1
