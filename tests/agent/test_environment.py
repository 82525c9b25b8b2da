"""Working directory, environment variables and sys.path: recorded as a difference, shown, put back when asked."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest
from kernel import session_of
from kishu_agent.folder.folder import Folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from kernel import Kernel

VARIABLES = ("KISHU_A", "KISHU_B", "KISHU_GONE", "KISHU_TOKEN", "KISHU_URL")

STATE = f"[__import__('os').getcwd(), [__import__('os').environ.get(n) for n in {VARIABLES}], __import__('sys').path]"


@pytest.fixture
def session(kernel: Kernel, notebook: Path) -> Iterator[Kernel]:
    """A recorded kernel in the notebook's directory; put back as it was afterwards."""
    kernel.hidden("import os, sys; sys._kishu_test = (os.getcwd(), dict(os.environ), list(sys.path))")
    kernel.hidden(f"import os; os.chdir({str(notebook.parent)!r}); os.environ['KISHU_GONE'] = 'there'")
    session_of(kernel, notebook)
    yield kernel
    kernel.hidden(
        "import os, sys\nwhere, variables, sys.path[:] = sys._kishu_test\nos.chdir(where)\n"
        "for name in os.environ.keys() - variables.keys(): del os.environ[name]\nos.environ.update(variables)"
    )


def recorded(kernel: Kernel) -> Any:
    kernel.serve("flush")
    return kernel.checkpoints()[-1]["environment"]


def said(kernel: Kernel, command: str, **arguments: Any) -> list[str]:
    reply = kernel.serve(command, **arguments)
    assert reply["failure"] is None, reply["failure"]
    sentences: list[str] = reply["restored"]["environment"]
    return sentences


def changed(**given: Any) -> dict[str, Any]:
    nothing: dict[str, Any] = {"directory": None, "variables": {}, "withheld": []}
    return {**nothing, "path_first": [], "path_last": [], "path_removed": [], **given}


def test_what_differs_is_recorded(session: Kernel, notebook: Path, tmp_path: Path) -> None:
    session.cell("import os, sys; x = 1")
    assert recorded(session) is None
    session.cell("os.makedirs('data/in'); os.chdir('data/in')")
    assert recorded(session) == changed(directory="data/in")
    session.cell("os.environ['KISHU_A'] = '1'; del os.environ['KISHU_GONE']; os.chdir('../..')")
    assert recorded(session) == changed(variables={"KISHU_A": "1", "KISHU_GONE": None})
    session.cell(
        f"os.environ['KISHU_A'] = 'é'; os.environ['KISHU_GONE'] = 'there'; os.chdir({str(tmp_path)!r})"
    )
    assert recorded(session) == changed(directory=str(tmp_path), variables={"KISHU_A": "é"})
    session.cell(
        "del os.environ['KISHU_A']; os.chdir('work'); sys.path.insert(0, 'first'); sys.path.append('last')"
    )
    assert recorded(session) == changed(path_first=["first"], path_last=["last"])
    session.cell("sys.path.remove('first'); sys.path.remove('last'); gone = sys.path.pop()")
    assert recorded(session) == changed(path_removed=[session.value("gone")])
    session.cell("sys.path.append(gone); sys.path.append(gone)")
    assert recorded(session)["path_removed"] == []
    session.cell("sys.path.pop()")
    assert recorded(session) is None


def test_no_secret_is_stored(session: Kernel, notebook: Path) -> None:
    session.cell("import os; os.environ.update(KISHU_TOKEN='hush1', KISHU_URL='postgres://me:hush2@host/db')")
    session.cell(
        "os.environ[b'KISHU_B'.decode()] = os.fsdecode(b'\\xff'); os.environ['KISHU_A'] = 'x' * 40_000"
    )
    assert recorded(session) == changed(withheld=["KISHU_A", "KISHU_B", "KISHU_TOKEN", "KISHU_URL"])
    sentences = [*said(session, "undo"), *said(session, "undo", environment=True)]
    assert session.value(STATE)[1][3] == "hush1", "nobody could bring it back"
    sentences += said(session, "redo", environment=True)
    assert sentences
    session.cell("del os.environ['KISHU_TOKEN']")
    assert "the environment variable KISHU_TOKEN was set and is not; its value was not recorded" in said(
        session, "restore", ref="HEAD~1", environment=True
    )
    assert "hush" not in str(sentences)
    subject = "the environment variable KISHU_TOKEN"
    assert f"{subject} was not set and is left as it is: its value is not recorded" in sentences
    session.serve("flush")
    for path in Folder.open(notebook.parent).path.rglob("*"):
        if path.is_file() and path.suffix == ".json":
            assert b"hush" not in path.read_bytes().replace(b"KISHU_TOKEN='hush1'", b"").replace(
                b"me:hush2@host", b""
            ), "only the cell's own text may have it"


