"""What was acknowledged survives: kill -9, restarts, two kernels, a folder that goes away or cannot be used."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from kernel import Kernel, session_of
from kishu_agent.folder.folder import Folder

if TYPE_CHECKING:
    from collections.abc import Callable


def codes(directory: Path, notebook: str = "notebook.ipynb") -> list[str | None]:
    history = Folder.open(directory).notebook(notebook).load()
    assert not history.damaged
    return [checkpoint.code for checkpoint in history]


def test_kill_right_after_flush(fresh: Callable[..., Kernel], tmp_path: Path) -> None:
    kernel = fresh()
    kernel.attach()
    written = ["x = [1]; y = x", "import numpy as np; a = np.arange(1_000_000.)", "a[5] = -1; x.append(2)"]
    for code in written:
        kernel.cell(code)
    head = kernel.session("s.head")
    kernel.session("s.flush()")
    kernel.kill()
    assert codes(tmp_path) == [None, *written]
    kernel.start()
    kernel.attach()
    assert kernel.serve("restore", ref=head)["failure"] is None
    assert kernel.values(["x", "x is y", "a[5]", "a.size"]) == [[1, 2], True, -1, 1_000_000]
    assert kernel.serve("undo")["failure"] is None
    assert kernel.values(["x", "a[5]"]) == [[1], 5]
    kernel.cell("z = 1")
    assert kernel.session("s.flush()") is True
    assert codes(tmp_path)[-1] == "z = 1"


def test_kill_without_flush(fresh: Callable[..., Kernel], tmp_path: Path) -> None:
    kernel = fresh()
    kernel.attach()
    kernel.cell("import numpy as np; x = 0")
    kernel.session("s.flush()")
    for number in range(10):
        kernel.cell(f"x = {number}; a = np.random.rand(300_000)")
    pending = kernel.session("s.status().pending")
    done = 12 - pending
    kernel.kill()
    found = codes(tmp_path)
    assert len(found) >= done
    assert (
        found
        == [None, "import numpy as np; x = 0", *[f"x = {n}; a = np.random.rand(300_000)" for n in range(10)]][
            : len(found)
        ]
    )
    kernel.start()
    kernel.attach()
    assert kernel.serve("restore", ref="main")["failure"] is None
    assert kernel.value("x") == len(found) - 3
    assert kernel.value("a.size") == 300_000


def test_restart_and_restore_the_last_state(fresh: Callable[..., Kernel], tmp_path: Path) -> None:
    kernel = fresh()
    kernel.attach()
    kernel.cell(
        "import json\nclass Point:\n    def __init__(self, x): self.x = x\n    def double(self): return self.x * 2"
    )
    kernel.cell("p = Point(2); q = p; points = [p]\ndef f(): return json.dumps(p.double())")
    head = kernel.session("s.head")
    kernel.restart()
    assert codes(tmp_path)[-1] is not None
    kernel.attach()
    assert kernel.session("s.head") is None
    assert kernel.serve("undo")["failure"]["code"] == "NOTHING_TO_UNDO"
    assert kernel.serve("restore", ref="HEAD")["failure"]["code"] == "UNKNOWN_REF"
    assert kernel.serve("restore", ref="main")["failure"] is None
    assert kernel.session("s.head") == head
    assert kernel.values(["p is q is points[0]", "type(p) is Point", "f()", "p.double()"]) == [
        True,
        True,
        "4",
        4,
    ]
    kernel.cell("p.x = 5")
    assert kernel.value("f()") == "10"
    kernel.serve("undo")
    assert kernel.value("f()") == "4"


def test_a_restore_in_a_kernel_with_variables_keeps_them(fresh: Callable[..., Kernel]) -> None:
    kernel = fresh()
    kernel.attach()
    kernel.cell("x = 1")
    head = kernel.session("s.head")
    kernel.restart()
    kernel.hidden("unrecorded = [5]")
    kernel.attach()
    start = kernel.session("s.head")
    assert start is not None, "what was there is a checkpoint"
    assert kernel.serve("restore", ref=head)["failure"] is None
    assert kernel.values(["x", "'unrecorded' in globals()"]) == [1, False]
    assert kernel.serve("restore", ref=start)["failure"] is None
    assert kernel.values(["unrecorded", "'x' in globals()"]) == [[5], False]


def test_attach_is_idempotent_and_detach_ends_it(kernel: Kernel, notebook: Path) -> None:
    session_of(kernel, notebook)
    kernel.cell("import kishu_agent; x = 1")
    identity = kernel.session("s.id")
    kernel.attach(notebook)
    kernel.attach(Path(os.path.relpath(notebook, kernel.directory)))
    kernel.attach(notebook.parent / ".." / notebook.parent.name / notebook.name)
    assert kernel.session("s.id") == identity
    kernel.cell("x = 2")
    assert len(kernel.checkpoints()) == 3, "each cell is recorded once"
    kernel.hidden("kishu_agent.current().detach()")
    assert kernel.value("kishu_agent.current()") is None
    kernel.cell("x = 3")
    assert codes(notebook.parent)[-1] == "x = 2"
    kernel.attach(notebook)
    assert kernel.value("x") == 3
    assert kernel.checkpoints()[-1]["kind"] == "start"
    kernel.cell("x = 4")
    kernel.serve("undo")
    assert kernel.value("x") == 3
    kernel.serve("restore", ref="main")
    assert kernel.value("x") == 2


def test_attach_inside_of_a_cell(kernel: Kernel, notebook: Path) -> None:
    session_of(kernel, notebook)
    kernel.hidden("__import__('kishu_agent').current().detach()")
    kernel.cell("before = 1")
    kernel.cell(f"import kishu_agent\nfirst = kishu_agent.attach({str(notebook)!r})\nafter = [before]")
    assert kernel.value("first is kishu_agent.current()") is True
    entries = kernel.checkpoints()
    assert entries[-1]["kind"] == "cell"
    assert "after" in entries[-1]["created"]
    kernel.cell("after.append(2)")
    kernel.serve("undo")
    assert kernel.value("after") == [1]
    kernel.serve("undo")
    assert kernel.values(["before", "'after' in globals()"]) == [1, False]


def test_another_notebook_in_the_same_kernel(kernel: Kernel, notebook: Path) -> None:
    session_of(kernel, notebook)
    kernel.cell("x = [1]")
    second = notebook.with_name("Ünïcode: 2.ipynb")
    kernel.attach(second)
    kernel.cell("x.append(2)")
    kernel.session("s.flush()")
    assert codes(notebook.parent) == [None, "x = [1]"]
    assert codes(notebook.parent, second.name) == [None, "x.append(2)"]
    kernel.serve("undo")
    assert kernel.value("x") == [1]


def test_two_kernels_on_one_notebook(kernel: Kernel, other: Kernel, notebook: Path) -> None:
    session_of(kernel, notebook)
    session_of(other, notebook)
    kernel.cell("a = [1]; import numpy as np; z = np.zeros(1000)")
    other.cell("b = 2; import numpy as np; z = np.zeros(1000)")
    kernel.cell("a.append(2)")
    other.cell("b = 3")
    assert (kernel.session("s.failure"), other.session("s.failure")) == (None, None)
    heads = kernel.session("s.head"), other.session("s.head")
    assert (kernel.session("s.flush()"), other.session("s.flush()")) == (True, True)
    assert len(kernel.checkpoints()) == len(other.checkpoints()) == 6
    kernel.serve("undo")
    assert kernel.value("a") == [1]
    assert kernel.serve("restore", ref=heads[1])["failure"] is None
    assert kernel.values(["b", "'a' in globals()", "z.size"]) == [3, False, 1000]
    assert other.serve("restore", ref=heads[0])["failure"] is None
    assert other.values(["a", "'b' in globals()"]) == [[1, 2], False]
    for one in (kernel, other):
        one.cell("c = 1")
        assert one.session("s.flush()") is True
        assert one.session("s.failure") is None
    assert len(codes(notebook.parent)) == 8


def test_the_folder_is_removed_while_running(kernel: Kernel, notebook: Path) -> None:
    session_of(kernel, notebook)
    kernel.cell("x = [1]")
    kernel.session("s.flush()")
    shutil.rmtree(notebook.parent / ".kishu")
    assert kernel.cell("x.append(2); print(x)").stdout == "[1, 2]\n"
    kernel.cell("x.append(3)")
    assert kernel.session("s.failure") is None
    kernel.serve("undo")
    assert kernel.value("x") == [1, 2]
    assert codes(notebook.parent)[-1] == "x.append(3)"


def test_the_directory_is_removed_while_running(kernel: Kernel, notebook: Path) -> None:
    session_of(kernel, notebook)
    kernel.cell("x = [1]")
    kernel.session("s.flush()")
    shutil.rmtree(notebook.parent)
    run = kernel.cell("x.append(2); print(x)")
    assert (run.stdout, run.stderr) == ("[1, 2]\n", "")
    assert kernel.session("s.failure")
    kernel.run_hidden("__import__('kishu_agent').current().flush()")
    assert kernel.cell("x.append(3); print(x)").stdout == "[1, 2, 3]\n"
    assert kernel.serve("undo")["failure"] is not None
    assert kernel.value("x") == [1, 2, 3]


def make_file(path: Path) -> None:
    (path / ".kishu").write_text("mine")


def make_foreign(path: Path) -> None:
    (path / ".kishu").mkdir()
    (path / ".kishu" / "precious.txt").write_text("mine")


def make_newer(path: Path) -> None:
    (path / ".kishu").mkdir()
    (path / ".kishu" / "format.json").write_text(json.dumps({"format": "kishu", "version": 99}))


def make_broken(path: Path) -> None:
    (path / ".kishu").mkdir()
    (path / ".kishu" / "format.json").write_text("{")


@pytest.mark.parametrize(
    ("make", "code", "error"),
    [
        (make_file, "NOT_A_FOLDER", "NotAFolderError"),
        (make_foreign, "NOT_A_FOLDER", "NotAFolderError"),
        (make_newer, "FORMAT_VERSION", "FormatVersionError"),
        (make_broken, "NOT_A_FOLDER", "NotAFolderError"),
    ],
)
def test_folders_that_cannot_be_used(
    make: Callable[[Path], None], code: str, error: str, kernel: Kernel, notebook: Path
) -> None:
    session_of(kernel, notebook)
    good = kernel.session("s.id")
    bad = notebook.parent / "bad"
    bad.mkdir()
    make(bad)
    before = sorted((path.name, path.read_bytes()) for path in bad.rglob("*") if path.is_file())
    failure = kernel.serve("attach", notebook=str(bad / "n.ipynb"))["failure"]
    assert failure["code"] == code
    assert str(bad / ".kishu") in failure["message"]
    assert failure["action"]
    run = kernel.run_hidden(f"__import__('kishu_agent').attach({str(bad / 'n.ipynb')!r})")
    assert run.error == error
    assert sorted((path.name, path.read_bytes()) for path in bad.rglob("*") if path.is_file()) == before
    assert kernel.cell("x = 1").error is None
    assert kernel.session("s and s.id") == good, "a failed attach does not end the session that there is"


def test_a_directory_that_cannot_be_written(kernel: Kernel, notebook: Path) -> None:
    session_of(kernel, notebook)
    directory = notebook.parent / "locked"
    directory.mkdir()
    directory.chmod(0o500)
    if os.access(directory, os.W_OK):
        # Root writes anywhere but where nobody can.
        directory = Path("/proc/self/attr")
    failure = kernel.serve("attach", notebook=str(directory / "n.ipynb"))["failure"]
    assert failure["code"] in {"FOLDER_READ_ONLY", "FOLDER_MISSING", "FOLDER"}
    assert str(directory) in failure["message"]
    run = kernel.run_hidden(f"__import__('kishu_agent').attach({str(directory / 'n.ipynb')!r})")
    assert run.error in {"FolderReadOnlyError", "FolderMissingError", "FolderError"}


def test_a_damaged_checkpoint_file(kernel: Kernel, notebook: Path) -> None:
    session_of(kernel, notebook)
    for value in range(3):
        kernel.cell(f"x = [{value}]")
    kernel.session("s.flush()")
    ids = [entry["id"] for entry in kernel.checkpoints()]
    kernel.hidden("__import__('kishu_agent').current().detach()")
    (path,) = notebook.parent.glob(f".kishu/notebooks/*/checkpoints/{ids[2]}.json")
    path.write_bytes(path.read_bytes()[:-20])
    session_of(kernel, notebook)
    kernel.cell("y = 1")
    assert kernel.serve("restore", ref=ids[1])["failure"] is None
    assert kernel.value("x") == [0]
    failure = kernel.serve("restore", ref=ids[3])["failure"]
    assert failure["code"] == "DAMAGED"
    assert ids[2] in failure["details"]["path"]
    assert kernel.value("x") == [0]


def test_a_damaged_pack(kernel: Kernel, notebook: Path) -> None:
    session_of(kernel, notebook)
    kernel.cell("import numpy as np; a = np.random.rand(1000); b = [1]")
    pack = kernel.checkpoints()[-1]["packs"][0]
    kernel.cell("a = None; b = None")
    kernel.session("s.flush()")
    (path,) = notebook.parent.glob(f".kishu/packs/{pack}*")
    data = bytearray(path.read_bytes())
    for place in range(200, len(data) - 200, 50):
        data[place] ^= 0xFF
    path.write_bytes(data)
    session_of(kernel, notebook)
    kernel.cell("mine = [1]")
    failure = kernel.serve("restore", ref="HEAD~1", missing_ok=True)["failure"]
    assert failure is None, "the state before holds nothing of the pack"
    kernel.serve("redo")
    kernel.cell("mine = [2]")
    first = next(entry["id"] for entry in kernel.checkpoints() if entry["packs"] == [pack])
    failure = kernel.serve("restore", ref=first)["failure"]
    assert failure["code"] in {"DAMAGED", "MISSING_FRAME"}
    assert kernel.value("mine") == [2]


def test_cells_run_on_when_writing_fails(kernel: Kernel, notebook: Path) -> None:
    session_of(kernel, notebook)
    kernel.cell("x = [1]")
    kernel.session("s.flush()")
    packs = notebook.parent / ".kishu" / "packs"
    packs.rename(packs.with_name("elsewhere"))
    packs.write_text("in the way")
    assert kernel.cell("x.append(2); y = [3]; print(x)").stdout == "[1, 2]\n"
    kernel.session("s.flush()")
    failure = kernel.session("s.failure")
    assert failure
    assert kernel.serve("status")["status"]["failure"] == failure
    packs.unlink()
    packs.with_name("elsewhere").rename(packs)
    kernel.cell("z = 1")
    kernel.session("s.flush()")
    assert kernel.session("s.failure") is None
    entry = kernel.checkpoints()[-1]
    assert entry["cell"]["code"] == "z = 1"
    assert (entry["created"], entry["changed"]) == (["y", "z"], ["x"]), (
        "against the last state that was recorded"
    )
    kernel.cell("x.append(3); y = None")
    kernel.serve("undo")
    assert kernel.values(["x", "y", "z"]) == [[1, 2], [3], 1]


def test_a_fork_of_the_kernel_records_nothing(kernel: Kernel, notebook: Path) -> None:
    session_of(kernel, notebook)
    kernel.cell("import os; x = 1")
    kernel.cell("pid = os.fork()\nif pid == 0:\n    os._exit(0)\n_ = os.waitpid(pid, 0)")
    kernel.cell(
        "import multiprocessing as mp; context = mp.get_context('fork')\np = context.Process(target=print)\np.start(); p.join(); code = p.exitcode; del p, context"
    )
    assert kernel.value("code") == 0
    assert len(kernel.checkpoints()) == 4
    kernel.cell("y = 1")
    assert kernel.session("s.flush(10)") is True
    assert kernel.session("s.failure") is None
