"""Which frame is in which pack: read from the packs' own indexes, kept up to date with the directory."""

from __future__ import annotations

import os
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kishu_agent.errors import DamagedError
from kishu_agent.folder.durable import sync_directory, translated
from kishu_agent.folder.packfile import PACK_NAME, Entry, PackIndex, read_index
from kishu_agent.history.damage import Damage

if TYPE_CHECKING:
    from pathlib import Path

_RACY = 2.0
"""Seconds: a directory that changed so recently may change again without a new time of change."""
_PAUSE = 0.5
"""Seconds between two looks at such a directory, when nothing is known to be missing."""

Signature = tuple[int, int]
"""Time of change in nanoseconds and size of a file."""

_NEVER: Signature = (-1, -1)
"""Equal to no file's."""


@dataclass(frozen=True, slots=True)
class _Pack:
    path: Path
    index: PackIndex
    size: int
    signature: Signature


class FrameIndex:
    """Where each frame is. Any thread may use it.

    Packs are immutable, so an index that was read stays valid; other kernels and git add and remove packs at
    any time. A place is a number: that of the pack in the upper, that of the frame in the lower 32 bits,
    which is the smallest form in which Python keeps it.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._lock = threading.RLock()
        self._packs: list[_Pack] = []
        """All packs ever seen; a pack keeps its number, so that a place stays valid for who is reading."""
        self._present: dict[str, int] = {}
        self._where: dict[bytes, int] = {}
        self._bad: set[int] = set()
        self._unreadable: dict[str, tuple[Signature, Damage]] = {}
        self._changed = -1
        """Time of change of the directory when it was last looked at, in nanoseconds."""
        self._looked = 0.0
        self._settled = False
        self._foreign = False

    def knows(self, digest: bytes) -> bool:
        """Whether a frame is in the packs seen so far. Touches no file."""
        return digest in self._where

    def find(self, digest: bytes, *, wanted: bool = False) -> int | None:
        """Return the place of a frame. `wanted`: it should be there, so it is worth to look at the directory again."""
        place = self._where.get(digest)
        if place is None:
            self.refresh(force=wanted)
            place = self._where.get(digest)
        return place

    def entry(self, place: int) -> tuple[Path, Entry, int]:
        """Return the pack's path, the frame's entry and the size of the pack."""
        pack = self._packs[place >> 32]
        return pack.path, pack.index.entry(place & 0xFFFFFFFF), pack.size

    def forget(self, digest: bytes, place: int) -> int | None:
        """Give up a place at which a frame could not be read. Returns another place of it, if there is one.

        A writer then stores it again.
        """
        with self._lock:
            self._bad.add(place)
            if self._where.get(digest) == place:
                del self._where[digest]
                for number in self._present.values():
                    for frame in self._packs[number].index.find(digest):
                        if number << 32 | frame not in self._bad:
                            self._where.setdefault(digest, number << 32 | frame)
            return self._where.get(digest)

    def forget_pack(self, path: Path) -> None:
        """Take note of a pack that is gone. If it comes back it is read again."""
        with self._lock:
            if self._present.pop(path.name, None) is not None:
                self._rebuild()
            self._settled = False

    def damaged(self) -> tuple[Damage, ...]:
        """Packs of which nothing, or not everything, can be read."""
        with self._lock:
            found = [damage for _, damage in self._unreadable.values()]
            for number in self._present.values():
                pack = self._packs[number]
                if pack.index.damage is not None:
                    found.append(Damage(pack.path, pack.index.damage))
        return tuple(sorted(found, key=lambda damage: damage.path))

    def pack_count(self) -> int:
        """Return number of packs that are there."""
        return len(self._present)

    def register(self, path: Path, index: PackIndex) -> None:
        """Take note of a pack that was written here."""
        with self._lock:
            self._add(path, index)

    def sync(self) -> None:
        """Return when the names of packs that others wrote are durable, too: new checkpoints may use them."""
        with self._lock:
            if not self._foreign:
                return
            self._foreign = False
        with translated(self.directory, "write"):
            sync_directory(self.directory)

    def refresh(self, *, force: bool = False) -> None:
        """Take note of packs that came or went."""
        with self._lock, translated(self.directory, "read"):
            try:
                changed = self.directory.stat().st_mtime_ns
            except FileNotFoundError:
                changed = -1
            now = time.time()
            if changed == self._changed and (self._settled or (not force and now - self._looked < _PAUSE)):
                return
            self._changed, self._looked = changed, now
            self._settled = now - changed / 1e9 > _RACY
            self._scan()

    def _scan(self) -> None:
        names: dict[str, Signature] = {}
        try:
            with os.scandir(self.directory) as entries:
                for item in entries:
                    if PACK_NAME.fullmatch(item.name):
                        names[item.name] = _NEVER if item.name in self._present else _signature(item)
        except FileNotFoundError:
            pass
        gone = [name for name in self._present if name not in names]
        for name, number in list(self._present.items()):
            pack = self._packs[number]
            if pack.index.damage is not None and name in names and _signature(pack.path) != pack.signature:
                gone.append(name)
        for name in gone:
            del self._present[name]
        self._unreadable = {name: value for name, value in self._unreadable.items() if name in names}
        if gone:
            self._rebuild()
        for name, signature in names.items():
            known = self._unreadable.get(name)
            if name not in self._present and (known is None or known[0] != signature):
                self._read(self.directory / name, signature)

    def _read(self, path: Path, signature: Signature) -> None:
        try:
            index = read_index(path)
        except FileNotFoundError:
            return
        except DamagedError as error:
            self._unreadable[path.name] = (signature, Damage(path, str(error)))
        except OSError as error:
            # Perhaps for the moment only, so that it is tried again at the next look.
            self._unreadable[path.name] = (_NEVER, Damage(path, error.strerror or str(error)))
        else:
            self._unreadable.pop(path.name, None)
            self._add(path, index)
            self._foreign = True

    def _add(self, path: Path, index: PackIndex) -> None:
        signature = _signature(path)
        self._packs.append(_Pack(path, index, signature[1], signature))
        self._present[path.name] = len(self._packs) - 1
        self._insert(len(self._packs) - 1)

    def _rebuild(self) -> None:
        self._where = {}
        for number in self._present.values():
            self._insert(number)

    def _insert(self, number: int) -> None:
        where, bad, base = self._where, self._bad, number << 32
        for frame, digest in enumerate(self._packs[number].index.digests()):
            if not bad or base | frame not in bad:
                where.setdefault(digest, base | frame)


def _signature(path: Path | os.DirEntry[str]) -> Signature:
    try:
        found = path.stat()
    except OSError:
        return _NEVER
    return (found.st_mtime_ns, found.st_size)
