"""`kishu-agent doctor`: asks the running kernel, and tells what the folder knows without one."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from typing import TYPE_CHECKING

from kernel import session_of
from kishu_agent.folder.folder import Folder

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from kernel import Kernel


def doctor(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "kishu_agent", "doctor", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120)


def test_a_running_kernel(kernel: Kernel, notebook: Path) -> None:
    session_of(kernel, notebook)
    kernel.cell(
        "x = [1]; a = [x]; i = iter(x); g = (n for n in ()); class_ = 'e\\x1b[31m'\nclass Box: pass\nb = Box()"
    )
    kernel.serve("flush")
    before = kernel.cell("len(In)").result
    result = doctor(notebook)
    assert (result.returncode, result.stderr) == (0, "")
    first, _empty, *lines = result.stdout.splitlines()
    assert first == "notebook.ipynb, the running kernel"
    names = [line.split()[0] for line in lines if not line.startswith(" ")]
    assert names == ["x", "a", "i", "g", "class_", "Box", "b"]
    assert lines[0].split()[1:4] == ["list", "pickle", "17"]
    assert "        a[0] is x" in lines
    assert "        something inside i is x" in lines
    assert "    recorded together with a, i" in lines
    assert "    generator: cannot pickle 'generator' object" in lines
    assert "    needs Box" in lines
    assert int(kernel.cell("len(In)").result or 0) == int(before or 0) + 1, "nothing went into the history"
    assert kernel.session("s.failure") is None


def test_a_busy_kernel(kernel: Kernel, notebook: Path) -> None:
    session_of(kernel, notebook)
    kernel.cell("x = 1")
    kernel.serve("flush")
    running = kernel.send(
        "import pathlib, time\nwhile not pathlib.Path({!r}).exists(): time.sleep(0.05)".format(
            str(notebook.parent / "go")
        )
    )
    result = doctor(notebook, "--timeout", "1")
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr == (
        "kishu-agent: The kernel is busy: it did not answer in 1 s. "
        "Try again when its cell has ended, or wait longer with --timeout.\n"
    )
    assert "as recorded at" in doctor(notebook, "--folder").stdout
    (notebook.parent / "go").touch()
    kernel.finish(running).check()
    assert doctor(notebook, "--timeout", "60").returncode == 0


def test_without_a_kernel(fresh: Callable[..., Kernel], tmp_path: Path) -> None:
    notebook = tmp_path / "notebook.ipynb"
    kernel = fresh()
    kernel.attach(notebook)
    kernel.cell("x = [1]; a = [x]; g = (i for i in range(3))\nclass Box: pass\nb = Box()")
    kernel.serve("flush")
    (head,) = Folder.open(tmp_path).heads.load(notebook.name)
    assert head.connection is not None
    kernel.kill()
    assert Folder.open(tmp_path).heads.load(notebook.name) == (head,), "nobody removed it"
    started = time.monotonic()
    result = doctor(tmp_path, "--timeout", "60")
    assert time.monotonic() - started < 50, "a process that is gone is not waited for"
    assert (result.returncode, result.stderr) == (0, "")
    assert head.checkpoint is not None
    lines = [" ".join(line.split()) for line in result.stdout.splitlines()]
    assert [re.sub(r" pickle \d+ B$", " pickle", line) for line in lines] == [
        f"notebook.ipynb, no running kernel; as recorded at {head.checkpoint[:8]}",
        "",
        "Box pickle",
        "needs 1 definition of the notebook",
        "a pickle",
        "recorded together with x",
        "b pickle",
        "needs 1 definition of the notebook",
        "g replay 0 B",
        "generator: cannot pickle 'generator' object",
        "x pickle",
        "recorded together with a",
    ]
