"""What a folder takes on disk."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kishu_agent.folder.durable import LEFTOVER_SUFFIX

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Usage:
    """Sizes in bytes."""

    packs: int
    records: int
    """Checkpoint and event files."""
    other: int
    """format.json and the like."""
    local: int
    """What git ignores and belongs to this machine."""
    leftovers: int
    """Files that a crash left; the next writer collects them after a day."""
    leftover_count: int

    @property
    def committed(self) -> int:
        """All that git sees."""
        return self.packs + self.records + self.other


def measure(path: Path) -> Usage:
    """Add up the files of a folder. Files that vanish meanwhile are not counted. Raises OSError."""
    sizes = {"packs": 0, "notebooks": 0, "local": 0, "": 0}
    leftovers = leftover_count = 0
    waiting = [("", str(path))]
    while waiting:
        part, directory = waiting.pop()
        with os.scandir(directory) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    waiting.append((part or (entry.name if entry.name in sizes else ""), entry.path))
                    continue
                try:
                    size = entry.stat(follow_symlinks=False).st_size
                except FileNotFoundError:
                    continue
                if entry.name.endswith(LEFTOVER_SUFFIX):
                    leftovers += size
                    leftover_count += 1
                else:
                    sizes[part] += size
    return Usage(sizes["packs"], sizes["notebooks"], sizes[""], sizes["local"], leftovers, leftover_count)
