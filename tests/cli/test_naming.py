"""`kishu-agent branch` and `tag`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kishu_agent.history.checkpoint import Checkpoint
from kishu_agent.history.event import Event
from kishu_agent.history.head import Head

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable

    from kishu_agent.folder.folder import Folder

    Run = Callable[..., subprocess.CompletedProcess[str]]

OTHER = "c" * 32


def test_branches(run: Run, recorded: Folder) -> None:
    notebook = recorded.notebook("a.ipynb")
    notebook.add(Checkpoint("4" * 32, "1" * 32, OTHER, "start", "2026-01-31T13:00:00.000000Z", 0.0, "ok"))
    recorded.heads.write(Head("a" * 32, "a.ipynb", "4" * 32, None, "2026-01-31T12:05:00.000000Z"))
    assert run("branch").stdout == (
        "* cccccccc  44444444  2026-01-31 13:00:00  (recording began)  branch cccccccc\n"
        "  main  33333333  2026-01-31 12:02:01  df.evil()\\x1b[31m  branch bbbbbbbb\n"
    )
    assert run("branch", "cccccccc", "try it", "--in", "a.ipynb").stdout == "cccccccc is now called try it.\n"
    assert run("branch", OTHER, "tried").returncode == 0
    assert run("branch", "main", "trunk").returncode == 0
    assert {branch.name for branch in notebook.load().branches.values()} == {"tried", "trunk"}
    assert run("show", "trunk").stdout.startswith("checkpoint  " + "3" * 32)


def test_names_that_cannot_be_given(run: Run, recorded: Folder) -> None:
    recorded.notebook("a.ipynb").add_event(
        Event("9" * 32, "branch", OTHER, "main", "2026-01-31T12:05:00.000000Z")
    )
    for arguments, message in (
        (("branch", "main", "x"), "Give the branch's id"),
        (("branch", OTHER, "main"), "already"),
        (("branch", OTHER, "HEAD~1"), "steps back"),
        (("branch", "nothing", "x"), "no branch 'nothing'"),
        (("tag", "main"), "already"),
        (("tag", "abcd"), "id of a checkpoint"),
        (("tag", "x", "nothing"), "No checkpoint"),
    ):
        result = run(*arguments)
        assert (result.returncode, result.stdout) == (1, ""), arguments
        assert message in result.stderr
        assert result.stderr.count("\n") == 1
    assert run("branch", "main").returncode == 2


def test_tags(run: Run, recorded: Folder) -> None:
    assert run("tag").stdout == "loaded  22222222  df = load('data.csv')  # the data\n"
    assert run("tag", "last").stdout == "last names checkpoint 33333333.\n"
    assert run("tag", "first", "main~2", "--in", ".").stdout == "first names checkpoint 11111111.\n"
    assert run("tag", "loaded", "first").returncode == 0
    assert recorded.notebook("a.ipynb").load().tags == {
        "loaded": "1" * 32,
        "last": "3" * 32,
        "first": "1" * 32,
    }
