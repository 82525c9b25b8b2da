"""`kishu-agent log`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from kishu_agent.cli.text import columns
from kishu_agent.history.checkpoint import Cell, Checkpoint
from kishu_agent.history.head import Head

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from kishu_agent.folder.folder import Folder

EXPECTED = """\
33333333  2026-01-31 12:02:01  (main) df.evil()\\x1b[31m
          12 ms  0 B  AttributeError  ~df -x
22222222  2026-01-31 12:00:01  (tag: loaded) df = load('data.csv')  # the data
          1 min 15 s  {size}  1 not recorded  +df +sock
11111111  2026-01-31 12:00:00  (recording began)
          0 ms  0 B
"""


def test_the_newest_first(run: Callable[..., subprocess.CompletedProcess[str]], recorded: Folder) -> None:
    result = run("log")
    assert result.stderr == ""
    size = recorded.notebook("a.ipynb").load()["2" * 32].bytes_added
    assert result.stdout == EXPECTED.format(size=f"{size} B")


@pytest.mark.parametrize("place", [".", "a.ipynb", ".kishu", "./a.ipynb"])
def test_places(run: Callable[..., subprocess.CompletedProcess[str]], recorded: Folder, place: str) -> None:
    assert run("log", place).stdout == run("log").stdout != ""


def test_limit(run: Callable[..., subprocess.CompletedProcess[str]], recorded: Folder) -> None:
    assert run("log", "--limit", "1").stdout.count("\n") == 2
    for bad in ("0", "-1", "x"):
        assert run("log", "--limit", bad).returncode == 2


def test_json(run: Callable[..., subprocess.CompletedProcess[str]], recorded: Folder) -> None:
    rows = json.loads(run("log", "--json").stdout)
    assert [row["id"][0] for row in rows] == ["3", "2", "1"]
    assert rows[1]["labels"] == ["tag: loaded"]
    assert rows[1]["cell"]["code"].startswith("\n\ndf")
    assert rows[0]["error"] == {"name": "AttributeError", "message": "no\nevil\x07"}


def test_head_is_shown_when_a_kernel_said_where_it_is(
    run: Callable[..., subprocess.CompletedProcess[str]], recorded: Folder
) -> None:
    recorded.heads.write(Head("a" * 32, "a.ipynb", "2" * 32, None, "2026-01-31T12:05:00.000000Z"))
    assert "(HEAD, tag: loaded)" in run("log").stdout
    assert "checkpoint  " + "1" * 32 in run("show", "HEAD~1").stdout


def test_long_lines_fit(run: Callable[..., subprocess.CompletedProcess[str]], recorded: Folder) -> None:
    recorded.notebook("a.ipynb").add(
        Checkpoint(
            "4" * 32,
            "3" * 32,
            "b" * 32,
            "cell",
            "2026-01-31T13:00:00.000000Z",
            1e6,
            "interrupted",
            cell=Cell("print('" + "笔记" * 100 + "')"),
            created=tuple(f"long_name_{number}" for number in range(50)),
        )
    )
    lines = run("log").stdout.splitlines()
    assert max(map(columns, lines)) == 100
    assert lines[0].endswith("…")
    assert lines[1].endswith("…")
    assert "277 h 46 min" in lines[1]
    assert "interrupted" in lines[1]


def test_damaged_files_are_named(
    run: Callable[..., subprocess.CompletedProcess[str]], recorded: Folder
) -> None:
    path = recorded.path / "notebooks" / "a.ipynb" / "checkpoints" / f"{'3' * 32}.json"
    path.write_bytes(path.read_bytes()[:-5])
    result = run("log")
    assert result.returncode == 0
    assert result.stdout.startswith("22222222")
    assert "33333333" in result.stderr
    assert "cut off" in result.stderr


def test_a_reader_that_stops(recorded: Folder, tmp_path: Path) -> None:
    parent = "3" * 32
    for number in range(300):
        made = Checkpoint(
            f"{number:032x}", parent, "b" * 32, "cell", "2026-01-31T14:00:00.000000Z", 0.0, "ok"
        )
        recorded.notebook("a.ipynb").add(made)
        parent = made.id
    with subprocess.Popen(
        [sys.executable, "-m", "kishu_agent", "log", "--json"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.read(1)
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait() == 0


def test_a_terminal_without_unicode(
    run: Callable[..., subprocess.CompletedProcess[str]], recorded: Folder
) -> None:
    made = Checkpoint(
        "5" * 32, None, "b" * 32, "cell", "2026-01-31T15:00:00.000000Z", 0.0, "ok", cell=Cell("é = 'ü'")
    )
    recorded.notebook("a.ipynb").add(made)
    result = run("log", "--limit", "1", PYTHONIOENCODING="ascii", LC_ALL="C")
    assert result.returncode == 0
    assert "\\xe9 = '\\xfc'" in result.stdout
