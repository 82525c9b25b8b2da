"""numpy's arrays over files: mapped again, never copies in memory that seem to be the file.

What an array in mode `r` shows is the file's; so it is stored as where the file is, with its size and time. In the
other modes the content is stored as well. A private one (mode `c`) gets its content back. One that writes to its file
is mapped again only if the file has that content: a restore changes no files.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from kishu_agent.encoding import rebuild
from kishu_agent.encoding.classes import NotEncodableError
from kishu_agent.encoding.libraries.numpy import (
    layout,
    memory_of,
    note,
    owner,
    plain_of,
    set_subclass_attributes,
    subclass,
)

if TYPE_CHECKING:
    import os

    from kishu_agent.encoding.encoder import Encoder, Reduced

_PIECE = 64 * 1024
"""Bytes that are compared, and written to a private mapping, at a time."""


class FileChangedError(OSError):
    """A mapped file is not what it was."""


def mapped(
    file: str | os.PathLike[str],
    mode: Any,
    offset: int,
    kind: np.dtype[Any],
    shape: tuple[int, ...],
    order: Any,
    content: int | None,
    state: tuple[int, int] | None,
    writeable: bool,
) -> np.memmap[Any, Any]:
    """Map a file again. Part of the folder's format.

    `content` is the number of the array's memory, None for a file that only was read; `state` is then its size in
    bytes and the time of its last change in ns.
    """
    size = int(np.prod(shape, dtype=np.int64)) * kind.itemsize
    found = Path(file).stat()
    if state is not None:
        if (found.st_size, found.st_mtime_ns) != state:
            raise FileChangedError(f"the file {file} was changed after its variable was recorded")
    elif found.st_size < offset + size:
        raise FileChangedError(f"the file {file} is shorter than it was")  # numpy would make it longer
    made: np.memmap[Any, Any] = np.memmap(file, kind, "r+" if mode == "w+" else mode, offset, shape, order)
    if content is not None:
        _compare(made, file, content, private=mode == "c")
    made.mode = mode
    if not writeable:
        made.flags.writeable = False
    return made


def _compare(made: np.memmap[Any, Any], file: Any, content: int, *, private: bool) -> None:
    there = memory_of(made.view(np.ndarray), layout(made))
    recorded = memoryview(bytearray(there.nbytes))
    rebuild.fill(content, recorded)
    for start in range(0, there.nbytes, _PIECE):
        piece = slice(start, start + _PIECE)
        if there[piece] != recorded[piece]:
            if not private:
                raise FileChangedError(
                    f"the file {file} does not hold what it held when its variable was recorded"
                )
            there[piece] = recorded[piece]


def set_map_attributes(made: Any, attributes: dict[str, Any]) -> None:
    """Give the view of a mapped file its attributes. Part of the folder's format."""
    made.__dict__.update(attributes)
    made._mmap = owner(made)._mmap


def reduce_memmap(encoder: Encoder, values: Any) -> Reduced:
    """Reduce an array over a file, or a view of one, or what is only of this class."""
    base = note(encoder, values)
    if getattr(base, "_mmap", None) is None:
        return (
            subclass,
            (plain_of(encoder, values), type(values)),
            dict(values.__dict__),
            None,
            None,
            set_subclass_attributes,
        )
    attributes = {key: value for key, value in values.__dict__.items() if key != "_mmap"}
    if base is not values:
        plain = values.view(np.ndarray)
        return subclass, (plain, type(values)), attributes, None, None, set_map_attributes
    if values.filename is None:
        raise NotEncodableError("the file that it is over has no name")
    encoder.external = True
    order = layout(values)
    content = state = None
    if values.mode == "r":
        found = Path(values.filename).stat()
        state = found.st_size, found.st_mtime_ns
    elif values.size:
        content = encoder.add_array(memory_of(values.view(np.ndarray), order))
    arguments = (values.filename, values.mode, values.offset, values.dtype, values.shape, order)
    return mapped, (*arguments, content, state, values.flags.writeable)
