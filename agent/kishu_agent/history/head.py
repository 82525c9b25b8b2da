"""Where a running kernel is in the history: a file of `local/`, written anew after each checkpoint."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Head:
    """The place of one kernel session."""

    session: str
    """Id of the kernel session, hexadecimal."""
    notebook: str
    """File name of the notebook."""
    checkpoint: str | None
    branch: str | None
    """Id of the branch on which the next cell is recorded."""
    time: str
    """When this was written. UTC, ISO 8601 with microseconds and `Z`."""
    pid: int = 0
    """Of the kernel."""
    connection: str | None = None
    """Path of the kernel's connection file, if it has one: over it the command line asks the agent."""
