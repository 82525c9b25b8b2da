"""What is recorded for a cell: its outcome, its code, and whether it is recorded at all."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from kernel import session_of

if TYPE_CHECKING:
    from pathlib import Path

    from kernel import Kernel


def newest(kernel: Kernel) -> dict[str, Any]:
    return kernel.checkpoints()[-1]


def test_a_cell_is_recorded_as_it_ran(kernel: Kernel, notebook: Path) -> None:
    session_of(kernel, notebook)
    run = kernel.cell("import time\ntime.sleep(0.05)\nx = 'é'")
    start, cell = kernel.checkpoints()
    assert (start["kind"], start["parent"], start["cell"]) == ("start", None, None)
    assert cell["parent"] == start["id"]
    assert cell["kind"] == "cell"
    assert cell["outcome"] == "ok"
    assert cell["error"] is None
    assert cell["cell"]["code"] == "import time\ntime.sleep(0.05)\nx = 'é'"
    assert cell["cell"]["execution_count"] == run.execution_count
    assert cell["cell"]["id"].startswith("vscode-notebook-cell:")
    assert 0.05 <= cell["duration"] < 5
    assert cell["started"].endswith("Z")
    assert cell["created"] == ["time", "x"]
    assert cell["previews"]["x"]["text"] == "'é'"
    assert cell["session"] == kernel.session("s.id")
    assert kernel.session("s.head") == cell["id"]


def test_public_attributes(kernel: Kernel, notebook: Path) -> None:
    session_of(kernel, notebook)
    run = kernel.cell("x = 1")
    told = kernel.session(
        "[(c.id == s.head, c.parent == s.checkpoints()[0].id, c.cell_id[:20], c.code, c.execution_count, c.start.year,"
        " c.duration, c.outcome, c.changed_names) for c in s.checkpoints()[1:]]"
    )
    expected = [True, True, "vscode-notebook-cell", "x = 1", run.execution_count]
    assert told[0][:5] == expected
    assert told[0][5] >= 2020
    assert told[0][7:] == ["ok", ["x"]]


def test_an_error_in_the_middle(kernel: Kernel, notebook: Path) -> None:
    session_of(kernel, notebook)
    kernel.cell("x = [1]")
    run = kernel.run("x.append(2); y = 1\nraise KeyError('why')\nz = 1")
    assert run.error == "KeyError"
    entry = newest(kernel)
    assert entry["outcome"] == "error"
    assert entry["error"] == {"name": "KeyError", "message": "'why'"}
    assert (entry["created"], entry["changed"]) == (["y"], ["x"])
    assert entry["cell"]["execution_count"] == run.execution_count
    kernel.serve("undo")
    assert kernel.values(["x", "'y' in globals()"]) == [[1], False]
    kernel.serve("redo")
    assert kernel.values(["x", "y", "'z' in globals()"]) == [[1, 2], 1, False]


def test_cells_that_fail_before_they_run(kernel: Kernel, notebook: Path) -> None:
    session_of(kernel, notebook)
    kernel.cell("x = 1")
    for code, error in (("x = = 2", "SyntaxError"), ("%no_such_magic", None), ("return 5", "SyntaxError")):
        run = kernel.run(code)
        entry = newest(kernel)
        assert entry["cell"]["code"] == code
        if error is not None:
            assert run.error == error
            assert (entry["outcome"], entry["error"]["name"]) == ("error", error)
    assert kernel.value("x") == 1


def test_errors_that_are_hard_to_describe(kernel: Kernel, notebook: Path) -> None:
    session_of(kernel, notebook)
    kernel.cell(
        "class Bad(Exception):\n    def __str__(self): return 'x' * 100_000\nclass Odd(BaseException): pass"
    )
    kernel.run("raise Bad()")
    assert newest(kernel)["error"]["name"] == "Bad"
    assert len(newest(kernel)["error"]["message"]) <= 500
    kernel.run("raise Odd('odd')")
    assert (newest(kernel)["outcome"], newest(kernel)["error"]) == (
        "error",
        {"name": "Odd", "message": "odd"},
    )
    kernel.run("import sys; kept = 1; sys.exit(3)")
    assert newest(kernel)["error"]["name"] == "SystemExit"
    assert newest(kernel)["created"] == ["kept", "sys"]


def test_an_interrupted_cell(kernel: Kernel, notebook: Path) -> None:
    session_of(kernel, notebook)
    kernel.cell("import time; x = [1]")
    request = kernel.send("x.append(2)\nwhile True: time.sleep(0.01)")
    time.sleep(0.5)
    kernel.interrupt()
    assert kernel.finish(request).error == "KeyboardInterrupt"
    entry = newest(kernel)
    assert entry["outcome"] == "interrupted"
    assert entry["error"]["name"] == "KeyboardInterrupt"
    assert entry["changed"] == ["x"]
    kernel.serve("undo")
    assert kernel.value("x") == [1]


def test_hidden_and_silent_executions_are_not_recorded(kernel: Kernel, notebook: Path) -> None:
    session_of(kernel, notebook)
    kernel.cell("x = [1]")
    head = kernel.session("s.head")
    kernel.hidden("y = 5")
    kernel.run("z = 6", silent=True)
    kernel.run_hidden("raise ValueError")
    assert kernel.session("s.head") == head
    assert len(kernel.checkpoints()) == 2


def test_what_hidden_code_changed_is_not_lost_by_a_restore(kernel: Kernel, notebook: Path) -> None:
    session_of(kernel, notebook)
    kernel.cell("x = [1]")
    kernel.cell("x.append(2)")
    kernel.hidden("x.append('hidden'); y = 1")
    reply = kernel.serve("undo")["restored"]
    assert kernel.value("x") == [1]
    between = newest(kernel)
    assert between["kind"] == "between"
    assert reply["previous"] == between["id"]
    assert (between["created"], between["changed"]) == (["y"], ["x"])
    kernel.serve("redo")
    assert kernel.values(["x", "y"]) == [[1, 2, "hidden"], 1]


def test_a_change_by_a_thread_is_found(kernel: Kernel, notebook: Path) -> None:
    session_of(kernel, notebook)
    kernel.cell("import threading, time; x = []")
    kernel.cell("t = threading.Timer(0.1, lambda: x.append('late')); t.start(); done = t.join")
    time.sleep(0.4)
    kernel.cell("y = 1")
    assert kernel.value("x") == ["late"]
    head = kernel.session("s.head")
    kernel.cell("x.append(2)")
    kernel.serve("restore", ref=head, missing_ok=True)
    assert kernel.value("x") == ["late"]


def test_nested_cells_are_one_cell(kernel: Kernel, notebook: Path) -> None:
    session_of(kernel, notebook)
    kernel.cell("a = 1")
    kernel.cell("get_ipython().run_cell('b = 2', store_history=True); get_ipython().run_cell('c = 3'); d = 4")
    assert len(kernel.checkpoints()) == 3
    assert newest(kernel)["created"] == ["b", "c", "d"]
    kernel.serve("undo")
    assert kernel.values(["'b' in globals()", "a"]) == [False, 1]


def test_the_first_cell_can_be_undone(kernel: Kernel, notebook: Path) -> None:
    session_of(kernel, notebook)
    kernel.cell("x = 1; import math")
    report = kernel.serve("undo")["restored"]
    assert report["removed"] == ["math", "x"]
    assert kernel.values(["'x' in globals()", "'math' in globals()"]) == [False, False]
    assert kernel.serve("undo")["failure"]["code"] == "NOTHING_TO_UNDO"
    kernel.serve("redo")
    assert kernel.value("x") == 1
    assert kernel.serve("redo")["failure"]["code"] == "NOTHING_TO_REDO"


def test_a_cell_that_prints_and_shows_is_the_same_with_recording(kernel: Kernel, notebook: Path) -> None:
    kernel.hidden("s = __import__('kishu_agent').current(); s and s.detach()")
    code = "import sys; print('out'); print('err', file=sys.stderr); 'value'"
    plain = kernel.cell(code)
    session_of(kernel, notebook)
    recorded = kernel.cell(code)
    assert (plain.stdout, plain.stderr, plain.result) == (recorded.stdout, recorded.stderr, recorded.result)
    assert recorded.execution_count == (plain.execution_count or 0) + 1


def test_objects_are_freed_when_the_person_deletes_them(kernel: Kernel, notebook: Path) -> None:
    session_of(kernel, notebook)
    kernel.cell(
        "import weakref, numpy as np\nclass Big:\n    def __init__(self): self.a = np.zeros(1000)\nfreed = []\n"
        "def note(): freed.append(1)\nbig = Big(); w = weakref.finalize(big, note); v = weakref.finalize(big.a, note)"
    )
    kernel.cell("x = 1")
    kernel.cell("del big; count = len(freed)")
    assert kernel.value("count") == 2


def test_what_objects_print_while_they_are_recorded_is_not_part_of_the_cell(
    kernel: Kernel, notebook: Path
) -> None:
    session_of(kernel, notebook)
    run = kernel.cell(
        """
        class Loud:
            def __getstate__(self):
                print("getting"); return {"a": 1}
            def __setstate__(self, state):
                print("setting"); self.a = 1
        loud = Loud(); print("mine")
        """
    )
    assert run.stdout == "mine\n"
    assert kernel.cell("loud.b = 2").stdout == ""


def test_a_change_between_cells_is_recorded_when_the_kernel_is_idle(kernel: Kernel, notebook: Path) -> None:
    """Two seconds after the last cell everything is compared, if something can have changed."""
    session_of(kernel, notebook)
    kernel.cell("import threading; x = [1]; timer = threading.Timer(0.5, x.append, [2]); timer.start()")
    deadline = time.monotonic() + 30
    while (last := kernel.checkpoints()[-1])["kind"] != "between" and time.monotonic() < deadline:
        time.sleep(0.2)
    assert (last["kind"], "x" in last["changed"]) == ("between", True)
    kernel.serve("undo", missing_ok=True)
    assert kernel.value("x") == [1]


def test_empty_cells_are_not_recorded(kernel: Kernel, notebook: Path) -> None:
    session_of(kernel, notebook)
    kernel.cell("x = 1")
    head = kernel.session("s.head")
    kernel.cell("")
    kernel.cell("  \n ")
    assert kernel.session("s.head") == head
