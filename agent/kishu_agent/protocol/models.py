"""Requests and replies between the extension and the agent. docs/protocol.md describes the exchange.

The TypeScript types are generated from these classes (scripts/generate_types.py).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from kishu_agent.history.checkpoint import Checkpoint, How

PROTOCOL_VERSION = 1

MIME_TYPE = "application/vnd.kishu.reply.v1+json"

CommandName = Literal[
    "status",
    "attach",
    "detach",
    "restore",
    "undo",
    "redo",
    "checkpoints",
    "flush",
    "rename_branch",
    "tag",
    "doctor",
]


@dataclass(frozen=True, slots=True)
class Request:
    """What the extension asks. `id` comes back in the reply."""

    protocol: int
    id: str
    command: CommandName
    client: str = ""
    """Version of the extension, for messages."""
    notebook: str | None = None
    """attach: path of the notebook file, as the kernel's machine sees it."""
    ref: str | None = None
    """restore: id, unique prefix of an id, branch, tag or HEAD~n; tag: the same, HEAD if there is none;
    rename_branch: the branch's name or id."""
    name: str | None = None
    """rename_branch: the branch's new name; tag: the name for the checkpoint."""
    missing_ok: bool = False
    """restore, undo, redo: go on without variables that do not come back."""
    replay: bool | None = None
    """restore, undo, redo: run cells again that made what has no stored form. None: those only that a person need not
    be asked about; when others are needed, the failure REPLAY_NEEDED names them."""
    environment: bool = False
    """restore, undo, redo: put the working directory, environment variables and `sys.path` back as well."""
    pause: bool = False
    """detach: also keep later kernels of this notebook from recording by themselves."""
    since: int = 0
    """checkpoints: leave out the first so many."""


@dataclass(frozen=True, slots=True)
class SessionStatus:
    """The state of recording in a kernel."""

    attached: bool
    session: str | None
    """Id of the kernel session."""
    notebook: str | None
    folder: str | None
    head: str | None
    branch: str | None
    """Display name of the branch on which the next cell is recorded."""
    pending: int
    """Checkpoints that are not durable yet."""
    can_undo: bool
    can_redo: bool
    failure: str | None
    """Why the last state was not recorded, if it was not."""
    agent: str
    python: str


@dataclass(frozen=True, slots=True)
class RestoreReport:
    """What a restore did."""

    checkpoint: str
    """Id of the checkpoint at which the session is now."""
    previous: str | None
    """Id of the checkpoint that holds the state from before the restore."""
    restored: tuple[str, ...]
    """Names whose values were loaded."""
    removed: tuple[str, ...]
    """Names that are gone, because they did not exist then."""
    kept: tuple[str, ...]
    """Names whose live objects were right already."""
    missing: dict[str, str] = field(default_factory=dict)
    """Names that could not be brought back, with the reason; only with `missing_ok`. Those that are still bound to
    the object of that time are left as they are now, the others are gone."""
    replayed: tuple[str, ...] = ()
    """Ids of the checkpoints whose cells were run again on the side."""
    environment: tuple[str, ...] = ()
    """Sentences: how the working directory, environment variables and `sys.path` differ from what they were then;
    with `environment`, what was put back and what could not be."""
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class CheckpointList:
    """Answer to `checkpoints`: oldest first."""

    head: str | None
    checkpoints: tuple[Checkpoint, ...]


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """How one variable is recorded, and why so."""

    name: str
    type: str
    how: How
    reason: str | None
    """Why it has no stored form, or why another way than pickle was taken."""
    stream_bytes: int
    """Bytes of its encoded form, if it were encoded alone."""
    buffer_bytes: int
    """Bytes of memory (of arrays, for instance) that are stored besides."""
    seconds: float
    """What encoding it alone and comparing it took just now."""
    joined: tuple[str, ...] = ()
    """Variables (and functions and classes) with which it is recorded as one, sorted."""
    because: tuple[str, ...] = ()
    """Why: for each of those with which it shares something itself, what that is. `a[0] is b['x']`"""
    definitions: tuple[str, ...] = ()
    """Functions and classes of the notebook without which it cannot be restored, sorted."""


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a request was not carried out."""

    code: str
    """Stable; see agent/kishu_agent/errors.py. `INTERNAL` for what nobody foresaw."""
    message: str
    action: str = ""
    details: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reply:
    """Exactly one of the parts below `agent` is set: the one that belongs to the command, or `failure`."""

    protocol: int
    id: str
    agent: str
    """Version of the agent."""
    failure: Failure | None = None
    status: SessionStatus | None = None
    """status, attach, detach, flush, rename_branch, tag."""
    restored: RestoreReport | None = None
    """restore, undo, redo."""
    list: CheckpointList | None = None
    """checkpoints."""
    diagnoses: tuple[Diagnosis, ...] | None = None
    """doctor: one a variable, in the order of the namespace."""
