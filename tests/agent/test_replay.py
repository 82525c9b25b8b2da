"""What has no stored form comes back by running the cells again that made it, on the side."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
from kernel import session_of
from miniature import Cell, block, cells, play

if TYPE_CHECKING:
    from pathlib import Path

    from kernel import Kernel

CASES: dict[str, tuple[Cell, ...]] = {
    "a generator": cells(
        ("data = [3, 4]; other = [0]", "data == [3, 4]"),
        (
            "g = (x * 10 for x in data)",
            "g.gi_frame is not None and list(g.gi_frame.f_locals) == ['.0']",
            "data other",
        ),
        ("other.append(5)", "other == [0, 5]", "data g"),
    ),
    "a generator that is advanced": cells(
        ("g = iter_from = (x for x in 'abcde')", "g is iter_from"),
        ("first = next(g)", "first == 'a' and g is iter_from"),
        ("second = next(g)", "second == 'b'"),
        ("rest = list(g)", "rest == ['c', 'd', 'e']"),
    ),
    "a generator function and its generator in one cell": cells(
        ("step = 2", "step == 2"),
        (
            """
            def count(start):
                while True:
                    yield start
                    start += step
            g = count(1); zero = next(g)
            """,
            "zero == 1 and g.gi_code is count.__code__ and g.gi_frame.f_globals is globals()",
            "step",
        ),
        ("one = next(g)", "one == 3 and g.gi_frame.f_locals['start'] == 3", "step count"),
        ("step = 10", "step == 10", "count g"),
        ("two = next(g)", "two == 13"),
    ),
    "an instance of a class that is defined in the same cell": cells(
        (
            """
            class Reader:
                def __init__(self, items): self.items = (item for item in items)
                def read(self): return next(self.items)
            r = Reader([1, 2]); s = [r]
            """,
            "type(r) is Reader and s[0] is r",
        ),
        ("x = r.read()", "x == 1 and type(r) is Reader and s[0] is r"),
        ("class Reader: pass", "type(r) is not Reader and s[0] is r"),
    ),
    "a function that closes over a generator": cells(
        (
            """
            def make(items):
                g = (item for item in items)
                def read(): return next(g)
                return read
            read = make('xyz'); alias = read
            """,
            "alias is read and read.__globals__ is globals() and read.__name__ == 'read'",
        ),
        ("a = read()", "a == 'x' and alias is read"),
        ("b = alias()", "b == 'y'"),
    ),
    "random numbers are drawn again as they were": cells(
        ("import random; random.seed(3)", "True"),
        ("r = random.random(); g = (random.random() for _ in range(3)); first = next(g)", "0 < first < 1"),
        ("keep = first; second = next(g)", "keep == first and second != first"),
        ("after = random.random()", "after not in {first, second}"),
    ),
    "a cell that failed after it had made something": cells(
        ("ok = [1]", "ok == [1]"),
        Cell("bad = (i for i in ok); ok.append(2); undefined_name", "ok == [1, 2]", raises="NameError"),
    ),
    "objects of C that refer to each other": cells(
        ("import re; text = 'a1b2'", "True"),
        ("found = re.finditer('[0-9]', text); m = next(found)", "m.group() == '1'", "text"),
        ("n = next(found)", "n.group() == '2' and m.group() == '1'", "text m"),
    ),
    "magics": cells(
        ("%%capture out\ng = (i for i in range(3))\nprint('made')", "out.stdout == 'made\\n' and g.gi_frame"),
        ("x = next(g)", "x == 0"),
    ),
    "through dill": cells(
        (
            """
            import contextvars
            d = type.__dict__['__name__']; w = str.join; s = int.__add__
            class A:
                def f(self): return super()
            p = A().f()
            """,
            "d.__name__ == '__name__' and w('-', 'ab') == 'a-b' and p.__self_class__ is A",
        ),
        ("d = None", "d is None", "w s A p"),
    ),
}

ASKS = {"a cell that failed after it had made something", "magics"}


@pytest.mark.parametrize("name", CASES)
def test_replay(name: str, kernel: Kernel, other: Kernel, notebook: Path) -> None:
    play(kernel, other, notebook, CASES[name], replay=True if name in ASKS else None)


def _recorded(kernel: Kernel, notebook: Path, *code: str) -> list[str]:
    """Run cells and return the ids of the states, that before the first cell included."""
    session_of(kernel, notebook)
    for cell in code:
        kernel.cell(block(cell))
    ids: list[str] = kernel.session("[c.id for c in s.checkpoints()]")
    return ids


def test_a_person_is_asked_before_effects_are_repeated(kernel: Kernel, notebook: Path) -> None:
    log = notebook.parent / "log.txt"
    states = _recorded(
        kernel,
        notebook,
        "def note(text):\n    with open('log.txt', 'a') as file: file.write(text)",
        f"import os; os.chdir({str(notebook.parent)!r})",
        "note('made '); g = (i for i in range(5)); x = [1]",
        "x.append(next(g))",
    )
    assert log.read_text() == "made "
    failure = kernel.serve("undo")["failure"]
    assert failure["code"] == "REPLAY_NEEDED"
    assert list(failure["details"]) == [states[3]]
    assert "note('made ')" in failure["details"][states[3]]
    assert "open" in failure["details"][states[3]]
    assert kernel.values(["x", "next(g)"]) == [[1, 0], 1]
    assert log.read_text() == "made "
    report = kernel.serve("undo", replay=True)["restored"]
    assert report["replayed"] == [states[3]]
    assert log.read_text() == "made made "
    assert kernel.values(["x", "next(g)"]) == [[1], 0]
    kernel.hidden("import os; os.chdir('/'); del os")


def test_a_person_can_go_on_without_a_replay(kernel: Kernel, notebook: Path) -> None:
    _recorded(
        kernel,
        notebook,
        "import os; x = 1",
        "g = (i for i in [os.getpid()]); system = os.system",
        "x = next(g)",
    )
    assert kernel.serve("undo")["failure"]["code"] == "REPLAY_NEEDED"
    report = kernel.serve("undo", missing_ok=True)["restored"]
    assert list(report["missing"]) == ["g"]
    assert report["replayed"] == []
    assert kernel.value("x") == 1


def test_a_replay_that_fails_leaves_the_session_as_it_was(kernel: Kernel, notebook: Path) -> None:
    directory = str(notebook.parent)
    states = _recorded(
        kernel,
        notebook,
        f"import pathlib, random; source = pathlib.Path({directory!r}) / 'in.txt'; got = [source.exists()]; a = [1]",
        "a.append(2); g = (i for i in [1 / (1 + source.exists())])\nassert not source.exists()",
        "n = next(g); a = None",
    )
    (notebook.parent / "in.txt").touch()
    before = kernel.values(["id(a)", "n", "id(g)", "sorted(globals())", "random.getstate()[1][:9]"])
    failure = kernel.serve("restore", ref=states[2])["failure"]
    assert failure["code"] == "NOT_RESTORABLE"
    assert "AssertionError" in failure["details"]["g"]
    assert kernel.values(["id(a)", "n", "id(g)", "sorted(globals())", "random.getstate()[1][:9]"]) == before
    (notebook.parent / "in.txt").unlink()
    assert kernel.serve("restore", ref=states[2])["failure"] is None
    assert kernel.values(["a", "next(g)", "'n' in globals()"]) == [[1, 2], 1.0, False]


def test_a_replay_touches_nothing_else(kernel: Kernel, notebook: Path) -> None:
    """It prints nothing, records nothing, and has copies of what it changes."""
    _recorded(
        kernel,
        notebook,
        "import os, sys; log = []; n = 0",
        """
        log.append('made'); n += 1
        print('hello'); display('shown'); print('oh', file=sys.stderr)
        g = (i for i in range(3))
        n
        """,
        "log = list(log); first = next(g)",
        "keep = log",
    )
    identities = kernel.values(["id(log)", "id(os)"])
    count = kernel.value("get_ipython().execution_count")
    recorded = len(kernel.checkpoints())
    run = kernel.do("s.restore('HEAD~1')")
    assert (run.stdout, run.stderr, run.displays) == ("", "", [])
    assert kernel.values(["log", "n", "first", "next(g)"]) == [["made"], 1, 0, 1]
    assert kernel.values(["id(log)", "id(os)"]) == identities
    assert kernel.value("get_ipython().execution_count") == count
    kernel.do("s.restore('HEAD~1')")
    assert kernel.values(["log", "n", "'first' in globals()"]) == [["made"], 1, False]
    # The first restore recorded what next(g) had changed before it.
    assert len(kernel.checkpoints()) <= recorded + 2


def test_a_replay_can_be_interrupted(kernel: Kernel, notebook: Path) -> None:
    directory = str(notebook.parent)
    states = _recorded(
        kernel,
        notebook,
        f"import time, pathlib; a = [1]; began, wait = (pathlib.Path({directory!r}) / name for name in ('began', 'wait'))",
        "while wait.exists(): began.mkdir(exist_ok=True); time.sleep(0.05)\ng = (i for i in a)",
        "a.append(2); x = next(g)",
    )
    (notebook.parent / "wait").touch()
    request = kernel.send(f"__import__('kishu_agent').current().restore({states[2]!r}, replay=True)")
    while not (notebook.parent / "began").exists():
        time.sleep(0.05)
    kernel.interrupt()
    assert kernel.finish(request).error == "KeyboardInterrupt"
    assert kernel.values(["a", "x", "'g' in globals()"]) == [[1, 2], 1, True]
    (notebook.parent / "wait").unlink()
    kernel.do(f"s.restore({states[2]!r}, replay=True)")
    assert kernel.values(["a", "'x' in globals()", "next(g)"]) == [[1], False, 1]


def test_what_a_class_leaves_out_of_its_pickles_comes_back(kernel: Kernel, notebook: Path) -> None:
    """By the attributes of the instance, or, where that cannot be, by running the cell again."""
    (notebook.parent / "liars.py").write_text(
        "class Liar(list):\n    def __reduce__(self): return Liar, (list(self),)\n"
    )
    _recorded(
        kernel,
        notebook,
        f"import sys; sys.path.insert(0, {str(notebook.parent)!r})",
        "class Own:\n    def __getstate__(self): return {}\no = Own(); o.x = [1]; shared = o.x",
        "import liars\nhonest = liars.Liar([1])",
        "l = liars.Liar([2]); l.y = [3]",
        "del o, l, honest",
    )
    added = {stored["roots"][0]: stored for entry in kernel.checkpoints() for stored in entry["added"]}
    assert [added[name]["how"] for name in ("shared", "honest", "l")] == ["pickle", "pickle", "replay"]
    assert "leaves out" in added["l"]["reason"]
    assert len(kernel.serve("undo")["restored"]["replayed"]) == 1
    assert kernel.values(["o.x", "o.x is shared", "l", "l.y", "honest"]) == [[1], True, [2], [3], [1]]
    kernel.hidden("import sys; sys.path.pop(0); del sys.modules['liars']; del sys")
