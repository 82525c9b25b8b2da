"""Which notebook a session belongs to, and whether it can be recorded."""

from __future__ import annotations

import logging
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kishu_agent.errors import AttachError

if TYPE_CHECKING:
    from kishu_agent.session import Session

_log = logging.getLogger("kishu_agent")


def attach(notebook_path: str | os.PathLike[str], session: Session | None) -> Session:
    """Return the session for a notebook: `session` if it is the one, else a new one."""
    from IPython import get_ipython

    notebook = _notebook(notebook_path)
    shell = get_ipython()
    if shell is None:
        raise AttachError(
            "There is no IPython in this process.",
            action="Attach inside of a notebook's kernel or in IPython.",
        )
    if session is not None and session.attached and session.notebook == notebook and session.runs_here():
        return session
    from kishu_agent.session import Session

    new = Session(shell, notebook)
    if session is not None:
        session.detach()
    new.start()
    return new


def _notebook(notebook_path: str | os.PathLike[str]) -> Path:
    try:
        notebook = Path(os.path.abspath(os.fspath(notebook_path)))  # noqa: PTH100 - keeps symbolic links
        if "\0" in str(notebook):
            raise ValueError("a null character")
    except (TypeError, ValueError) as error:
        raise AttachError(f"{notebook_path!r} is not the path of a notebook.") from error
    if not notebook.name or notebook.is_dir():
        raise AttachError(
            f"{notebook} is a folder, not a notebook.", action="Give the path of the .ipynb file."
        )
    if not notebook.parent.is_dir():
        raise AttachError(
            f"The folder {notebook.parent} does not exist.",
            action="Save the notebook first, then start recording.",
        )
    return notebook


def wanted(namespace: dict[str, Any]) -> Path | None:
    """Return the path of VS Code's notebook if it is to be recorded: a .kishu folder is there, and not paused."""
    try:
        path = namespace.get("__vsc_ipynb_file__")
        if type(path) is not str or not (Path(path).parent / ".kishu" / "format.json").is_file():
            return None
        from kishu_agent.folder.folder import Folder

        notebook = Path(path)
        return None if Folder.open(notebook.parent).is_paused(notebook.name) else notebook
    except Exception as error:
        log_failure(namespace.get("__vsc_ipynb_file__"), error)
        return None


def log_failure(path: object, error: Exception) -> None:
    """Note why a session did not start by itself."""
    _log.warning("recording of %s did not start: %s", path, error)


def connection_file() -> str | None:
    """Return the path of this kernel's connection file; None outside of ipykernel."""
    kernelapp = sys.modules.get("ipykernel.kernelapp")
    try:
        if kernelapp is None or not kernelapp.IPKernelApp.initialized():
            return None
        return str(Path(kernelapp.IPKernelApp.instance().abs_connection_file).absolute())
    except Exception as error:
        _log.warning("no connection file: %s", error)
        return None
