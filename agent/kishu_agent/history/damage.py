"""A file that cannot be used."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Damage:
    """A file of the folder that does not hold what was written to it, and what is wrong with it."""

    path: Path
    reason: str
