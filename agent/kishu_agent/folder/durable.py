"""Files that survive a crash: written beside their place, synced, renamed, and the directory synced.

Neither mmap nor flock is used, since network file systems lack them.
"""

from __future__ import annotations

import errno
import os
import secrets
import sys
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from kishu_agent.errors import FolderError, FolderFullError, FolderReadOnlyError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LEFTOVER_SUFFIX = ".tmp"

LEFTOVER_AGE = 24 * 60 * 60
"""Seconds after which a temporary file can't belong to a writer that is still at work."""

_READ_ONLY = {errno.EROFS, errno.EACCES, errno.EPERM}
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_NO_DIRECTORY_SYNC = {errno.EINVAL, errno.ENOTSUP, errno.EBADF, errno.EACCES, errno.EISDIR}
"""What file systems answer that cannot sync a directory. A failing disk says EIO, which is not ignored."""


@contextmanager
def translated(path: Path, doing: str, *, passed: type[OSError] | tuple[()] = ()) -> Iterator[None]:
    """Turn any OSError inside into one of this package's errors, except `passed`.

    `doing` is what was attempted, like "write" or "read".
    """
    try:
        yield
    except FolderError:
        raise
    except passed:
        raise
    except OSError as error:
        reason = error.strerror or str(error)
        if error.errno in _READ_ONLY:
            kind: type[FolderError] = FolderReadOnlyError
        elif error.errno in _FULL:
            kind = FolderFullError
        else:
            kind = FolderError
        raise kind(f"Cannot {doing} {path}: {reason}.", path) from error


def sync_file(descriptor: int) -> None:
    """Return when the file's content is on the disk."""
    if sys.platform == "darwin":
        import fcntl

        # fsync of macOS leaves the data in the drive's cache; not every file system knows the stronger call.
        with suppress(OSError):
            fcntl.fcntl(descriptor, fcntl.F_FULLFSYNC)
            return
    os.fsync(descriptor)


def sync_directory(path: Path) -> None:
    """Return when the names in a directory are on the disk. Does nothing where that is not possible."""
    if os.name == "nt":
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in _NO_DIRECTORY_SYNC:
            raise
    finally:
        os.close(descriptor)


def make_directory(path: Path) -> None:
    """Create a directory durably, with the missing ones above it."""
    with translated(path, "create"):
        if path.is_dir():
            return
        missing = [path]
        while not missing[-1].parent.is_dir() and missing[-1].parent != missing[-1]:
            missing.append(missing[-1].parent)
        for directory in reversed(missing):
            directory.mkdir(exist_ok=True)
            sync_directory(directory.parent)


def temporary_path(directory: Path) -> Path:
    """Return a name in `directory` that nobody else uses and every reader ignores."""
    return directory / f"{secrets.token_hex(16)}{LEFTOVER_SUFFIX}"


def remove_quietly(path: Path) -> None:
    """Remove a temporary file; a failure leaves what the next writer collects."""
    with suppress(OSError):
        path.unlink()


def publish(temporary: Path, path: Path, *, named_by_content: bool = False) -> None:
    """Give a synced temporary file its name, and sync the directory.

    The name is not taken from another file: names are random or digests of the content, so a file that is
    there already is the same one. This is checked, since a rename overwrites silently except on Windows.
    A file that does not hold what its name says (`named_by_content`) is damaged, and is replaced.
    """
    if path.exists() and path.read_bytes() == temporary.read_bytes():
        remove_quietly(temporary)
    elif path.exists() and not named_by_content:
        raise FolderError(f"{path} exists already with other content.", path)
    else:
        os.replace(temporary, path)  # noqa: PTH105 - tests of crashes count these calls
    sync_directory(path.parent)


def write_file(path: Path, data: bytes, *, overwrite: bool = False) -> None:
    """Write a whole file; it is there completely or not at all, and durable when this returns.

    `overwrite` is for the few files of `local/` that change. Raises FolderReadOnlyError, FolderFullError or
    FolderError.
    """
    temporary = temporary_path(path.parent)
    with translated(path, "write"):
        try:
            with temporary.open("xb", buffering=0) as file:
                write_all(file.fileno(), data)
                sync_file(file.fileno())
            if overwrite:
                os.replace(temporary, path)  # noqa: PTH105
                sync_directory(path.parent)
            else:
                publish(temporary, path)
        except BaseException:
            remove_quietly(temporary)
            raise


def write_all(descriptor: int, data: bytes | bytearray | memoryview) -> None:
    """Write everything: one call of os.write may take only a part."""
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def collect_leftovers(directory: Path) -> None:
    """Remove temporary files that crashed writers left more than a day ago."""
    with suppress(OSError), os.scandir(directory) as entries:
        before = time.time() - LEFTOVER_AGE
        for entry in entries:
            if entry.name.endswith(LEFTOVER_SUFFIX):
                with suppress(OSError):
                    if entry.stat().st_mtime < before:
                        os.unlink(entry.path)  # noqa: PTH108
