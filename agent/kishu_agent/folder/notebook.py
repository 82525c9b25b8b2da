"""The files of one notebook's history: checkpoints and events, each immutable and with its digest."""

from __future__ import annotations

import hashlib
import os
import re
import threading
from typing import TYPE_CHECKING, Generic, TypeVar

from kishu_agent.errors import DamagedError
from kishu_agent.folder.durable import collect_leftovers, make_directory, translated, write_file
from kishu_agent.history.checkpoint import FORMAT_VERSION, Checkpoint
from kishu_agent.history.damage import Damage
from kishu_agent.history.event import Event
from kishu_agent.history.graph import History
from kishu_agent.records import RecordError, decode, encode

if TYPE_CHECKING:
    from pathlib import Path

Entry = TypeVar("Entry", Checkpoint, Event)

_ID = re.compile(r"[0-9a-f]{32}")
_FILE = re.compile(r"[0-9a-f]{32}\.json")
_PREFIX = b'{"body":'
_MIDDLE = b',"sha256":"'
_SUFFIX = b'"}\n'
_NEVER = (-1, -1)
"""The signature of no file."""
_LONGEST = 64 * 1024 * 1024
"""Bytes of a record file that are read at most."""
_TAIL = len(_MIDDLE) + 64 + len(_SUFFIX)


class NotebookHistory:
    """The recorded history of one notebook. Any thread may use it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._checkpoints = _Directory(path / "checkpoints", Checkpoint)
        self._events = _Directory(path / "events", Event)

    def add(self, checkpoint: Checkpoint) -> None:
        """Commit a checkpoint: it is recorded, and durable, when this returns.

        The packs that it needs must be durable before. Raises FolderReadOnlyError, FolderFullError or
        FolderError.
        """
        self._checkpoints.add(checkpoint)

    def add_event(self, event: Event) -> None:
        """Record an event durably. Errors as `add`."""
        self._events.add(event)

    def load(self) -> History:
        """All that is recorded. Only files that are new since the last call are read.

        Damaged files are reported in the history and left out. Raises FolderError when the directory itself
        can't be read.
        """
        checkpoints, events = self._checkpoints.load(), self._events.load()
        damaged = (*self._checkpoints.damaged(), *self._events.damaged())
        return History(checkpoints, events, damaged, self.path)

    def exists(self) -> bool:
        """Whether anything was ever recorded for this notebook."""
        return self.path.is_dir()


class _Directory(Generic[Entry]):
    """A directory of immutable record files."""

    def __init__(self, path: Path, kind: type[Entry]) -> None:
        self.path = path
        self.kind: type[Entry] = kind
        self._lock = threading.Lock()
        self._known: dict[str, Entry] = {}
        self._damaged: dict[str, tuple[tuple[int, int], Damage]] = {}
        self._prepared = False

    def add(self, entry: Entry) -> None:
        if not _ID.fullmatch(entry.id):
            raise ValueError(f"{entry.id!r} is not an id")
        if not self._prepared:
            make_directory(self.path)
            collect_leftovers(self.path)
            self._prepared = True
        name = f"{entry.id}.json"
        write_file(self.path / name, wrap(encode(entry)))
        with self._lock:
            self._known[name] = entry

    def load(self) -> list[Entry]:
        with self._lock, translated(self.path, "read"):
            try:
                with os.scandir(self.path) as entries:
                    names = {item.name for item in entries if _FILE.fullmatch(item.name)}
            except FileNotFoundError:
                names = set()
            for name in self._known.keys() - names:
                del self._known[name]
            for name in self._damaged.keys() - names:
                del self._damaged[name]
            for name in names - self._known.keys():
                self._read(name)
            return list(self._known.values())

    def damaged(self) -> list[Damage]:
        with self._lock:
            return [damage for _, (_, damage) in sorted(self._damaged.items())]

    def _read(self, name: str) -> None:
        path = self.path / name
        known = self._damaged.get(name)
        if known is not None and known[0] == _signature(path):
            return
        try:
            self._known[name] = read_record(path, self.kind)
            self._damaged.pop(name, None)
        except FileNotFoundError:
            pass
        except _UnusableError as error:
            self._damaged[name] = (_signature(path), Damage(path, error.reason))
        except OSError as error:
            # Perhaps for the moment only, so that it is tried again at the next load.
            self._damaged[name] = (_NEVER, Damage(path, error.strerror or str(error)))


class _UnusableError(DamagedError):
    """As DamagedError, with the bare reason."""

    def __init__(self, reason: str, path: Path) -> None:
        super().__init__(f"{path} is damaged: {reason}.", path)
        self.reason = reason


def read_record(path: Path, kind: type[Entry]) -> Entry:
    """Read one checkpoint or event file. Raises OSError or DamagedError."""
    with path.open("rb", buffering=0) as file:
        if os.fstat(file.fileno()).st_size > _LONGEST:
            raise _UnusableError("it is too long for a record", path)
        data = file.read()
    body = unwrap(data, path)
    try:
        entry = decode(kind, body)
    except RecordError as error:
        raise _UnusableError(str(error), path) from None
    if entry.id != path.stem:
        raise _UnusableError(f"it holds {entry.id}", path)
    if entry.format > FORMAT_VERSION:
        raise _UnusableError(
            f"it is written in version {entry.format} of the format; update kishu-agent", path
        )
    return entry


def wrap(body: bytes) -> bytes:
    """Return the content of a record file: the body with its digest."""
    digest = hashlib.sha256(body).hexdigest().encode()
    return b"".join((_PREFIX, body, _MIDDLE, digest, _SUFFIX))


def unwrap(data: bytes, path: Path) -> bytes:
    """Return the body of a record file. Raises DamagedError."""
    middle = len(data) - _TAIL
    if middle < len(_PREFIX) or not data.startswith(_PREFIX) or not data.endswith(_SUFFIX):
        raise _UnusableError("it is cut off or is something else", path)
    body = data[len(_PREFIX) : middle]
    digest = hashlib.sha256(body).hexdigest().encode()
    if data[middle:] != b"".join((_MIDDLE, digest, _SUFFIX)):
        raise _UnusableError("it does not match its digest", path)
    return body


def _signature(path: Path) -> tuple[int, int]:
    try:
        found = path.stat()
    except OSError:
        return _NEVER
    return (found.st_mtime_ns, found.st_size)
