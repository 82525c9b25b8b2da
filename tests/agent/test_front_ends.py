"""Recording under other ways of running cells: the debugger, nbclient, JupyterLab, and IPython in a terminal."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING

import nbformat
import pytest
from debugger import Debugger
from kernel import session_of
from kishu_agent.folder.folder import Folder
from nbclient import NotebookClient

if TYPE_CHECKING:
    from collections.abc import Callable

    from kernel import Kernel
    from kishu_agent.history.graph import History

DEMO = Path(__file__).parents[2] / "fixtures" / "demo" / "demo.ipynb"


def history(directory: Path, notebook: str) -> History:
    found = Folder.open(directory).notebook(notebook).load()
    assert not found.damaged
    return found


DEBUGGED = """
class Kept:
    def __getstate__(self):
        return {"n": self.n}
kept = Kept(); kept.n = 1
items = [1]
count = len(items)
items.append(count)
"""


def test_debugging(fresh: Callable[..., Kernel]) -> None:
    """A cell stops, variables are edited while it does, and what is recorded is what is there at its end."""
    kernel = fresh()
    kernel.attach()
    kernel.cell("before = [0]; alias = before")
    debugger = Debugger(kernel)
    debugger.stop_at(DEBUGGED, 4, 8)
    request = kernel.send(DEBUGGED)
    thread = debugger.stopped()
    frames = debugger.frames(thread)
    assert frames[0]["line"] == 8
    assert not [frame for frame in frames if "kishu" in str(frame)]
    assert not [known for known in debugger.request("threads")["threads"] if "kishu" in known["name"]]
    frame = frames[0]["id"]
    debugger.request("evaluate", expression="before.append('edited')", frameId=frame, context="repl")
    debugger.request("evaluate", expression="made = before", frameId=frame, context="repl")
    scope = debugger.request("scopes", frameId=frame)["scopes"][0]["variablesReference"]
    debugger.request("setVariable", variablesReference=scope, name="count", value="41")
    debugger.request("continue", threadId=thread)
    run = kernel.finish(request).check()
    assert (run.stdout, run.stderr) == ("", "")
    newest = kernel.checkpoints()[-1]
    assert newest["cell"]["code"] == DEBUGGED
    assert {"count", "items", "kept", "Kept", "made"} <= set(newest["created"])
    assert newest["changed"] == ["alias", "before"]
    assert kernel.values(["before", "made is before is alias", "items"]) == [[0, "edited"], True, [1, 41]]
    debugger.close()
    assert kernel.serve("undo")["failure"] is None
    assert kernel.values(["before", "'made' in globals()"]) == [[0], False]
    assert kernel.serve("redo")["failure"] is None
    assert kernel.values(["before", "made is before is alias", "items", "kept.n"]) == [
        [0, "edited"],
        True,
        [1, 41],
        1,
    ]


def test_nbclient_executes_the_demo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    notebook = nbformat.read(DEMO, as_version=4)  # type: ignore[no-untyped-call]
    codes = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    start = "import kishu_agent\nkishu_agent.attach('demo.ipynb')\nNone"
    notebook.cells.insert(0, nbformat.v4.new_code_cell(start))  # type: ignore[no-untyped-call]
    NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(tmp_path)}}).execute()
    assert not [output for cell in notebook.cells for output in cell.get("outputs", ()) if output.get("name")]
    recorded = history(tmp_path, "demo.ipynb").checkpoints
    assert [checkpoint.code for checkpoint in recorded if checkpoint.kind == "cell"] == [start, *codes]
    assert {checkpoint.outcome for checkpoint in recorded} == {"ok"}
    assert not [checkpoint.problems for checkpoint in recorded if checkpoint.problems]
    assert not list((tmp_path / ".kishu" / "local" / "heads").iterdir())


def test_cells_as_jupyterlab_sends_them(kernel: Kernel, notebook: Path) -> None:
    session_of(kernel, notebook)
    metadata = {"recordTiming": False, "deletedCells": [], "trusted": True, "cellId": "5f2c9a3e-lab"}
    kernel.finish(kernel.send("x = [1]", metadata)).check()
    assert kernel.checkpoints()[-1]["cell"]["id"] == "5f2c9a3e-lab"
    kernel.finish(kernel.send("x.append(2)", {})).check()
    assert kernel.checkpoints()[-1]["cell"]["id"] is None
    kernel.serve("undo")
    assert kernel.value("x") == [1]


TERMINAL = """
import kishu_agent; session = kishu_agent.attach('terminal.ipynb')
x = [1]; y = x
x.append(2)
%time x.append(3)
1 / 0
session.undo(); session.undo(); session.undo(); print('x is', x, y is x); session.redo(); session.redo(); session.redo();
print('now x is', x, y is x)
import threading; threading.Timer(0.1, x.append, ['late']).start()
import time; time.sleep(0.4)
z = 1
"""


def test_ipython_in_a_terminal(tmp_path: Path) -> None:
    run = subprocess.run(
        [sys.executable, "-m", "IPython", "--no-banner", "--colors=NoColor", "--no-confirm-exit"],
        input=textwrap.dedent(TERMINAL).strip() + "\n",
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "IPYTHONDIR": str(tmp_path / ".ipython")},
        timeout=120,
        check=True,
    )
    assert run.stderr == ""
    assert "x is [1] True" in run.stdout
    assert "now x is [1, 2, 3] True" in run.stdout
    found = history(tmp_path, "terminal.ipynb")
    recorded = [checkpoint.code for checkpoint in found.checkpoints if checkpoint.kind == "cell"]
    lines = TERMINAL.strip().splitlines()
    assert [line for line in lines if line in recorded] == [*lines[:5], *lines[6:]]
    assert [checkpoint.outcome for checkpoint in found.checkpoints].count("error") == 1
    assert not list((tmp_path / ".kishu" / "local" / "heads").iterdir())