def test_a_secret_that_was_there_at_the_start_comes_back(session: Kernel, notebook: Path) -> None:
    session.do("s.detach()")
    session.hidden("import os; os.environ['KISHU_TOKEN'] = 'hush'")
    session.attach(notebook)
    session.cell("import os; x = 1")
    session.cell("os.environ['KISHU_TOKEN'] = 'other'")
    subject = "the environment variable KISHU_TOKEN"
    assert said(session, "undo") == [f"{subject} was set to something else"]
    session.cell("del os.environ['KISHU_TOKEN']")
    assert recorded(session) == changed(variables={"KISHU_TOKEN": None})
    assert said(session, "undo") == [f"{subject} was set, it is not set"]
    session.serve("redo")
    assert said(session, "undo", environment=True) == [f"{subject} is set again"]
    assert session.value(STATE)[1][3] == "hush"
    assert said(session, "redo", environment=True) == [f"{subject} is not set again"]
    assert session.value(STATE)[1][3] is None


def test_it_is_shown_and_put_back_when_asked(session: Kernel, notebook: Path) -> None:
    session.cell("import os, sys; x = 1; os.environ['KISHU_A'] = 'one'")
    states = [session.value(STATE)]
    session.cell(
        "x = 2; os.mkdir('data'); os.chdir('data'); os.environ.update(KISHU_A='two', KISHU_B='b')\n"
        "del os.environ['KISHU_GONE']; sys.path.insert(0, '/lib/mine'); removed = sys.path.pop()"
    )
    states.append(session.value(STATE))
    removed = session.value("removed")
    assert said(session, "undo") == [
        "the working directory was ., it is data",
        "the environment variable KISHU_A was 'one', it is 'two'",
        "the environment variable KISHU_B was not set, it is 'b'",
        "the environment variable KISHU_GONE was 'there', it is not set",
        f"sys.path had {removed!r}, which it has not now",
        "sys.path did not have '/lib/mine', which it has now",
    ]
    assert [session.value("x"), session.value(STATE)] == [1, states[1]]
    assert said(session, "redo") == []
    assert said(session, "undo", environment=True) == [
        "the working directory is . again",
        "the environment variable KISHU_A is 'one' again",
        "the environment variable KISHU_B is not set again",
        "the environment variable KISHU_GONE is 'there' again",
        f"sys.path has {removed!r} again",
        "sys.path no longer has '/lib/mine'",
    ]
    assert session.value(STATE) == states[0]
    assert said(session, "redo", environment=True)[0] == "the working directory is data again"
    assert session.value(STATE) == states[1]
    assert said(session, "restore", ref="HEAD~2", environment=True)
    assert session.value(STATE)[1] == [None, None, "there", None, None]


def test_a_working_directory_that_is_gone(session: Kernel, notebook: Path) -> None:
    session.cell("import os; x = 1; os.environ['KISHU_A'] = 'one'; os.mkdir('data'); os.chdir('data')")
    session.cell("x = 2; os.environ['KISHU_A'] = 'two'; os.chdir('..'); os.rmdir('data')")
    before = session.value(STATE)
    failure = session.serve("undo", environment=True)["failure"]
    assert failure["code"] == "NOT_RESTORABLE"
    assert failure["details"] == {"working directory": "data is not there any more"}
    assert [session.value("x"), session.value(STATE)] == [2, before]
    assert said(session, "undo", environment=True, missing_ok=True) == [
        "the working directory was data, which is not there any more; it is .",
        "the environment variable KISHU_A is 'one' again",
    ]
    assert session.value("x") == 1
    session.cell("os.mkdir('lost'); os.chdir('lost'); os.rmdir('../lost'); y = 1")
    assert recorded(session)["directory"] is None
    assert said(session, "undo") == [
        "the working directory was data, which is not there any more; it is one that was removed"
    ]
    assert said(session, "restore", ref="HEAD~1", environment=True) == [
        "the working directory is . again",
        "the environment variable KISHU_A is not set again",
    ]
    assert session.value("__import__('os').getcwd()") == str(notebook.parent)


