"""How names get and lose their values: global statements, class bodies, namespaces written to, imports."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from kernel import session_of
from miniature import Cell, cells, play

if TYPE_CHECKING:
    from pathlib import Path

    from kernel import Kernel

CASES: dict[str, tuple[Cell, ...]] = {
    "global in a function": cells(
        Cell(
            """
            def f(value):
                global z
                z = value
            keep = [1]
            """,
            "True",
            gone="z",
        ),
        ("f(5)", "z == 5", "keep"),
        ("f([6])", "z == [6]", "keep"),
        (
            """
            def g():
                global z
                del z

            """,
            "z == [6]",
            "keep z",
        ),
        Cell("g()", "True", "keep", gone="z"),
    ),
    "class bodies": cells(
        "n = 5; items = []",
        (
            """
            class K:
                double = n * 2
                items.append(double)
            """,
            "K.double == 10 and items == [10]",
        ),
        (
            """
            class L:
                held = items
            """,
            "L.held is items",
        ),
        (
            """
            class M:
                global made
                made = 1
            """,
            "made == 1",
        ),
    ),
    "globals and vars": cells(
        ("globals().update(q=7, r=[8])", "q == 7 and r == [8]"),
        ("globals()['q'] = 9; vars()['t'] = r", "q == 9 and t is r"),
        Cell("globals().pop('q')", "t is r", "r t", gone="q"),
        ("exec('u = 1'); eval('r.append(2)')", "u == 1 and r == [8, 2]"),
        ("import __main__; __main__.w = [1]; setattr(__main__, 'v', __main__.w)", "v is w"),
        ("get_ipython().user_ns['p'] = 3; get_ipython().push({'o': 4})", "p == 3 and o == 4"),
    ),
    "leading underscores": cells(
        ("_a = [1]; __b = 2; _C = {}; _12x = 3; __d__ = 4", "_a == [1] and __b == 2"),
        ("_a.append(2); __b = 3; _C['k'] = _a", "_C['k'] is _a and _a == [1, 2] and __b == 3"),
        Cell("del __b, __d__", "_12x == 3", gone="__b __d__"),
    ),
    "deletion": cells(
        ("a = [1]; b = [a]; c = 1", "b[0] is a"),
        Cell("del a", "b == [[1]]", "c", gone="a"),
        ("b[0].append(2)", "b == [[1, 2]]", "c"),
        Cell("del b, c", "True", gone="a b c"),
        ("b = 3", "b == 3"),
    ),
    "star imports and modules": cells(
        ("from math import *", "sqrt(4) == 2"),
        ("import math as m, os.path, collections.abc as abc", "m.pi == pi and abc.Sized"),
        ("pi = 3", "pi == 3 and m.pi > 3.1", "sqrt m"),
        Cell("del m", "sqrt(9) == 3", gone="m"),
    ),
    "built-in names": cells(
        ("list = [1]; print = 5; exit = 6; type_ = type", "list == [1] and exit == 6"),
        Cell("del list, print", "list((1,)) == [1] and callable(print)", gone="list print"),
        ("unused = 0; quit = [1]", "quit == [1]"),
    ),
    "loops, comprehensions, walrus, with, except": cells(
        ("for i in range(3): pass", "i == 2"),
        Cell("squares = [j * j for j in range(3) if (last := j) is not None]", "last == 2", gone="j"),
        (
            """
            import contextlib
            with contextlib.nullcontext([1]) as entered: pass
            """,
            "entered == [1]",
        ),
        Cell(
            """
            try: 1 / 0
            except ZeroDivisionError as error: caught = str(error)
            """,
            "'zero' in caught",
            gone="error",
        ),
        ("(a, b), *c = [(1, 2), 3, 4]; a += 1", "(a, b, c) == (2, 2, [3, 4])"),
        (
            """
            match {'k': [1, 2]}:
                case {'k': [first, *others]}: pass
            """,
            "first == 1 and others == [2]",
        ),
        (
            """
            async def one(): return [1]
            awaited = await one()
            """,
            "awaited == [1]",
        ),
    ),
    "magics": cells(
        (
            """
            %%time
            a = [1]
            """,
            "a == [1]",
        ),
        ("%timeit -n1 -r1 a.append(2)", "a == [1, 2]"),
        (
            """
            %%capture out
            print('x'); b = 1
            """,
            "out.stdout == 'x\\n' and b == 1",
        ),
        ("c = !echo hi", "list(c) == ['hi']", "a"),
    ),
    "annotations": cells(
        (
            """
            x: int = 1
            y: list[int] = [x]
            z: str
            """,
            "y == [1]",
        ),
        ("z: str = 'a'", "z == 'a'", "y"),
    ),
    "names that are unusual": cells(
        ("é = [1]; globals()['not an identifier'] = é; 変 = 2", "globals()['not an identifier'] is é"),
        ("é.append(2)", "globals()['not an identifier'] == [1, 2]"),
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_names(name: str, kernel: Kernel, other: Kernel, notebook: Path, compared: str) -> None:
    play(kernel, other if compared == "all" else None, notebook, CASES[name])


def test_output_cache_is_untouched(kernel: Kernel, notebook: Path) -> None:
    session_of(kernel, notebook)
    kernel.cell("x = [1]")
    count = kernel.cell("x").execution_count
    kernel.cell("'second'")
    kernel.cell("x.append(2)")
    before = kernel.values(["_", "__", f"Out[{count}]", "len(Out)", "len(In)", "In[-1]"])
    kernel.serve("undo")
    kernel.serve("redo")
    kernel.serve("status")
    assert kernel.values(["_", "__", f"Out[{count}]", "len(Out)", "len(In)", "In[-1]"]) == before
    assert before[0] == "second"
    kernel.serve("undo")
    assert kernel.cell("7").result == "7"
    assert kernel.value("_") == 7


def test_changed_names(kernel: Kernel, notebook: Path) -> None:
    session_of(kernel, notebook)
    for code in (
        "a = [1]; b = a; c = 'x'",
        "a.append(2)",
        "del a; c = 'y'; d = 1",
        "print('nothing')",
        "class K: pass\nk = K()\ndef f(): return c",
        "K.new = 1",
        "k.x = 1",
        "import math",
    ):
        kernel.cell(code)
    told = [(entry["created"], entry["changed"], entry["deleted"]) for entry in kernel.checkpoints()[1:]]
    assert told == [
        (["a", "b", "c"], [], []),
        ([], ["a", "b"], []),
        (["d"], ["c"], ["a"]),
        ([], [], []),
        (["K", "f", "k"], [], []),
        ([], ["K"], []),
        ([], ["k"], []),
        (["math"], [], []),
    ]


def test_names_that_a_front_end_leaves_behind(kernel: Kernel, notebook: Path) -> None:
    """As VS Code's debugger does in hidden code; a cell that has such a name makes it the person's."""
    session_of(kernel, notebook)
    kernel.cell("a = 1")
    kernel.hidden("import builtins\nimport ipykernel\nfor file in ['x']: pass")
    kernel.hidden("mine = 2")
    kernel.cell("b = 1")
    assert kernel.checkpoints()[-1]["created"] == ["b", "mine"]
    kernel.cell("c = file")
    assert kernel.checkpoints()[-1]["created"] == ["c", "file"]
    kernel.serve("undo")
    assert kernel.values(["'c' in globals()", "ipykernel.__name__"]) == [False, "ipykernel"]
    kernel.hidden("del builtins, ipykernel")
