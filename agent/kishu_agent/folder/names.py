"""Names of notebooks as names of directories that every file system takes."""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import unquote_to_bytes

_RESERVED = re.compile(r'[\x00-\x1f\x7f<>:"/\\|?*%\ud800-\udfff]|[. ]\Z')
_DEVICE = re.compile(r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(?=\.|\Z)", re.IGNORECASE)


def directory_name(notebook: str) -> str:
    """Return the directory of a notebook's history, from the notebook's file name.

    The name itself in the normal form C of Unicode, but characters that Windows reserves, and `%`, as `%XX`
    of their UTF-8 bytes; so is the last character when it is a dot or a space, and the first of a device's
    name. Raises ValueError for what is not a file name.
    """
    name = unicodedata.normalize("NFC", notebook)
    if name in {"", ".", ".."} or "/" in name or "\0" in name:
        raise ValueError(f"{notebook!r} is not the name of a file")
    name = _RESERVED.sub(_escaped, name)
    if _DEVICE.match(name):
        name = f"%{ord(name[0]):02X}{name[1:]}"
    return name


def notebook_name(directory: str) -> str:
    """Return the inverse of `directory_name`."""
    return unquote_to_bytes(directory.encode("utf-8", "surrogateescape")).decode("utf-8", "surrogateescape")


def _escaped(match: re.Match[str]) -> str:
    return "".join(f"%{byte:02X}" for byte in match[0].encode("utf-8", "surrogateescape"))