def test_nothing_changes_when_a_variable_cannot_be_loaded(session: Kernel, notebook: Path) -> None:
    session.cell("import os; os.environ['KISHU_A'] = 'one'; g = (i for i in range(3))")
    session.cell("g = None; os.environ['KISHU_A'] = 'two'; os.mkdir('data'); os.chdir('data')")
    before = session.value(STATE)
    assert session.serve("undo", environment=True)["failure"]["code"] == "REPLAY_NEEDED"
    assert session.value(STATE) == before


def test_all_or_nothing(session: Kernel, notebook: Path) -> None:
    session.cell("import os, sys; x = 1; sys.path.append('one')")
    session.cell("x = 2; os.mkdir('data'); os.chdir('data'); sys.path.pop(); os.environ['KISHU_A'] = 'two'")
    before = session.value(STATE)
    # The last step of the swap fails: the environment was changed by then.
    session.hidden("import random\nrandom.seed(5)")
    session.cell("y = 1")
    session.hidden(
        "import kishu_agent\nfrom kishu_agent.tracking.randomness import Randomness as R\nR._restore = R.restore\n"
        "def fail(self, root, state, _count=[]):\n    _count.append(root)\n    if len(_count) == 1: raise OSError('no')\n"
        "    self._restore(root, state)\nR.restore = fail"
    )
    failure = session.serve("restore", ref="HEAD~2", environment=True)["failure"]
    session.hidden(
        "from kishu_agent.tracking.randomness import Randomness as R\nR.restore = R._restore\ndel R._restore"
    )
    assert failure["message"] == "OSError: no"
    assert [session.value("x"), session.value(STATE)] == [2, before]
    assert session.serve("restore", ref="HEAD~2", environment=True)["failure"] is None
    assert session.value("[x, 'one' in sys.path]") == [1, True]


def test_what_changed_between_cells_is_not_lost(session: Kernel, notebook: Path) -> None:
    session.cell("import os; x = 1")
    session.cell("x = 2")
    session.hidden("import os; os.environ['KISHU_A'] = 'between'")
    count = len(session.checkpoints())
    assert said(session, "undo") == ["the environment variable KISHU_A was not set, it is 'between'"]
    said(session, "redo")
    assert len(session.checkpoints()) == count, "it was neither recorded nor put back"
    session.hidden("os.environ['KISHU_A'] = 'later'")
    said(session, "undo", environment=True)
    assert session.value(STATE)[1][0] is None
    said(session, "redo", environment=True)
    assert session.value(STATE)[1][0] == "later"
    assert session.checkpoints()[-1]["kind"] == "between"


def test_odd_objects_in_place_of_the_environment(session: Kernel, notebook: Path) -> None:
    session.cell(
        "import os, sys, pathlib\n_kept = os.environ, sys.path\nsys.path.append(pathlib.Path('p'))\nos.environ['KISHU_A'] = 'a'"
    )
    session.cell("x = 1; os.environ = {}; sys.path = ('a',)")
    assert session.session("s.failure") is None
    assert session.serve("undo", environment=True)["failure"] is None
    session.cell("os.environ, sys.path = _kept; sys.path.pop()")
    assert recorded(session) == changed(variables={"KISHU_A": "a"})


def test_in_a_fresh_kernel(fresh: Callable[..., Kernel], tmp_path: Path) -> None:
    notebook = tmp_path / "notebook.ipynb"
    kernel = fresh(KISHU_GONE="1")
    kernel.attach(notebook)
    kernel.cell(
        "import os, sys; x = 1; os.mkdir('data'); os.chdir('data'); os.environ['KISHU_A'] = 'a'\n"
        "del os.environ['KISHU_GONE']; sys.path.append('mine'); os.environ['KISHU_TOKEN'] = 'hush'"
    )
    head = kernel.session("s.head")
    kernel.session("s.flush()")
    kernel.restart()
    kernel.attach(notebook)
    path = kernel.value("__import__('sys').path")
    assert said(kernel, "restore", ref=head) == [
        "the working directory was data, it is .",
        "the environment variable KISHU_A was 'a', it is not set",
        "the environment variable KISHU_GONE was not set, it is '1'",
        "the environment variable KISHU_TOKEN was set and is not; its value was not recorded",
        "sys.path had 'mine', which it has not now",
    ]
    said(kernel, "restore", ref=head, environment=True)
    assert kernel.value(STATE) == [
        os.path.realpath(tmp_path / "data"),
        ["a", None, None, None, None],
        [*path, "mine"],
    ]
    kernel.cell("y = 1")
    assert recorded(kernel) == changed(
        directory="data", variables={"KISHU_A": "a", "KISHU_GONE": None}, path_last=["mine"]
    )
