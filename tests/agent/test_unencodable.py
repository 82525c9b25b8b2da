"""Variables that have no stored form, and objects that lie or fail: reported by name, the others unaffected."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from kernel import session_of
from miniature import block

if TYPE_CHECKING:
    from pathlib import Path

    from kernel import Kernel

UNENCODABLE = {
    "generator": "bad = (i for i in range(5)); next(bad)",
    "open file": "bad = open('/dev/null')",
    "sqlite connection": "import sqlite3; bad = sqlite3.connect(':memory:')",
    "socket": "import socket; bad = socket.socket()",
    "thread": "import threading; bad = threading.Thread(target=print)",
    "frame": "import sys; bad = sys._getframe()",
    "inside of a container": "bad = {'a': [1, (i for i in 'x')]}",
    "attribute of an instance": """
        class Holder: pass
        bad = Holder(); bad.file = open('/dev/null')
    """,
    "pickling raises": """
        class Refuses(list):
            def __reduce__(self): raise RuntimeError('never')
        bad = Refuses()
    """,
    "pickling raises a silent error": """
        class Er(Exception):
            def __str__(self): raise ValueError
        class Refuses(list):
            def __reduce__(self): raise Er()
        bad = Refuses()
    """,
    "pickling ends the process": """
        class Exits(list):
            def __reduce__(self): raise SystemExit('x')
        bad = Exits()
    """,
    "pickling interrupts": """
        class Stops(list):
            def __reduce__(self): raise KeyboardInterrupt
        bad = Stops()
    """,
    "pickling gives nonsense": """
        class Odd(list):
            def __reduce__(self): return 5
        bad = Odd()
    """,
    "pickling never comes to an end of what it pickles": """
        class Endless(list):
            def __reduce__(self): return Endless, (Endless(),)
        bad = Endless()
    """,
    "pickling hangs": """
        import time
        class Hangs(list):
            def __reduce__(self):
                while True:
                    try: time.sleep(0.01)
                    except Exception: pass
        bad = [Hangs()]
    """,
    "an object of C that does not load": "import functools; bad = functools.cmp_to_key(len)",
    "loading raises": """
        class Trap(list):
            def __init__(self, ok=True):
                if not ok: raise ValueError('no')
            def __reduce__(self): return Trap, (False,)
        bad = Trap()
    """,
    "loading ends the process": """
        class Trap(list):
            def __setstate__(self, state): raise SystemExit('no')
        bad = Trap(); bad.x = 1
    """,
}


@pytest.mark.parametrize("name", UNENCODABLE)
def test_what_cannot_be_stored_is_named_and_the_rest_is_right(
    name: str, kernel: Kernel, notebook: Path
) -> None:
    session_of(kernel, notebook)
    kernel.cell("good = [1]; other = {'k': good}")
    kernel.cell(block(UNENCODABLE[name]))
    entry = kernel.checkpoints()[-1]
    assert kernel.session("s.failure") is None
    assert "bad" in entry["created"]
    assert entry["problems"]["bad"]
    assert "good" not in entry["problems"]
    head = entry["id"]
    identity = kernel.value("id(bad)")
    kernel.cell("good.append(2)")
    kernel.serve("undo")
    assert kernel.values(["good", "other['k'] is good", "id(bad)"]) == [[1], True, identity], "bad lives on"
    kernel.serve("redo")
    kernel.cell("bad = 'replaced'; good.append(3)")
    failure = kernel.serve("restore", ref=head, replay=False)["failure"]
    assert failure["code"] == "NOT_RESTORABLE"
    assert "bad" in failure["message"]
    assert failure["details"]["bad"] == entry["problems"]["bad"]
    assert kernel.values(["bad", "good"]) == ["replaced", [1, 2, 3]], "all or nothing"
    assert kernel.refused(f"s.restore({head!r}, replay=False)").error == "NotRestorableError"
    report = kernel.serve("restore", ref=head, missing_ok=True, replay=False)["restored"]
    assert list(report["missing"]) == ["bad"]
    assert kernel.values(["'bad' in globals()", "good", "other['k'] is good"]) == [False, [1], True]
    kernel.cell("after = good")
    assert kernel.session("s.failure") is None
    kernel.serve("undo", missing_ok=True, replay=False)
    assert kernel.values(["'after' in globals()", "good"]) == [False, [1]]


HOSTILE = {
    "equality": """
        class H:
            def __eq__(self, o): raise SystemExit('eq')
            __hash__ = None
        h = H(); i = h; j = [h, h]
    """,
    "hash": """
        class H:
            def __hash__(self): raise SystemExit('hash')
        h = H(); i = h; j = [h, h]
    """,
    "attributes": """
        class H:
            def __getattribute__(self, n): raise ValueError(n)
        h = H(); i = h; j = [h, h]
    """,
    "attributes exit": """
        class H:
            def __getattr__(self, n): raise SystemExit(n)
        h = H(); i = h; j = [h, h]
    """,
    "attributes recurse": """
        class H:
            def __getattr__(self, n): return getattr(self, n + '_')
        h = H(); i = h; j = [h, h]
    """,
    "everything is there": """
        class H:
            def __getattr__(self, n): return H()
        h = H(); i = h; j = [h, h]
    """,
    "class raises": """
        class H:
            @property
            def __class__(self): raise ValueError('class')
        h = H(); i = h; j = [h, h]
    """,
    "class lies": """
        class H:
            __class__ = int
        h = H(); i = h; j = [h, h]
    """,
    "class is a type": """
        class H:
            __class__ = type
        h = H(); i = h; j = [h, h]
    """,
    "metaclass": """
        class M(type):
            def __getattribute__(cls, n): raise SystemExit(n)
            def __eq__(cls, o): raise SystemExit
            def __hash__(cls): raise SystemExit
        class H(metaclass=M): pass
        h = i = j = 0
    """,
    "module lies": """
        class H: pass
        H.__module__ = 5; H.__qualname__ = 'sys.exit'
        h = H(); i = h; j = [h, h]
    """,
    "looks like a library's": """
        class H: pass
        H.__module__ = 'collections'; H.__qualname__ = 'OrderedDict'; H.__name__ = 'x'
        h = H(); i = h; j = [h, h]
    """,
    "length and truth": """
        class H(list):
            def __len__(self): return -5
            def __bool__(self): raise SystemExit
            def __iter__(self): raise SystemExit
        h = H([1]); i = h; j = [h, h]
    """,
    "strings": """
        class S(str):
            def __eq__(self, o): raise SystemExit
            def __hash__(self): return 1
        h = S('h'); i = h; j = [h, h]; globals()[5] = 1; globals()[S('other')] = 2
    """,
    "mock": """
        from unittest import mock
        h = mock.MagicMock(); i = h; j = [h, h]
    """,
    "standard output": """
        import sys
        class H(list):
            def __getstate__(self):
                print('pickled')
                return {}
        h = H(); i = h; j = [h, h]
    """,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_objects_harm_nobody(name: str, kernel: Kernel, notebook: Path) -> None:
    session_of(kernel, notebook)
    kernel.cell("good = [1]; other = good")
    run = kernel.run(block(HOSTILE[name]))
    assert (run.error, run.stderr) == (None, "")
    assert kernel.session("s.failure") is None
    entry = kernel.checkpoints()[-1]
    assert {"h", "i", "j"} <= set(entry["created"])
    kernel.cell("good.append(2)")
    assert kernel.session("s.failure") is None
    kernel.serve("undo")
    assert kernel.values(["good", "other is good"]) == [[1], True]
    kernel.serve("redo")
    assert kernel.values(["good", "other is good", "'h' in globals()"]) == [[1, 2], True, True]
    assert kernel.serve("undo")["failure"] is None
    assert kernel.serve("undo")["failure"] is None
    assert kernel.value("'h' in globals()") is False
    assert kernel.serve("redo", missing_ok=True)["failure"] is None
    assert kernel.serve("redo", missing_ok=True)["failure"] is None
    assert kernel.values(["good", "other is good"]) == [[1, 2], True]


def test_a_failing_load_leaves_the_session_as_it_was(kernel: Kernel, notebook: Path) -> None:
    session_of(kernel, notebook)
    kernel.cell(
        "import builtins\nclass Fragile(list):\n    def __setstate__(self, state):\n"
        "        import builtins\n        if getattr(builtins, 'broken', False): raise ValueError('broken')\n"
        "        self.__dict__.update(state)\nf = Fragile(); f.x = [1]; a = [1]; b = f.x"
    )
    head = kernel.session("s.head")
    kernel.cell("a.append(2); f = None; b = None; c = 1")
    kernel.hidden("import builtins; builtins.broken = True; del builtins")
    try:
        before = kernel.values(["id(a)", "a", "f", "b", "c"])
        failure = kernel.serve("restore", ref=head)["failure"]
        assert failure["code"] in {"LOAD_FAILED", "NOT_RESTORABLE"}
        assert "f" in failure["message"]
        assert kernel.values(["id(a)", "a", "f", "b", "c"]) == before
    finally:
        kernel.hidden("import builtins; del builtins.broken, builtins")
    assert kernel.serve("restore", ref=head)["failure"] is None
    assert kernel.values(["a", "f.x is b", "'c' in globals()"]) == [[1], True, False]
