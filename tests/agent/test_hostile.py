"""Cells that harm what recording stands on: the cell's own result is untouched, its state recorded, or a reason given."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from kernel import Kernel, KernelDiedError, session_of
from kishu_agent.folder.folder import Folder
from miniature import block

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture(scope="module", autouse=True)
def _another_kernel_afterwards(_first_kernel: Any) -> Iterator[None]:
    """What these tests do to a kernel is not to be seen by others."""
    yield
    _first_kernel.close()


OBJECTS = {
    "a metaclass that raises in everything": """
        class M(type):
            def __getattribute__(cls, n): raise ValueError(n)
            def __instancecheck__(cls, o): raise ValueError
            def __subclasscheck__(cls, o): raise ValueError
            def __eq__(cls, o): raise ValueError
            def __hash__(cls): raise ValueError
            def __repr__(cls): raise ValueError
            def __len__(cls): raise ValueError
            def __iter__(cls): raise ValueError
            def __bool__(cls): raise ValueError
            def __sizeof__(cls): raise ValueError
        class H(metaclass=M): pass
        h = type.__call__(H); i = [H]; j = h
    """,
    "special methods that exit": """
        class H:
            def __sizeof__(self): raise SystemExit
            def __repr__(self): raise SystemExit
            def __str__(self): raise SystemExit
            def __len__(self): raise SystemExit
            def __format__(self, s): raise SystemExit
            def __dir__(self): raise SystemExit
            def __bool__(self): raise SystemExit
            def __iter__(self): raise SystemExit
            def __index__(self): raise SystemExit
            def __fspath__(self): raise SystemExit
        h = H(); i = [h]; j = {'k': h}
    """,
    "special methods that print": """
        class H:
            def __getattribute__(self, n): print('got', n); return object.__getattribute__(self, n)
            def __eq__(self, o): print('eq'); return True
            def __hash__(self): print('hash'); return 1
            def __reduce_ex__(self, p): print('reduce'); return object.__reduce_ex__(self, p)
            def __repr__(self): print('repr'); return 'h'
        h = H(); i = [h]; j = (h,)
    """,
    "a reduction to a name": """
        class H:
            def __reduce_ex__(self, p): return 'good'
        h = H(); i = [h]; j = h
    """,
    "a reduction that exits": """
        class H:
            def __reduce_ex__(self, p): import sys; sys.exit(1)
        h = H(); i = [h]; j = h
    """,
    "a reduction that changes names": """
        class H:
            def __reduce_ex__(self, p): globals().pop('gone', None); globals()['came'] = 1; return list, ()
        gone = 1; h = H(); i = [h]; j = h
    """,
    "a reduction that replaces standard output": """
        class H:
            def __reduce_ex__(self, p): import sys, io; sys.stdout = io.StringIO(); return list, ()
        h = H(); i = [h]; j = h
    """,
    "hashes that change": """
        class H:
            n = 0
            def __hash__(self): type(self).n += 1; return type(self).n
            def __eq__(self, o): return False
        h = H(); i = {h: 1}; j = {h}
    """,
    "a dictionary that cannot be read": """
        class H(dict):
            def items(self): raise SystemExit
            def __iter__(self): raise SystemExit
            def __getitem__(self, k): raise SystemExit
            def keys(self): raise SystemExit
        h = H(a=1); i = [h]; j = h
    """,
    "texts that raise, also as a class' name": """
        class H(str):
            def __len__(self): raise SystemExit
            def encode(self, *a): raise SystemExit
            def __eq__(self, o): raise SystemExit
            __hash__ = str.__hash__
        h = H('x'); i = [h]; j = h; H.__qualname__ = H('y'); H.__module__ = H('z')
    """,
    "descriptors that raise": """
        class D:
            def __get__(self, o, t): raise SystemExit
        class H:
            d = D(); __reduce__ = D(); __getstate__ = D(); __dict__ = D()
        h = H(); i = [h]; j = h
    """,
    "a module that raises": """
        import types
        class M(types.ModuleType):
            def __getattribute__(self, n): raise SystemExit
        h = M('os'); i = [h]; j = types.ModuleType('m'); del j.__dict__['__name__']
    """,
    "modules that are none": """
        import sys
        class T:
            def __getattr__(self, n): raise SystemExit(n)
            def __eq__(self, o): raise SystemExit
            __hash__ = None
        sys.modules['a trap'] = h = T(); i = [h]; j = h
        sys.modules['another trap'] = None
    """,
    "names that cannot be written down": r"""
        class S(str): pass
        h = '\ud800'; i = {'\udfff': h}; j = [h]
        globals().update({'\ud800': 1, 'two words': 2, S('sub'): 3, 4: 4, '': 5})
    """,
    "lists, tuples and dictionaries 10,000 deep": """
        h, i, j = [], (), {}
        for _ in range(10_000): h, i, j = [h], (i,), {'k': j}
    """,
    "instances linked 10,000 times": """
        class N: pass
        h = i = N(); j = 1
        for _ in range(10_000): h.next = N(); h = h.next
    """,
    "functions, partials and errors 3,000 deep": """
        import functools
        def wrap(f): return lambda: f()
        h, i, j = int, int, None
        for n in range(3000):
            h, i = wrap(h), functools.partial(print, i); error = ValueError(n); error.__cause__ = j; j = error
    """,
    "a class hierarchy 50 deep": """
        class H: pass
        for _ in range(50): H = type('H', (H,), {})
        h = H(); i = H; j = 1
    """,
}


@pytest.mark.parametrize("name", OBJECTS)
def test_hostile_objects_are_recorded_or_named(name: str, kernel: Kernel, notebook: Path) -> None:
    session_of(kernel, notebook)
    kernel.cell("good = [1]; other = good; import sys; out = sys.stdout is not None")
    first = kernel.session("s.head")
    run = kernel.cell(block(OBJECTS[name]))
    assert (run.stdout, run.stderr, run.result) == ("", "", None)
    assert kernel.session("s.failure") is None
    entry = kernel.checkpoints()[-1]
    assert {"h", "i", "j"} <= set(entry["created"])
    assert not {"good", "other"} & set(entry["problems"])
    kernel.cell("good.append(2)")
    assert kernel.session("s.failure") is None
    assert {"good", "other"} <= set(kernel.checkpoints()[-1]["changed"])
    assert kernel.serve("restore", ref=first, missing_ok=True, replay=False)["failure"] is None
    assert kernel.values(["good", "other is good", "'h' in globals()"]) == [[1], True, False]
    assert kernel.serve("restore", ref=entry["id"], missing_ok=True, replay=False)["failure"] is None
    there = [missing not in entry["problems"] for missing in "hij"]
    assert kernel.values([f"'{name}' in globals()" for name in "hij"]) == there
    assert kernel.values(["good", "other is good"]) == [[1], True]


@dataclass(frozen=True, slots=True)
class Change:
    """A change of the interpreter."""

    code: str
    back: str
    holds: str = "True"
    """What is true after the cell, recording or not."""
    failure: str | None = None
    """Part of the reason why the cell is not recorded."""


CHANGES = {
    "standard output": Change(
        "import sys, io; kept = sys.stdout; sys.stdout = io.StringIO(); print('x')",
        "sys.stdout = kept",
        "sys.stdout.getvalue() == 'x\\n'",
    ),
    "standard output closed": Change(
        "import sys, io; kept = sys.stdout; sys.stdout = io.StringIO(); sys.stdout.close()", "sys.stdout = kept", "sys.stdout.closed"
    ),
    "hooks": Change(
        "import sys, threading; kept = sys.unraisablehook, threading.excepthook\n"
        "sys.displayhook = sys.excepthook = sys.unraisablehook = threading.excepthook = lambda *_: None",
        "sys.unraisablehook, threading.excepthook = kept",
        "threading.excepthook is sys.unraisablehook",
    ),
    "a low recursion limit": Change(
        "import sys; kept = sys.getrecursionlimit(); sys.setrecursionlimit(120)",
        "sys.setrecursionlimit(kept)",
        "sys.getrecursionlimit() == 120",
    ),
    "a recursion limit beyond the stack": Change(
        "import sys; kept = sys.getrecursionlimit(); sys.setrecursionlimit(10**6)\n"
        "deep = []\nfor _ in range(100_000): deep = [deep]",
        "sys.setrecursionlimit(kept); del deep",
        "sys.getrecursionlimit() == 10**6",
    ),
    "a signal handler": Change(
        "import signal; kept = signal.signal(signal.SIGUSR1, print); signal.signal(signal.SIGINT, signal.SIG_IGN)",
        "signal.signal(signal.SIGUSR1, kept)",
        "signal.getsignal(signal.SIGUSR1) is print",
    ),
    "collection": Change(
        "import gc; gc.disable(); gc.set_threshold(1, 1, 1); gc.freeze()",
        "gc.enable(); gc.set_threshold(700, 10, 10); gc.unfreeze()",
        "not gc.isenabled() and gc.get_threshold() == (1, 1, 1) and gc.get_freeze_count() > 0",
    ),
    "warnings as errors": Change(
        "import warnings; warnings.resetwarnings(); warnings.simplefilter('error')\n"
        "import itertools; count = itertools.count(); import numpy, pandas; frame = pandas.DataFrame({'a': [1]})",
        "warnings.resetwarnings()",
        "any(known[0] == 'error' and known[2] is Warning for known in warnings.filters)",
    ),
    "locale": Change(
        "import locale; kept = locale.setlocale(locale.LC_ALL); locale.setlocale(locale.LC_ALL, 'C')",
        "locale.setlocale(locale.LC_ALL, kept)",
        "locale.setlocale(locale.LC_ALL) == 'C'",
    ),
    "a working directory that is gone": Change(
        "import os, tempfile; kept = os.getcwd(); gone = tempfile.mkdtemp(); os.chdir(gone); os.rmdir(gone)",
        "os.chdir(kept)",
    ),
    "environment": Change(
        "import os; kept = dict(os.environ); os.environ.clear()", "os.environ.update(kept)", "not os.environ"
    ),
    "a limit of file sizes": Change(
        "import resource; kept = resource.getrlimit(resource.RLIMIT_FSIZE)\n"
        "get_ipython().history_manager.enabled = False; resource.setrlimit(resource.RLIMIT_FSIZE, (10, kept[1]))",
        "resource.setrlimit(resource.RLIMIT_FSIZE, kept)",
        failure="too large",
    ),
    "attributes of the main module": Change(
        "import __main__; __main__.x = [1]; __main__.__file__ = 5; __main__.__spec__ = 6; __main__.__name__ = 'm'",
        "__name__ = '__main__'; del __main__",
        "x == [1] and __name__ == 'm'",
    ),
    "another main module": Change(
        "import sys, types; kept = sys.modules['__main__']; sys.modules['__main__'] = types.ModuleType('__main__')\n"
        "class K: pass\nk = K()\ndef f(): return k",
        "sys.modules['__main__'] = kept; del kept",
        "f() is k and type(k) is K",
    ),
    "no main module": Change(
        "import sys; kept = sys.modules.pop('__main__')\nclass K: pass\nk = K()",
        "sys.modules['__main__'] = kept; del kept",
        "type(k) is K and '__main__' not in sys.modules",
    ),
    "IPython's names deleted": Change(
        "del In, Out, _, exit, quit, get_ipython, _ih, _oh, _dh, open", "None", "'In' not in globals()"
    ),
    "IPython's names taken by hostile objects": Change(
        "class E:\n    def __eq__(self, o): raise SystemExit\n    __hash__ = None\n"
        "    def __getattr__(self, n): raise SystemExit\n"
        "get_ipython().user_ns.update({'In': E(), 'exit': E(), 'h': E()})",
        "In = []; del exit",
        "type(h) is type(In) is E",
    ),
    "pickle": Change(
        "import pickle, copyreg, re; kept = dict(vars(pickle)), dict(copyreg.dispatch_table)\n"
        "pickle.Pickler = pickle.Unpickler = pickle.dumps = pickle.loads = None; copyreg.dispatch_table.clear()\n"
        "pattern = re.compile('x')",
        "vars(pickle).update(kept[0]); copyreg.dispatch_table.update(kept[1]); del kept",
        "pickle.Pickler is None",
    ),
    "copyreg": Change(
        "import sys, copyreg; kept = sys.modules.pop('copyreg')\nclass K: pass\nk = K(); k.x = 1",
        "sys.modules['copyreg'] = kept; del kept",
        "k.x == 1",
    ),
    "built-in names in the notebook": Change(
        "print = open = type = id = len = isinstance = list = dict = str = map = set = getattr = Exception = None",
        "del print, open, type, id, len, isinstance, list, dict, str, map, set, getattr, Exception",
        "len is None",
    ),
    "built-in functions that people replace": Change(
        "import builtins; kept = print, open, __import__\n"
        "builtins.print = builtins.open = lambda *a, **k: 1 / 0; builtins.__import__ = lambda *a, **k: kept[2](*a, **k)",
        "builtins.print, builtins.open, builtins.__import__ = kept; del kept",
        "builtins.print is builtins.open",
    ),
    "built-in functions that nobody should replace": Change(
        "import builtins; kept = id; builtins.id = lambda x: 3",
        "builtins.id = kept",
        "id('') == 3",
        failure="id was replaced",
    ),
    "functions of os": Change(
        "import os; kept = os.open, os.rename, os.fsync; os.open = os.rename = os.fsync = lambda *_: 1 / 0",
        "os.open, os.rename, os.fsync = kept",
        failure="division by zero",
    ),
    "functions of logging and threading": Change(
        "import logging, threading; kept = logging.Logger.error, threading.Thread.start\n"
        "logging.Logger.error = threading.Thread.start = lambda *_: 1 / 0; logging.disable(logging.CRITICAL)",
        "logging.Logger.error, threading.Thread.start = kept; logging.disable(0)",
    ),
    "another namespace": Change(
        "kept = get_ipython().user_ns; get_ipython().user_ns = dict(kept)",
        "get_ipython().user_ns = kept; del kept",
        failure="another namespace",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CHANGES)
def test_changes_of_the_interpreter(name: str, kernel: Kernel, notebook: Path) -> None:
    change = CHANGES[name]
    session_of(kernel, notebook)
    kernel.cell("good = [1]; other = good")
    first = kernel.session("s.head")
    kernel.session("s.flush()")
    run = kernel.cell(change.code)
    assert run.stderr == ""
    assert kernel.value(change.holds) is True
    kernel.session("s.flush()")
    failure = kernel.session("s.failure")
    assert (change.failure in failure) if change.failure else failure is None
    kernel.cell("good.append(2)")
    kernel.cell(change.back)
    kernel.session("s.flush()")
    assert kernel.session("s.failure") is None
    assert kernel.values(["good", "other is good"]) == [[1, 2], True]
    last = kernel.session("s.head")
    assert kernel.serve("restore", ref=first, missing_ok=True, replay=False)["failure"] is None
    assert kernel.values(["good", "other is good"]) == [[1], True]
    assert kernel.serve("restore", ref=last, missing_ok=True)["failure"] is None
    assert kernel.values(["good", "other is good"]) == [[1, 2], True]
    if "names" in name or "main module" in name:
        kernel.kill()  # what the kernel itself needs is gone: other tests get another one


@pytest.mark.parametrize("code", ["%reset -f", "get_ipython().reset()", "globals().clear()"])
def test_everything_is_deleted(code: str, fresh: Callable[..., Kernel]) -> None:
    kernel = fresh()
    kernel.attach()
    kernel.cell("good = [1]; other = good")
    kernel.run(code)
    assert kernel.checkpoints()[-1]["deleted"] == ["good", "other"]
    kernel.serve("undo")
    assert kernel.values(["good", "other is good"]) == [[1], True]
    kernel.serve("redo")
    assert kernel.value("'good' in globals()") is False


SOURCES = {
    "a long source": "text = '''" + "x" * 200_000 + "'''; size = len(text)",
    "null characters": "text = 'a\0b'",
    "a byte order mark": "\ufefftext = 1",
    "unusual line ends": "text = 1\r\nsize = 2\rmore = 3\n\x0cpage = 4\u2028",
}


@pytest.mark.parametrize("name", SOURCES)
def test_unusual_sources(name: str, kernel: Kernel, notebook: Path) -> None:
    """Recorded with the outcome that the cell has without recording."""
    kernel.hidden("s = __import__('kishu_agent').current(); s and s.detach()")
    plain = kernel.run(SOURCES[name])
    session_of(kernel, notebook)
    kernel.cell("good = [1]")
    run = kernel.run(SOURCES[name])
    assert (run.error, run.message, run.stderr) == (plain.error, plain.message, plain.stderr)
    assert kernel.session("s.flush()")
    assert kernel.session("s.failure") is None
    entry = kernel.checkpoints()[-1]
    assert entry["kind"] == "cell"
    assert entry["outcome"] == ("ok" if run.error is None else "error")
    kernel.serve("undo")
    assert kernel.values(["good", "'text' in globals()"]) == [[1], False]


def codes(directory: Path) -> list[str | None]:
    return [checkpoint.code for checkpoint in Folder.open(directory).notebook("notebook.ipynb").load()]


def test_cells_that_end_the_process(fresh: Callable[..., Kernel], tmp_path: Path) -> None:
    kernel = fresh()
    kernel.attach()
    kernel.cell("import os; x = [1]")
    kernel.session("s.flush()")
    for end in ("os._exit(0)", "os.kill(os.getpid(), 9)"):
        with pytest.raises(KernelDiedError):
            kernel.cell(f"x.append(2); {end}")
        assert codes(tmp_path) == [None, "import os; x = [1]"]
        kernel.kill_and_start()
        kernel.attach()
        assert kernel.serve("restore", ref="main")["failure"] is None
        assert kernel.value("x") == [1]


CHILDREN = {
    "fork": "import os\nchild = os.fork()\nif not child: x.append('child'); os._exit(0)\n_ = os.waitpid(child, 0)",
    "a fork that runs cells": (
        "import os\nchild = os.fork()\nif not child:\n"
        "    get_ipython().run_cell('x.append(3)', store_history=True); os._exit(0)\n_ = os.waitpid(child, 0)"
    ),
    "processes by fork": (
        "import multiprocessing\nwith multiprocessing.get_context('fork').Pool(2) as pool: made = pool.map(abs, [1, -2])"
    ),
    "processes by spawn": (
        "import multiprocessing\nchild = multiprocessing.get_context('spawn').Process(target=print)\n"
        "child.start(); child.join(); made = child.exitcode; del child"
    ),
    "a subprocess": "import subprocess, sys\nmade = subprocess.run([sys.executable, '-c', 'pass']).returncode",
}


@pytest.mark.parametrize("name", CHILDREN)
def test_child_processes_record_nothing(name: str, kernel: Kernel, notebook: Path) -> None:
    session_of(kernel, notebook)
    kernel.cell("x = [1]")
    kernel.session("s.flush()")
    before = {path.name for path in (notebook.parent / ".kishu").rglob("*.json")}
    run = kernel.cell(CHILDREN[name])
    assert run.stderr == ""
    kernel.session("s.flush()")
    new = {path for path in (notebook.parent / ".kishu").rglob("*.json") if path.name not in before}
    assert [path.parent.name for path in new] == ["checkpoints"]
    assert len(list((notebook.parent / ".kishu" / "local" / "heads").iterdir())) == 1
    assert kernel.value("x") == [1]
    kernel.cell("x.append(2)")
    assert kernel.serve("undo")["failure"] is None
    assert kernel.value("x") == [1]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of a megabyte."""
    place = tmp_path / "small"
    place.mkdir()
    if os.geteuid() != 0:
        pytest.skip("only root may mount a file system to fill")
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(place)], capture_output=True, text=True
    )
    if mounted.returncode:
        pytest.skip(f"no file system can be mounted here: {mounted.stderr.strip()}")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def test_a_cell_that_fills_the_disk(kernel: Kernel, small_disk: Path) -> None:
    session_of(kernel, small_disk / "notebook.ipynb")
    kernel.cell("x = [1]")
    kernel.session("s.flush()")
    first = kernel.session("s.head")
    fill = f"try:\n    with open({str(small_disk / 'full')!r}, 'wb', 0) as file:\n        while True: file.write(bytes(4096))\n"
    run = kernel.cell(fill + "except OSError as error: x.append(str(error))")
    assert run.stderr == ""
    kernel.session("s.flush()")
    assert "Free some disk space" in kernel.session("s.failure")
    assert kernel.serve("undo")["failure"] is not None, "it would lose what is not recorded"
    assert kernel.value("len(x)") == 2
    kernel.cell(f"import os; del file; os.remove({str(small_disk / 'full')!r})")
    kernel.session("s.flush()")
    assert kernel.session("s.failure") is None
    assert kernel.serve("restore", ref=first)["failure"] is None
    assert kernel.value("x") == [1]
    assert kernel.serve("restore", ref="main")["failure"] is None
    assert kernel.value("len(x)") == 2
