"""Names for checkpoints, branches, tags, forks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from kernel import session_of
from kishu_agent.folder.folder import Folder
from kishu_agent.history.event import Event

if TYPE_CHECKING:
    from pathlib import Path

    from kernel import Kernel


@pytest.fixture
def history(kernel: Kernel, notebook: Path) -> list[str]:
    """Three cells that set x to 1, 2, 3; ids of the start and of the cells."""
    session_of(kernel, notebook)
    for value in (1, 2, 3):
        kernel.cell(f"x = {value}")
    return [entry["id"] for entry in kernel.checkpoints()]


def restored(kernel: Kernel, ref: str) -> int | None:
    reply = kernel.serve("restore", ref=ref)
    assert reply["failure"] is None, reply["failure"]
    value = kernel.value("globals().get('x')")
    assert value is None or isinstance(value, int)
    return value


def test_refs(kernel: Kernel, history: list[str]) -> None:
    assert restored(kernel, history[1]) == 1
    assert restored(kernel, history[3][:12]) == 3
    assert restored(kernel, "HEAD") == 3
    assert restored(kernel, "HEAD~1") == 2
    assert restored(kernel, "HEAD~") == 1
    assert restored(kernel, "main") == 3
    assert restored(kernel, "HEAD~3") is None
    assert restored(kernel, f"{history[3][:8]}~1") == 2
    kernel.do("s.tag('before lunch')")
    assert restored(kernel, "main~0") == 3
    assert restored(kernel, "before lunch") == 2
    assert restored(kernel, "before lunch~1") == 1
    kernel.do("s.rename_branch('main', 'trunk')")
    assert restored(kernel, "trunk") == 3


def test_refs_that_name_nothing(kernel: Kernel, history: list[str]) -> None:
    for ref in ("nothing", "", "HEAD~9", "~", "ffff" * 8, "x" * 1000, "HEAD~-1", "HEAD~x"):
        reply = kernel.serve("restore", ref=ref)
        assert reply["failure"]["code"] == "UNKNOWN_REF", ref
    assert kernel.value("x") == 3
    assert kernel.session("s.head") == history[-1]
    assert kernel.refused("s.restore('nothing')").error == "UnknownRefError"


def test_branches_and_tags_get_names(kernel: Kernel, history: list[str], notebook: Path) -> None:
    restored(kernel, history[1])
    kernel.cell("y = 1")
    listed = kernel.session("[(b.name, b.head, b.current) for b in s.branches()]")
    head = kernel.session("s.head")
    assert listed == [["branch-2", head, True], ["main", history[3], False]]
    status = kernel.serve("rename_branch", ref="branch-2", name="try it")["status"]
    assert status["branch"] == "try it"
    assert kernel.serve("tag", name="first", ref=history[1])["status"]["head"] == head
    assert kernel.serve("tag", name="here")["failure"] is None
    for request, code in (
        ({"command": "rename_branch", "ref": "main", "name": "try it"}, "INVALID_NAME"),
        ({"command": "rename_branch", "ref": "main", "name": "first"}, "INVALID_NAME"),
        ({"command": "rename_branch", "ref": "main", "name": "HEAD~2"}, "INVALID_NAME"),
        ({"command": "rename_branch", "ref": "branch-2", "name": "x"}, "UNKNOWN_REF"),
        ({"command": "rename_branch", "ref": "main"}, "BAD_REQUEST"),
        ({"command": "rename_branch", "name": "x"}, "BAD_REQUEST"),
        ({"command": "tag", "name": "main"}, "INVALID_NAME"),
        ({"command": "tag", "name": "x", "ref": "nothing"}, "UNKNOWN_REF"),
        ({"command": "tag"}, "BAD_REQUEST"),
    ):
        assert kernel.serve(**request)["failure"]["code"] == code, request
    assert restored(kernel, "main") == 3
    assert restored(kernel, "try it~1") == 1
    assert restored(kernel, "first") == 1
    # Somebody else's names come with git, and then two branches may have the same one.
    folder = Folder.open(notebook.parent).notebook(notebook.name)
    main = next(branch.id for branch in folder.load().branches.values() if branch.name == "main")
    folder.add_event(Event("e" * 32, "rename-branch", main, "try it", "2100-01-01T00:00:00.000000Z"))
    assert kernel.serve("restore", ref="try it")["failure"]["code"] == "AMBIGUOUS_REF"
    assert kernel.serve("rename_branch", ref="try it", name="x")["failure"]["code"] == "AMBIGUOUS_REF"
    assert restored(kernel, history[3]) == 3


def test_running_after_a_restore_forks(kernel: Kernel, history: list[str]) -> None:
    restored(kernel, history[1])
    kernel.cell("y = x * 10")
    entries = {entry["id"]: entry for entry in kernel.checkpoints()}
    head = kernel.session("s.head")
    assert entries[head]["parent"] == history[1]
    assert entries[head]["branch"] != entries[history[3]]["branch"]
    assert restored(kernel, "main") == 3
    assert kernel.value("'y' in globals()") is False
    status = kernel.serve("status")["status"]
    assert status["branch"] == "main"
    kernel.cell("z = 1")
    assert {entry["id"]: entry for entry in kernel.checkpoints()}[kernel.session("s.head")][
        "branch"
    ] == entries[history[3]]["branch"]
    names = kernel.session("sorted(branch.name for branch in s._history.branches.values())")
    assert names == ["branch-2", "main"]
    assert restored(kernel, "branch-2") == 1
    assert kernel.value("y") == 10


def test_undo_after_a_fork_and_a_cell_clears_redo(kernel: Kernel, history: list[str]) -> None:
    kernel.serve("undo")
    kernel.serve("undo")
    assert kernel.serve("status")["status"]["can_redo"] is True
    kernel.cell("x = 'fork'")
    assert kernel.serve("redo")["failure"]["code"] == "NOTHING_TO_REDO"
    kernel.serve("undo")
    assert kernel.value("x") == 1
    kernel.serve("redo")
    assert kernel.value("x") == "fork"
    kernel.serve("restore", ref=history[2])
    assert kernel.serve("redo")["failure"]["code"] == "NOTHING_TO_REDO"


def test_a_restore_in_the_middle_of_a_cell(kernel: Kernel, history: list[str]) -> None:
    run = kernel.cell(
        f"y = 'lost'; import kishu_agent\nkishu_agent.current().restore({history[1]!r})\nprint(x)"
    )
    assert run.stdout == "1\n"
    assert kernel.values(["x", "'y' in globals()"]) == [1, False]
    assert kernel.session("s.head") == history[1]
    kernel.cell(f"y = 'kept'\n__import__('kishu_agent').current().restore({history[2]!r})\nz = x")
    assert kernel.values(["x", "z", "'y' in globals()"]) == [2, 2, False]
    entry = kernel.checkpoints()[-1]
    assert (entry["parent"], entry["created"], entry["id"]) == (history[2], ["z"], kernel.session("s.head"))
    kernel.serve("undo")
    assert kernel.values(["x", "'z' in globals()"]) == [2, False]


def test_a_cell_that_only_restores_is_not_recorded(kernel: Kernel, history: list[str]) -> None:
    kernel.cell("_ = __import__('kishu_agent').current().undo()")
    assert kernel.session("s.head") == history[2]
    assert len(kernel.checkpoints()) == len(history)
    kernel.cell("_ = __import__('kishu_agent').current().redo()")
    assert kernel.session("s.head") == history[3]
    assert len(kernel.checkpoints()) == len(history)


def test_a_restore_inside_a_function_of_the_notebook(kernel: Kernel, history: list[str]) -> None:
    kernel.cell("def back(ref):\n    import kishu_agent\n    return kishu_agent.current().restore(ref)")
    kernel.cell(f"report = back({history[1]!r})")
    assert kernel.values(["x", "'back' in globals()", "report.removed"]) == [1, False, ["back"]]


def test_the_session_as_a_variable(kernel: Kernel, history: list[str]) -> None:
    kernel.cell("import kishu_agent; session = kishu_agent.current()")
    kernel.cell("x = 'later'")
    kernel.cell("session.undo()")
    assert kernel.values(["x", "session is kishu_agent.current()", "session.attached"]) == [3, True, True]
    kernel.serve("undo")
    kernel.serve("redo")
    assert kernel.value("session is kishu_agent.current()") is True


def test_a_report_of_a_restore(kernel: Kernel, notebook: Path) -> None:
    session_of(kernel, notebook)
    kernel.cell("a = [1]; b = [2]")
    kernel.cell("a.append(3); c = 1")
    head = kernel.session("s.head")
    report = kernel.serve("undo")["restored"]
    assert report["restored"] == ["a"]
    assert report["removed"] == ["c"]
    assert report["kept"] == ["b"]
    assert report["missing"] == {}
    assert report["previous"] == head
    assert report["checkpoint"] == kernel.session("s.head")
    assert report["seconds"] >= 0
