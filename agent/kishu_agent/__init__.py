"""Gives a notebook's kernel a memory: records the session after each cell and brings any earlier state back.

    >>> import kishu_agent
    >>> session = kishu_agent.attach("analysis.ipynb")   # doctest: +SKIP
    >>> session.undo()                                   # doctest: +SKIP

`attach` and `current` are the way in; `Session` has the rest. Errors are in `kishu_agent.errors`.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from kishu_agent.version import __version__

if TYPE_CHECKING:
    import os

    from kishu_agent.history.checkpoint import Checkpoint
    from kishu_agent.protocol.models import RestoreReport
    from kishu_agent.session import Session

__all__ = ["Checkpoint", "RestoreReport", "Session", "__version__", "attach", "autostart", "current"]

# What goes wrong is shown in the timeline and by Session.status(), never in the output of a person's cell.
logging.getLogger("kishu_agent").addHandler(logging.NullHandler())
logging.getLogger("kishu_agent").propagate = False

_session: Session | None = None


def attach(notebook_path: str | os.PathLike[str]) -> Session:
    """Start to record this kernel's session for a notebook, and return the session.

    Creates `.kishu/` beside the notebook. Doing it again for the same notebook returns the same session; for another
    one (the notebook was saved under another name) it ends the session that there was. The notebook's directory must
    exist; the file itself need not have been saved yet.

    Raises AttachError outside of IPython or for a path that is no notebook's, and NotAFolderError,
    FolderReadOnlyError, FolderFullError or FormatVersionError when the folder cannot be used.
    """
    global _session
    from kishu_agent import attaching

    _session = attaching.attach(notebook_path, _session)
    return _session


def current() -> Session | None:
    """Return the session of this kernel, or None when nothing is recorded."""
    return _session if _session is not None and _session.attached else None


def autostart(namespace: dict[str, Any]) -> None:
    """Attach to the notebook that VS Code opened, if recording is on beside it. Never raises, prints nothing.

    `namespace` is the kernel's, in which VS Code has put the notebook's path as `__vsc_ipynb_file__`.
    """
    from kishu_agent import attaching

    path = attaching.wanted(namespace)
    if path is not None:
        try:
            attach(path)
        except Exception as error:
            attaching.log_failure(path, error)


def __getattr__(name: str) -> Any:
    """Import the classes of the public interface when they are asked for: most kernels never need them."""
    if name == "Session":
        from kishu_agent.session import Session

        return Session
    if name == "Checkpoint":
        from kishu_agent.history.checkpoint import Checkpoint

        return Checkpoint
    if name == "RestoreReport":
        from kishu_agent.protocol.models import RestoreReport

        return RestoreReport
    raise AttributeError(f"module 'kishu_agent' has no attribute {name!r}")
