"""Where the kernels of this machine are: one file a session, which may be lost without harm."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from kishu_agent.folder.durable import make_directory, remove_quietly, translated, write_file
from kishu_agent.history.head import Head
from kishu_agent.records import RecordError, decode, encode

if TYPE_CHECKING:
    from pathlib import Path

_SESSION = re.compile(r"[0-9a-f]{1,64}")


class Heads:
    """The files `local/heads/<session id>.json`."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def write(self, head: Head) -> None:
        """Note where a session is. Raises FolderReadOnlyError, FolderFullError or FolderError."""
        make_directory(self.directory)
        write_file(self._path(head.session), encode(head), overwrite=True)

    def remove(self, session: str) -> None:
        """Forget a session that ended."""
        remove_quietly(self._path(session))

    def load(self, notebook: str) -> tuple[Head, ...]:
        """Return the sessions of a notebook, the latest first. Files that can't be used are left out."""
        heads = []
        with translated(self.directory, "read"):
            for path in self.directory.glob("*.json") if self.directory.is_dir() else ():
                try:
                    head = decode(Head, path.read_bytes())
                except (OSError, RecordError):
                    continue
                if head.notebook == notebook and head.session == path.stem:
                    heads.append(head)
        return tuple(sorted(heads, key=lambda head: (head.time, head.session), reverse=True))

    def _path(self, session: str) -> Path:
        if not _SESSION.fullmatch(session):
            raise ValueError(f"{session!r} is not the id of a session")
        return self.directory / f"{session}.json"
