"""What one checkpoint is: the record that a checkpoint file holds."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

FORMAT_VERSION = 1

Kind = Literal["start", "cell", "between"]
"""`start`: the state in which recording began. `cell`: after a cell ran. `between`: a change that was found
while no cell ran (threads, timers, widgets' callbacks, the debugger)."""

Outcome = Literal["ok", "error", "interrupted"]

How = Literal["pickle", "dill", "replay", "none"]
"""The way in which a co-variable is stored. `dill`: pickled with reducers of dill for what pickle does not know.
`replay`: it has no stored form, and the recorded cell that made it can be run again. `none`: neither."""


def new_id() -> str:
    """Return a new id: 128 random bits as 32 hexadecimal digits.

    Ids are random rather than digests, because the next cell's checkpoint needs its parent's id before the
    parent's data has been hashed.
    """
    return secrets.token_hex(16)


@dataclass(frozen=True, slots=True)
class Cell:
    """The cell that ran."""

    code: str
    id: str | None = None
    """The front end's id of the cell; VS Code's are URIs that mean nothing after the window is closed."""
    execution_count: int | None = None


@dataclass(frozen=True, slots=True)
class CellError:
    """The exception with which a cell ended."""

    name: str
    message: str


@dataclass(frozen=True, slots=True)
class StoredCovariable:
    """One version of a co-variable."""

    roots: tuple[str, ...]
    """Its names, sorted. Roots that are not names contain a colon: `def:<uid>` is a function or class that
    others refer to, `random:<library>` the state of a random generator."""
    version: str
    """Digest of its manifest frame: equal versions are equal values."""
    size: int
    """Bytes of its encoded form before compression and deduplication."""
    how: How
    reason: str | None = None
    """Why it has no stored form, or why another way than pickle was taken."""
    depends: tuple[str, ...] = ()
    """Roots (`def:<uid>`) of functions and classes that its stream refers to."""


@dataclass(frozen=True, slots=True)
class Preview:
    """What a person sees of a variable without loading it."""

    type: str
    text: str
    """One line, at most 120 characters."""
    length: int | None = None
    shape: tuple[int, ...] | None = None
    nbytes: int | None = None
    """Memory, where the object tells it cheaply."""


@dataclass(frozen=True, slots=True)
class Environment:
    """How the process' environment differed from what it was when the recording of its kernel began."""

    directory: str | None = None
    """The working directory, if it was another one: relative to the notebook's in POSIX form if it is that or below
    it, else absolute."""
    variables: dict[str, str | None] = field(default_factory=dict)
    """Environment variables that were set since, with their values; None for those that were deleted."""
    withheld: tuple[str, ...] = ()
    """Environment variables that were set and whose values are not stored: their names look like credentials'."""
    path_first: tuple[str, ...] = ()
    """Entries of `sys.path` that were added before those that were there."""
    path_last: tuple[str, ...] = ()
    """Entries that were added behind."""
    path_removed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What is recorded after a cell ran. The state is given as a difference to the parent's."""

    id: str
    parent: str | None
    branch: str
    """Id of the branch on which it was recorded."""
    kind: Kind
    started: str
    """UTC, ISO 8601 with microseconds and `Z`."""
    duration: float
    """Seconds that the cell ran."""
    outcome: Outcome
    cell: Cell | None = None
    error: CellError | None = None
    created: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    deleted: tuple[str, ...] = ()
    removed: tuple[tuple[str, ...], ...] = ()
    """Co-variables of the parent's state, by their roots, that are not part of this state."""
    added: tuple[StoredCovariable, ...] = ()
    """Co-variables of this state that are not part of the parent's, or in another version."""
    previews: dict[str, Preview] = field(default_factory=dict)
    """Previews of the created and changed names."""
    problems: dict[str, str] = field(default_factory=dict)
    """What was not recorded: the reason by name; under the empty name, what concerns the whole state."""
    bytes_added: int = 0
    """Bytes that this checkpoint added to the folder, its own file not counted."""
    packs: tuple[str, ...] = ()
    """Names of the packs that were written for it."""
    reads: tuple[str, ...] | None = None
    """Roots of the state before that the cell's code reaches, sorted; None if it may reach any. A replay needs them."""
    effects: tuple[str, ...] = ()
    """Names in the cell's code that tell of effects outside of the session: files, networks, other processes."""
    packages: dict[str, str] = field(default_factory=dict)
    """Versions of the installed packages whose objects are in `added`."""
    session: str = ""
    """Random id of the kernel session that recorded it."""
    agent: str = ""
    python: str = ""
    environment: Environment | None = None
    """What differed in the process' environment; None if nothing did."""
    format: int = FORMAT_VERSION

    @property
    def cell_id(self) -> str | None:
        """The front end's id of the cell, if a cell ran."""
        return self.cell.id if self.cell else None

    @property
    def code(self) -> str | None:
        """Source of the cell, if a cell ran."""
        return self.cell.code if self.cell else None

    @property
    def execution_count(self) -> int | None:
        """The cell's `In [n]`, if a cell ran."""
        return self.cell.execution_count if self.cell else None

    @property
    def start(self) -> datetime:
        """When the cell began to run, UTC."""
        return datetime.fromisoformat(self.started)

    @property
    def replayed_names(self) -> frozenset[str]:
        """Names among `problems` that come back by running the cell again."""
        replayed = (root for stored in self.added if stored.how == "replay" for root in stored.roots)
        return frozenset(self.problems.keys() & set(replayed))

    @property
    def changed_names(self) -> tuple[str, ...]:
        """All names that the cell created, changed or deleted, sorted."""
        return tuple(sorted({*self.created, *self.changed, *self.deleted}))


@dataclass(frozen=True, slots=True)
class Blob:
    """A byte string in the folder, cut into chunks. See docs/format.md."""

    digest: str
    """Of the chunk (depth 0), or of the topmost node of the tree over the chunks."""
    size: int
    depth: int


@dataclass(frozen=True, slots=True)
class Manifest:
    """Where the parts of one version of a co-variable are: the content of a manifest frame."""

    roots: tuple[str, ...]
    how: How
    stream: Blob | None
    buffers: tuple[Blob, ...] = ()
    arrays: int = 0
    """The first so many buffers are the memory of arrays, which the stream refers to by number; the others are
    pickle's out-of-band buffers, in the order in which the stream wants them."""
    depends: tuple[str, ...] = ()
    token: str = ""
    """Makes versions without a stored form differ from each other."""
