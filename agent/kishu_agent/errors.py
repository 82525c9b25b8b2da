"""Every error that this package raises on purpose.

    KishuError
    ├── NotAttachedError            no session in this kernel
    ├── AttachError                 a session cannot be started here
    ├── FolderError                 the .kishu folder
    │   ├── FolderMissingError      there is none
    │   ├── NotAFolderError         .kishu is something else
    │   ├── FolderReadOnlyError     it cannot be written
    │   ├── FolderFullError         the disk is full
    │   ├── FormatVersionError      written by another version of the format
    │   └── DamagedError            what it holds is not what was written
    │       └── MissingFrameError   a part of it is not there
    ├── RefError                    a name for a checkpoint
    │   ├── UnknownRefError
    │   ├── AmbiguousRefError
    │   ├── InvalidNameError        a branch or tag cannot be called so
    │   ├── NothingToUndoError
    │   └── NothingToRedoError
    ├── RecordingError              a state was not recorded
    ├── RestoreError                a state was not restored; the session is as it was
    │   ├── NotRestorableError      some variables have no stored form
    │   ├── ReplayNeededError       cells would have to be run again that have effects, or take long
    │   └── LoadError               a stored form did not load
    └── ProtocolError               a request that cannot be served
        └── ProtocolVersionError    written for another version of the protocol

Each has `code`, stable and meant for programs, and `action`, which says to a person what can be done.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


class KishuError(Exception):
    """Base of all errors of this package."""

    code: ClassVar[str] = "KISHU"
    action: str = ""

    def __init__(self, message: str, *, action: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        if action is not None:
            self.action = action

    def __str__(self) -> str:
        return f"{self.message} {self.action}".strip()

    @property
    def details(self) -> dict[str, str]:
        """What a program may want to know besides the code: plain text by name."""
        return {}


class NotAttachedError(KishuError, RuntimeError):
    """There is no session in this kernel."""

    code = "NOT_ATTACHED"
    action = "Start recording first: kishu_agent.attach(notebook_path)."


class AttachError(KishuError, RuntimeError):
    """A session cannot be started here."""

    code = "CANNOT_ATTACH"


class FolderError(KishuError, OSError):
    """Something about the .kishu folder. `path` names the file or folder."""

    code = "FOLDER"

    def __init__(self, message: str, path: Path, *, action: str | None = None) -> None:
        KishuError.__init__(self, message, action=action)
        self.path = path

    @property
    def details(self) -> dict[str, str]:
        """The path of the file or folder."""
        return {"path": str(self.path)}


class FolderMissingError(FolderError, FileNotFoundError):
    """There is no .kishu folder at this place."""

    code = "FOLDER_MISSING"
    action = "Start recording in a notebook of this directory to create it."


class NotAFolderError(FolderError, NotADirectoryError):
    """`.kishu` exists and is not a folder of this kind."""

    code = "NOT_A_FOLDER"
    action = "Rename or remove it, then start recording again."


class FolderReadOnlyError(FolderError, PermissionError):
    """The folder cannot be written."""

    code = "FOLDER_READ_ONLY"
    action = "Make the directory writable, or copy the notebook to a directory of your own."


class FolderFullError(FolderError):
    """The disk is full, or a quota is used up."""

    code = "FOLDER_FULL"
    action = "Free some disk space; recording goes on by itself with the next cell."


class FormatVersionError(FolderError, ValueError):
    """The folder was written in another version of the format."""

    code = "FORMAT_VERSION"
    action = "Update kishu-agent (and the extension) to a version that knows this format."


class DamagedError(FolderError, ValueError):
    """A file of the folder does not hold what was written to it."""

    code = "DAMAGED"
    action = "Other checkpoints are not affected. Bring the file back from git or a backup."


class MissingFrameError(DamagedError):
    """A piece that a checkpoint refers to is in none of the packs."""

    code = "MISSING_FRAME"
    action = "Fetch the missing packs (git pull, git lfs pull), or restore another checkpoint."


class RefError(KishuError, LookupError):
    """A name for a checkpoint could not be used. `ref` is the name."""

    code = "REF"

    def __init__(self, message: str, ref: str, *, action: str | None = None) -> None:
        super().__init__(message, action=action)
        self.ref = ref

    @property
    def details(self) -> dict[str, str]:
        """The name that was given."""
        return {"ref": self.ref}


class UnknownRefError(RefError):
    """No checkpoint, branch or tag has this name."""

    code = "UNKNOWN_REF"
    action = "List the checkpoints with Session.checkpoints() or `kishu-agent log`."


class AmbiguousRefError(RefError):
    """More than one checkpoint fits."""

    code = "AMBIGUOUS_REF"
    action = "Give more characters of the id."


class InvalidNameError(RefError, ValueError):
    """A branch or a tag cannot be called so."""

    code = "INVALID_NAME"
    action = "Choose another name."


class NothingToUndoError(RefError):
    """The session is at the first checkpoint of its history."""

    code = "NOTHING_TO_UNDO"
    action = ""


class NothingToRedoError(RefError):
    """Nothing was undone since the last cell ran."""

    code = "NOTHING_TO_REDO"
    action = ""


class RecordingError(KishuError):
    """A state could not be recorded."""

    code = "NOT_RECORDED"


class RestoreError(KishuError):
    """A state could not be restored. The session is as it was."""

    code = "NOT_RESTORED"


class NotRestorableError(RestoreError):
    """Some variables of the checkpoint have no stored form. `reasons` says why, by name."""

    code = "NOT_RESTORABLE"
    action = "Restore without them (missing_ok=True), or run the cells that made them again."

    def __init__(self, message: str, reasons: Mapping[str, str], *, action: str | None = None) -> None:
        super().__init__(message, action=action)
        self.reasons = dict(reasons)

    @property
    def details(self) -> dict[str, str]:
        """The reasons by name of the variable."""
        return self.reasons


class ReplayNeededError(RestoreError):
    """Cells would have to be run again which the person is to be asked about first. `cells` says why, by checkpoint."""

    code = "REPLAY_NEEDED"
    action = "Let them run again (replay=True), or restore without these variables (missing_ok=True)."

    def __init__(self, message: str, cells: Mapping[str, str]) -> None:
        super().__init__(message)
        self.cells = dict(cells)

    @property
    def details(self) -> dict[str, str]:
        """By id of the checkpoint: which cell it is, and why the person is asked."""
        return self.cells


class LoadError(RestoreError):
    """The stored form of some variables did not load. `names` are the variables."""

    code = "LOAD_FAILED"
    action = "Check that the packages that the session used are installed here, in fitting versions."

    def __init__(self, message: str, names: tuple[str, ...], *, action: str | None = None) -> None:
        super().__init__(message, action=action)
        self.names = names

    @property
    def details(self) -> dict[str, str]:
        """The names of the variables."""
        return {"names": ", ".join(self.names)}


class ProtocolError(KishuError, ValueError):
    """A request that this agent cannot serve."""

    code = "BAD_REQUEST"


class ProtocolVersionError(ProtocolError):
    """A request written for another version of the protocol. `update` is the side to update."""

    code = "PROTOCOL_VERSION"

    def __init__(self, message: str, update: str, *, action: str | None = None) -> None:
        super().__init__(message, action=action)
        self.update = update

    @property
    def details(self) -> dict[str, str]:
        """The side to update."""
        return {"update": self.update}
