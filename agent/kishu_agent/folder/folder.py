"""The `.kishu` folder as a whole: creating, opening, the notebooks in it, and what is paused on this machine."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING, Final

import orjson

from kishu_agent.errors import (
    FolderError,
    FolderMissingError,
    FolderReadOnlyError,
    FormatVersionError,
    NotAFolderError,
)
from kishu_agent.folder.durable import collect_leftovers, make_directory, translated, write_file
from kishu_agent.folder.frames import FrameStore
from kishu_agent.folder.heads import Heads
from kishu_agent.folder.names import directory_name, notebook_name
from kishu_agent.folder.notebook import NotebookHistory
from kishu_agent.folder.texts import FORMAT_MD, GITATTRIBUTES, GITIGNORE
from kishu_agent.folder.usage import Usage, measure
from kishu_agent.history.checkpoint import FORMAT_VERSION

if TYPE_CHECKING:
    from pathlib import Path

FOLDER_NAME: Final = ".kishu"

_DIRECTORIES: Final = ("notebooks", "packs", "local")
_LONGEST_FORMAT_FILE: Final = 64 * 1024


class Folder:
    """One `.kishu` folder. `create` or `open` make it; any thread may use it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        """The folder itself."""
        self.frames = FrameStore(path / "packs")
        self.heads = Heads(path / "local" / "heads")
        self._notebooks: dict[str, NotebookHistory] = {}
        self._lock = threading.Lock()

    @classmethod
    def create(cls, directory: Path) -> Folder:
        """Open the folder beside the notebooks in `directory`, creating what is missing of it.

        Raises NotAFolderError, FormatVersionError, FolderReadOnlyError, FolderFullError or FolderError.
        """
        path = directory / FOLDER_NAME
        if not directory.is_dir():
            raise FolderError(f"There is no directory {directory}.", path, action="Save the notebook first.")
        if _exists(path):
            if not path.is_dir():
                raise NotAFolderError(f"{path} is not a folder.", path)
            if (path / "format.json").exists() or not _is_new(path):
                _check_format(path)
        make_directory(path)
        for name in _DIRECTORIES:
            make_directory(path / name)
        # format.json comes last: a folder without it is one whose creation was cut short.
        texts = {".gitattributes": GITATTRIBUTES, ".gitignore": GITIGNORE, "FORMAT.md": FORMAT_MD}
        texts["format.json"] = f'{{"format":"kishu","version":{FORMAT_VERSION}}}\n'
        for name, text in texts.items():
            if not (path / name).exists():
                write_file(path / name, text.encode(), overwrite=True)
        for writable in (path, *(path / name for name in _DIRECTORIES)):
            if not os.access(writable, os.W_OK):
                raise FolderReadOnlyError(f"{writable} cannot be written.", writable)
        collect_leftovers(path)
        return cls(path)

    @classmethod
    def open(cls, directory: Path) -> Folder:
        """Open the folder beside the notebooks in `directory`, to read. Changes nothing.

        Raises FolderMissingError, NotAFolderError, FormatVersionError or FolderError.
        """
        path = directory / FOLDER_NAME
        if not _exists(path):
            raise FolderMissingError(f"There is no {FOLDER_NAME} folder in {directory}.", path)
        if not path.is_dir():
            raise NotAFolderError(f"{path} is not a folder.", path)
        _check_format(path)
        return cls(path)

    def notebook(self, name: str) -> NotebookHistory:
        """Return the history of the notebook with this file name. Raises FolderError for what is no file name."""
        try:
            directory = directory_name(name)
        except ValueError as error:
            raise FolderError(f"{error}.", self.path) from None
        with self._lock:
            if directory not in self._notebooks:
                self._notebooks[directory] = NotebookHistory(self.path / "notebooks" / directory)
            return self._notebooks[directory]

    def notebooks(self) -> tuple[str, ...]:
        """File names of the notebooks that have a history, sorted."""
        path = self.path / "notebooks"
        with translated(path, "read"):
            try:
                with os.scandir(path) as entries:
                    return tuple(sorted(notebook_name(entry.name) for entry in entries if entry.is_dir()))
            except FileNotFoundError:
                return ()

    def is_paused(self, name: str) -> bool:
        """Whether the person does not want this notebook to be recorded on this machine."""
        return name in self.paused()

    def paused(self) -> frozenset[str]:
        """All notebooks that are paused on this machine."""
        try:
            value = orjson.loads((self.path / "local" / "paused.json").read_bytes())
        except (OSError, orjson.JSONDecodeError):
            return frozenset()
        names = value.get("notebooks") if isinstance(value, dict) else None
        return (
            frozenset(name for name in names if isinstance(name, str))
            if isinstance(names, list)
            else frozenset()
        )

    def set_paused(self, name: str, paused: bool) -> None:
        """Pause a notebook on this machine, or end that. Raises FolderReadOnlyError and the like."""
        with self._lock:
            before = self.paused()
            after = before | {name} if paused else before - {name}
            if after != before:
                make_directory(self.path / "local")
                data = orjson.dumps({"notebooks": sorted(after)})
                write_file(self.path / "local" / "paused.json", data, overwrite=True)

    def usage(self) -> Usage:
        """Return what the folder takes on disk, by kind."""
        with translated(self.path, "read"):
            return measure(self.path)

    def size(self) -> int:
        """Bytes of all that git sees."""
        return self.usage().committed


def _exists(path: Path) -> bool:
    with translated(path, "read"):
        return os.path.lexists(path)


def _is_new(path: Path) -> bool:
    """Whether a folder without format.json is one whose creation was cut short."""
    ours = {*_DIRECTORIES, ".gitattributes", ".gitignore", "FORMAT.md"}
    with translated(path, "read"):
        for entry in path.iterdir():
            if entry.name in _DIRECTORIES and entry.is_dir():
                if entry.name != "local" and any(entry.iterdir()):
                    return False
            elif entry.name not in ours and entry.suffix != ".tmp":
                return False
    return True


def _check_format(path: Path) -> None:
    file = path / "format.json"
    with translated(file, "read"):
        try:
            with file.open("rb") as stream:
                data = stream.read(_LONGEST_FORMAT_FILE)
        except (FileNotFoundError, IsADirectoryError):
            raise NotAFolderError(
                f"{path} has no format.json.",
                path,
                action="Bring it back from git or a backup, or rename the folder.",
            ) from None
    try:
        value = orjson.loads(data)
    except orjson.JSONDecodeError:
        value = None
    version = value.get("version") if isinstance(value, dict) and value.get("format") == "kishu" else None
    if type(version) is not int:
        raise NotAFolderError(
            f"{file} does not say which format the folder has.",
            file,
            action="Bring it back from git or a backup, or rename the folder.",
        )
    if version != FORMAT_VERSION:
        raise FormatVersionError(
            f"{path} is written in version {version} of the format; this is version {FORMAT_VERSION}.", path
        )
