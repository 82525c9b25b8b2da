"""Errors are one line with what to do, and no traceback."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from kishu_agent.folder.folder import Folder
from kishu_agent.history.checkpoint import Checkpoint

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable
    from pathlib import Path


def fails(result: subprocess.CompletedProcess[str]) -> str:
    assert result.returncode == 1
    assert result.stdout == ""
    assert result.stderr.startswith("kishu-agent: ")
    assert result.stderr.count("\n") == 1
    return result.stderr


@pytest.mark.parametrize("command", [("log",), ("status",), ("show", "HEAD")])
def test_no_folder(run: Callable[..., subprocess.CompletedProcess[str]], command: tuple[str, ...]) -> None:
    assert "There is no .kishu folder" in fails(run(*command))


def test_a_file_in_its_place(run: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path) -> None:
    (tmp_path / ".kishu").write_text("mine")
    for command in ("log", "status", "init"):
        assert "is not a folder. Rename or remove it" in fails(run(command))


def test_a_newer_format(run: Callable[..., subprocess.CompletedProcess[str]], recorded: Folder) -> None:
    (recorded.path / "format.json").write_text('{"format":"kishu","version":2}')
    for command in ("log", "status", "init"):
        assert "Update kishu-agent" in fails(run(command))


def test_nothing_recorded(run: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path) -> None:
    Folder.create(tmp_path)
    assert "holds no recorded notebook yet" in fails(run("log"))


def test_several_notebooks(run: Callable[..., subprocess.CompletedProcess[str]], recorded: Folder) -> None:
    checkpoint = Checkpoint("7" * 32, None, "c" * 32, "start", "2026-01-31T12:00:00.000000Z", 0.0, "ok")
    recorded.notebook("b c.ipynb").add(checkpoint)
    assert "2 notebooks: a.ipynb, b c.ipynb. Name one of them." in fails(run("log"))
    assert run("log", "b c.ipynb").stdout.startswith("77777777")
    assert "no history of c.ipynb" in fails(run("show", "HEAD", "c.ipynb"))


def test_a_directory_that_is_not_there(run: Callable[..., subprocess.CompletedProcess[str]]) -> None:
    fails(run("init", "no/such/directory"))
    fails(run("log", "no/such/a.ipynb"))


def test_usage(run: Callable[..., subprocess.CompletedProcess[str]]) -> None:
    assert run().returncode == 2
    assert run("undo").returncode == 2
    assert run("--help").stdout.startswith("usage: kishu-agent")
    assert run("--version").stdout.startswith("kishu-agent ")


def test_the_command_line_needs_no_kernel(recorded: Folder) -> None:
    """Looking at a folder must not import IPython; it may not even be installed."""
    import subprocess
    import sys

    script = "import sys; from kishu_agent.cli.main import main; main(['status', sys.argv[1]]); print(*sys.modules)"
    result = subprocess.run(
        [sys.executable, "-c", script, str(recorded.path.parent)], capture_output=True, text=True, timeout=60
    )
    modules = set(result.stdout.splitlines()[-1].split())
    assert "kishu_agent.folder.folder" in modules
    assert not {"IPython", "ipykernel", "dill", "numpy", "watchdog"} & modules
