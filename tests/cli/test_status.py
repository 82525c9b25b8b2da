"""`kishu-agent status` and `init`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kishu_agent.history.checkpoint import Checkpoint

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable
    from pathlib import Path

    from kishu_agent.folder.folder import Folder


def test_status(run: Callable[..., subprocess.CompletedProcess[str]], recorded: Folder) -> None:
    checkpoint = Checkpoint("7" * 32, None, "c" * 32, "start", "2026-01-31T12:00:00.000000Z", 0.0, "ok")
    recorded.notebook("b.ipynb").add(checkpoint)
    recorded.set_paused("b.ipynb", paused=True)
    recorded.set_paused("later.ipynb", paused=True)
    (recorded.path / "packs" / "x.tmp").write_bytes(b"12345")
    result = run("status")
    assert result.stderr == ""
    lines = result.stdout.splitlines()
    assert lines[0].endswith(".kishu, format version 1")
    assert lines[1].startswith("packs       ")
    assert lines[1].endswith(" in 1 file")
    assert lines[4] == "leftovers   5 B in 1 files; collected after a day"
    assert lines[6:] == [
        "notebooks",
        "    a.ipynb  3 checkpoints",
        "        branches: main",
        "        tags: loaded",
        "    b.ipynb  1 checkpoint, paused on this machine",
        "        branches: cccccccc",
        "    later.ipynb  paused on this machine",
    ]


def test_damage(run: Callable[..., subprocess.CompletedProcess[str]], recorded: Folder) -> None:
    (pack,) = (recorded.path / "packs").iterdir()
    pack.write_bytes(pack.read_bytes()[:-10])
    record = recorded.path / "notebooks" / "a.ipynb" / "events" / f"{'e' * 32}.json"
    record.write_bytes(b"{}")
    output = run("status").stdout
    assert f"{pack.name}: its end is missing" in output
    assert f"{record.name}: it is cut off or is something else" in output


def test_an_empty_folder(run: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path) -> None:
    created = run("init")
    assert created.returncode == 0
    assert created.stdout.startswith("Created ")
    assert (tmp_path / ".kishu" / "format.json").exists()
    assert "there already" in run("init", ".").stdout
    assert "No notebook has been recorded yet." in run("status", str(tmp_path)).stdout
