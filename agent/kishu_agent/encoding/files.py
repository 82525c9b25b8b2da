"""Files that were opened for reading, closed files, and the process' own streams.

A file open for reading is opened again by its name, at the same place. One open for writing has no stored form:
opening it again would empty it, make it, or write into what others have written since. The functions under
"Rebuilding" are part of the folder's format.
"""

from __future__ import annotations

import io
import os
import stat
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kishu_agent.encoding.classes import NotEncodableError

if TYPE_CHECKING:
    from collections.abc import Callable

    from kishu_agent.encoding.encoder import Encoder, Reduced

# Rebuilding


def reader(path: str, name: str | bytes, position: int, buffered: bool) -> Any:
    """Open a file for reading bytes, at a place."""
    if Path(path).stat().st_size < position:
        raise OSError(f"the file {path} is shorter than it was")
    raw = io.FileIO(path)
    made: Any = io.BufferedReader(raw) if buffered else raw
    raw.name = name
    made.seek(position)
    return made


def text_reader(buffer: Any, encoding: str, errors: str, mode: str, position: int) -> io.TextIOWrapper:
    """Make a text file of one for bytes, at a place."""
    buffer.seek(0)
    if any(b"\r" in piece for piece in iter(lambda: buffer.read(1 << 20), b"")):
        raise OSError(f"how the line ends of {buffer.raw.name} were to be read was not recorded")
    made: Any = io.TextIOWrapper(buffer, encoding, errors)
    made.mode = mode
    made.seek(position)
    return made  # type: ignore[no-any-return]


def closed_file(mode: str, name: Any, encoding: str | None, errors: str | None) -> Any:
    """Make a file that is closed."""
    made: Any
    with Path(os.devnull).open(mode, encoding=encoding, errors=errors) as made:
        getattr(made, "buffer", made).raw.name = name
    return made


def standard_stream(name: str) -> Any:
    """Return the stream of this process."""
    return _present(name)


# Reducing


def _present(name: str) -> Any:
    stream = getattr(sys, name)
    return getattr(stream, "swallowed", stream)  # what objects print is kept out of the cell during a look


def _reduce_standard(stream: Any) -> Reduced | None:
    for name in ("stdout", "stderr", "stdin", "__stdout__", "__stderr__", "__stdin__"):
        if _present(name) is stream:
            return standard_stream, (name,)
    return None


def _reduce_text(_encoder: Encoder, file: io.TextIOWrapper) -> Reduced:
    if (reduced := _reduce_standard(file)) is not None:
        return reduced
    if file.closed:
        return _reduce_closed(file, str(getattr(file, "mode", "r")), file.encoding, file.errors)
    buffer: Any = file.buffer
    if type(buffer) is not io.BufferedReader:
        raise NotEncodableError("a text file that is not open for reading from the disk has no stored form")
    _path(buffer)
    if any("\r" in end for end in file.newlines or ()):
        raise NotEncodableError("how it reads line ends cannot be told")  # nothing has the argument `newline`
    try:
        position = file.tell()
    except OSError as error:
        raise NotEncodableError(f"its place cannot be told: {error}") from None
    return text_reader, (buffer, file.encoding, file.errors, getattr(file, "mode", "r"), position)


def _reduce_bytes(_encoder: Encoder, file: io.BufferedReader | io.FileIO) -> Reduced:
    raw: Any = getattr(file, "raw", file)
    if file.closed:
        return _reduce_closed(file, raw.mode, None, None)
    return reader, (_path(file), raw.name, file.tell(), raw is not file)


def _reduce_written(_encoder: Encoder, file: Any) -> Reduced:
    if file.closed:
        return _reduce_closed(file, file.raw.mode, None, None)
    raise NotEncodableError("a file that is open for writing has no stored form")


def _reduce_closed(file: Any, mode: str, encoding: str | None, errors: str | None) -> Reduced:
    name = file.name
    if type(name) not in {str, bytes}:
        raise NotEncodableError("a file without a name has no stored form")
    return closed_file, (mode.replace("x", "w"), name, encoding, errors)


def _path(file: Any) -> str:
    """Return the absolute path of a file on the disk that is open for reading."""
    raw = getattr(file, "raw", file)
    if not isinstance(raw, io.FileIO) or raw.mode != "rb":
        raise NotEncodableError("a file that is open for writing has no stored form")
    name = raw.name
    there = os.fstat(raw.fileno())
    if type(name) not in {str, bytes} or not stat.S_ISREG(there.st_mode):
        raise NotEncodableError("it is no file on the disk")
    path = Path(os.fsdecode(name)).absolute()
    with suppress(OSError):
        if os.path.samestat(path.stat(), there):
            return str(path)
    raise NotEncodableError(f"the file {path} was moved or removed after it was opened")


def _reduce_stream(_encoder: Encoder, stream: Any) -> Reduced:
    reduced = _reduce_standard(stream)
    return NotImplemented if reduced is None else reduced


def reducer(kind: type) -> Callable[[Encoder, Any], Reduced] | None:
    """Return the reducer for files and streams of this type."""
    if kind is io.TextIOWrapper:
        return _reduce_text
    if kind in {io.BufferedReader, io.FileIO}:
        return _reduce_bytes
    if kind in {io.BufferedWriter, io.BufferedRandom}:
        return _reduce_written
    if issubclass(kind, io.TextIOBase) and kind is not io.StringIO:
        return _reduce_stream  # of the kernel's own type
    return None
