"""The shape of the tree of chunks that makes a byte string (docs/format.md, "Blobs")."""

from __future__ import annotations

import os
from functools import lru_cache
from typing import Final

CHUNK_SIZE: Final = 64 * 1024
FANOUT: Final = 128
"""Digests in a node: 4 KiB. A change of one byte in a gigabyte stores one chunk and three nodes."""
DIGEST_SIZE: Final = 32


def leaf_count(size: int) -> int:
    """Return number of chunks of a byte string of `size` bytes. The empty string is one empty chunk."""
    return max(1, -(-size // CHUNK_SIZE))


def depth_of(size: int) -> int:
    """Return number of levels of nodes above the chunks."""
    depth = 0
    count = leaf_count(size)
    while count > 1:
        count = -(-count // FANOUT)
        depth += 1
    return depth


def count_at(size: int, level: int) -> int:
    """Return number of digests at a level: 0 are the chunks, `depth_of(size)` is the root alone."""
    count = leaf_count(size)
    for _ in range(level):
        count = -(-count // FANOUT)
    return count


@lru_cache(maxsize=1)
def memory_size() -> int:
    """Return this machine's memory in bytes; a tebibyte where it does not say."""
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, OSError, ValueError):
        return 1 << 40
