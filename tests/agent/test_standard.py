"""Objects of the standard library that pickle does not know or does not keep whole: right, or named as not storable."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from kernel import session_of
from miniature import Cell, block, cells, play

if TYPE_CHECKING:
    from pathlib import Path

    from kernel import Kernel

CASES: dict[str, tuple[Cell, ...]] = {
    "files": cells(
        (
            """
            import pathlib, sys
            pathlib.Path('lines.txt').write_text('one\\ntwo\\nthree\\n')
            with open('lines.txt') as done: text = done.read()
            with open('made.txt', 'w', encoding='latin-1') as written: _ = written.write(text)
            f = open('lines.txt'); b = open('lines.txt', 'rb'); r = open('lines.txt', 'rb', buffering=0); inner = f.buffer
            streams = [sys.stdout, sys.stderr]
            """,
            (
                "done.closed and done.name == 'lines.txt' and done.mode == 'r' and written.closed and written.mode == 'w'"
                " and streams == [sys.stdout, sys.stderr] and f.buffer is inner and written.encoding == 'latin-1'"
            ),
        ),
        (
            "line = f.readline(); _ = b.seek(6), r.seek(8)",
            "(f.tell(), b.tell(), r.tell(), f.mode, b.mode, f.name, type(r).__name__) == (4, 6, 8, 'r', 'rb', 'lines.txt', 'FileIO')",
            "done written",
        ),
        (
            "rest = f.read(), b.read(), r.read()",
            "rest == ('two\\nthree\\n', b'o\\nthree\\n', b'three\\n')",
            "done written",
        ),
        ("f.close()", "f.closed and f.name == 'lines.txt' and inner.closed and not b.closed"),
    ),
    "weak references of every kind": cells(
        (
            """
            import weakref
            class Target:
                def method(self): return self
            gone = []
            target = Target(); ref = weakref.ref(target, gone.append); proxy = weakref.proxy(target)
            method = weakref.WeakMethod(target.method); keys = weakref.WeakKeyDictionary({target: 1}); every = weakref.WeakSet([target])
            """,
            "ref() is target and method()() is target and keys[target] == 1 and target in every and type(proxy) is weakref.ProxyType",
        ),
        ("target.x = [1]", "proxy.x is target.x and ref().x == [1] and ref.__callback__.__self__ is gone"),
        ("other = [1]", "proxy.x is target.x", "target ref proxy method keys every gone"),
    ),
    "matches, structs and generators of the system": cells(
        (
            """
            import re, struct, random, decimal, os, logging
            m = re.match('(a)(?P<n>b)?', 'abc'); late = re.compile('b').search('abcb', 2, 4)
            each = list(re.finditer('.', 'xyz')); s = struct.Struct('<if'); random_of_system = random.SystemRandom()
            context = decimal.Context(prec=5); third = context.divide(1, 3); generator = random.Random(3)
            environment = os.environ; log = logging.getLogger('a.b'); handler = logging.StreamHandler()
            """,
            (
                "m['n'] == 'b' and m.span() == (0, 2) and (late.start(), late.pos, late.endpos) == (3, 2, 4) and each[2].group() == 'z'"
                " and s.size == 8 and 0 <= random_of_system.random() < 1 and context.flags[decimal.Inexact] and environment is os.environ"
                " and log is logging.getLogger('a.b') and handler.stream is __import__('sys').stderr"
            ),
        ),
        (
            "context.prec = 6; first = generator.random()",
            "context.prec == 6 and first == random.Random(3).random()",
            "m s",
        ),
        ("second = generator.random()", "second != first", "m s context each late"),
    ),
    "what threads share": cells(
        (
            """
            import threading, queue
            event = threading.Event(); semaphore = threading.Semaphore(2); local = threading.local(); barrier = threading.Barrier(2)
            condition = threading.Condition(); q = queue.Queue(3); first = queue.PriorityQueue(); last = queue.LifoQueue(); item = [1]
            """,
            "not event.is_set() and semaphore._value == 2 and q.empty() and barrier.parties == 2",
        ),
        (
            "event.set(); _ = semaphore.acquire(); local.x = item; q.put(item); first.put(2); first.put(1); last.put(3)",
            "event.is_set() and semaphore._value == 1 and local.x is item is q.queue[0] and first.queue == [1, 2] and q.maxsize == 3",
        ),
        (
            "got = q.get(), first.get()",
            "got[0] is item is local.x and got[1] == 1 and first.queue == [2] and last.queue == [3]",
        ),
    ),
    "exceptions in full": cells(
        (
            """
            def caught(call):
                try: call()
                except BaseException as error: return error
            class Two(ValueError, OSError): pass
            class New(Exception):
                def __new__(cls, a, *, b): return super().__new__(cls, a)
                def __init__(self, a, *, b): self.b = b
            loop = ValueError(); loop.args = (loop, [loop])
            all = [caught(lambda: open('/none')), caught(lambda: b'\\xff'.decode()), caught(lambda: [].x), caught(lambda: none),
                caught(lambda: {}['k']), StopIteration([5]), SystemExit(3), caught(lambda: __import__('none')),
                caught(lambda: compile('a b', 'f', 'exec')), UnicodeEncodeError('ascii', 'a', 0, 1, 'r'), OSError('only'),
                ExceptionGroup('g', [ValueError(1)]), Two(1, 'two'), New(1, b=2)]
            texts = list(map(repr, all)) + list(map(str, all))
            """,
            (
                "texts == list(map(repr, all)) + list(map(str, all)) and loop.args[0] is loop is loop.args[1][0] and all[0].filename == '/none'"
                " and (all[2].name, all[3].name, all[5].value, all[6].code, all[7].name, all[8].lineno) == ('x', 'none', [5], 3, 'none', 1)"
                " and all[-1].b == 2 and type(all[-2]) is Two"
            ),
        ),
        ("all[5].value.append(6)", "all[5].args[0] is all[5].value and all[5].value == [5, 6]", "loop"),
    ),
    "itertools": cells(
        (
            """
            import itertools as it
            a, b = it.tee(iter(range(5))); c = it.cycle('abc'); groups = it.groupby('aabb'); numbers = [1, 2, 3]
            every = [it.chain([1], [2]), it.count(3, 2), it.repeat(1, 2), it.islice(range(9), 2, 6), it.accumulate([1, 2]), it.product('ab', [1]),
                it.permutations('ab'), it.combinations('abc', 2), it.zip_longest('a', 'bc'), it.starmap(pow, [(2, 3)]), it.takewhile(bool, [1, 0]),
                it.dropwhile(bool, [1, 0]), it.filterfalse(bool, [0, 1]), it.compress('ab', [0, 1]), it.combinations_with_replacement('ab', 2),
                reversed(numbers), filter(None, numbers), iter({'a': 1}), iter({1}), iter({}.items()), reversed({'a': 1}), iter(int, 0)]
            """,
            "len(every) == 22",
        ),
        (
            "got = next(a), next(c), next(groups)[0], [next(i) for i in every[:4]]",
            "got == (0, 'a', 'a', [1, 3, 1, 2])",
        ),
        (
            "more = list(a), list(b), next(c), next(groups)[0], [list(it.islice(i, 3)) for i in every]",
            (
                "more == ([1, 2, 3, 4], [0, 1, 2, 3, 4], 'b', 'b', [[2], [5, 7, 9], [1], [3, 4, 5], [1, 3], [('a', 1), ('b', 1)],"
                " [('a', 'b'), ('b', 'a')], [('a', 'b'), ('a', 'c'), ('b', 'c')], [('a', 'b'), (None, 'c')], [8], [1], [0], [0], ['b'],"
                " [('a', 'a'), ('a', 'b'), ('b', 'b')], [3, 2, 1], [1, 2, 3], ['a'], [1], [], ['a'], []])"
            ),
        ),
    ),
    "functools": cells(
        (
            """
            import functools
            @functools.singledispatch
            def kind(x): return 'other'
            @kind.register
            def _(x: int): return 'number'
            class A:
                @functools.singledispatchmethod
                def f(self, x): return 'other'
                @f.register
                def _(self, x: int): return 'number'
                def g(self, x, y=0): return x, y
                h = functools.partialmethod(g, 1, y=2)
            calls = []
            @functools.lru_cache(maxsize=5)
            def cached(x): calls.append(x); return [x]
            a = A()
            """,
            "kind(1) == a.f(1) == 'number' and kind('') == a.f('') == 'other' and a.h() == (1, 2)",
        ),
        (
            """
            @kind.register
            def _(x: str): return 'text'
            a.x = cached(1)
            """,
            "kind('') == 'text' and a.x == [1] and calls == [1] and cached.cache_parameters() == {'maxsize': 5, 'typed': False}",
        ),
    ),
    "typing": cells(
        (
            """
            import typing, collections.abc as abc
            T = typing.TypeVar('T', bound='int'); P = typing.ParamSpec('P'); Ts = typing.TypeVarTuple('Ts')
            class Box(typing.Generic[T]):
                def __init__(self, x: T): self.x = x
            class Many(typing.Generic[typing.Unpack[Ts]]): pass
            class Movie(typing.TypedDict, total=False):
                name: str
            @typing.runtime_checkable
            class Closes(typing.Protocol):
                def close(self): ...
            hints = [list[int], typing.Optional[int], int | None, Box[int], abc.Callable[P, T], typing.Annotated[int, 5], typing.Union[int, T]]
            b = Box[str]('a'); many = Many[int, str]()
            """,
            (
                "hints[3].__origin__ is Box and hints[2] == (int | None) and b.__orig_class__ == Box[str] and hints[4].__parameters__ == (P, T)"
                " and many.__orig_class__ == Many[int, str] and Movie.__total__ is False and typing.is_typeddict(Movie) and T.__bound__"
            ),
        ),
        (
            "b.x = Movie(name='m')",
            "b.x == {'name': 'm'} and isinstance(open, object) and not isinstance(b, Closes)",
        ),
    ),
    "ctypes": cells(
        (
            """
            import ctypes, numpy as np
            class Point(ctypes.Structure):
                _pack_ = 1
                _fields_ = [('x', ctypes.c_byte), ('y', ctypes.c_double)]
            class Line(ctypes.Structure):
                _fields_ = [('ends', Point * 2)]
                def length(self): return 3
            n = ctypes.c_int(5); array = (ctypes.c_int * 3)(1, 2, 3); over = np.ctypeslib.as_array(array); view = memoryview(array)
            line = Line(); line.ends[1].y = 2.5
            """,
            (
                "n.value == 5 and list(array) == [1, 2, 3] and line.ends[1].y == 2.5 and ctypes.sizeof(Point) == 9 and line.length() == 3"
                " and type(array) is ctypes.c_int * 3"
            ),
        ),
        (
            "array[1] = 7; n.value = 6",
            "over[1] == 7 == bytes(view)[4] and n.value == 6 and type(line) is Line",
            "line",
        ),
        ("over[2] = 8; line.ends[0].x = 1", "array[2] == 8 == bytes(view)[8] and line.ends[0].x == 1", "n"),
    ),
    "classes made by metaclasses of libraries": cells(
        (
            """
            import pydantic, typing, enum, traitlets
            class Color(enum.Enum):
                RED = 'r'
            class Inner(pydantic.BaseModel):
                model_config = {'frozen': True}
                color: Color = Color.RED
            class Outer(Inner):
                i: Inner = pydantic.Field(default_factory=Inner, alias='I')
                o: typing.Optional['Outer'] = None
                n: int = 0
                _p: int = pydantic.PrivateAttr(5)
                @pydantic.field_validator('n')
                @classmethod
                def more(cls, value): return value + 1
                @pydantic.computed_field
                @property
                def twice(self) -> str: return self.color.value * 2
            T = typing.TypeVar('T')
            class Generic(pydantic.BaseModel, typing.Generic[T]):
                x: T
            class Holder(pydantic.BaseModel):
                held: Generic[int]
            outer = Outer(o=Outer(), n='3'); g = Generic[int](x='3'); holder = Holder(held={'x': 1})
            class Traits(traitlets.HasTraits):
                x = traitlets.Int(3)
                @traitlets.observe('x')
                def changed(self, change): self.seen = change.new
            traits = Traits()
            """,
            (
                "outer.model_dump(by_alias=True)['o']['twice'] == 'rr' and outer.n == 4 and Outer(n='5').n == 6 and isinstance(outer.i, Inner)"
                " and Outer.model_validate_json(outer.model_dump_json(by_alias=True)).o._p == 5 and Outer.model_json_schema()"
                " and 'o' in str(__import__('inspect').signature(Outer)) and g.x == 3 and type(g) is Generic[int] is type(holder.held) and Traits().x == 3"
            ),
        ),
        ("traits.x = 4; g.x = 5", "traits.seen == 4 and g.x == 5 and type(traits) is Traits", "outer"),
        (
            """
            class Outer(Inner):
                z: int
            new = Outer(z=1)
            """,
            "new.z == 1 and type(outer) is not Outer and outer.twice == 'rr' and outer.n == 4",
            "traits g",
        ),
    ),
    "circles through every kind of container": cells(
        (
            """
            import collections, types, functools
            l = []; l.append((l,)); d = {}; d['d'] = d; q = collections.deque(); q.append(q); s = types.SimpleNamespace(); s.s = s
            dd = collections.defaultdict(list); dd['x'].append(dd); od = collections.OrderedDict(); od['o'] = od
            class C: pass
            c = C(); c.set = {c}; c.frozen = frozenset([c]); p = functools.partial(print, []); p.args[0].append(p)
            def f(): return f
            f.me = f; chain = collections.ChainMap({}); chain['c'] = chain; i = []; i.append(iter(i)); ud = collections.UserDict(); ud['u'] = ud
            bound = []; bound.append(bound.append); proxy = types.MappingProxyType(d)
            """,
            (
                "l[0][0] is l and d['d'] is d is proxy['d'] and q[0] is q and s.s is s and dd['x'][0] is dd and od['o'] is od and p.args[0][0] is p"
                " and c in c.set and c in c.frozen and f.me is f and chain['c'] is chain and ud['u'] is ud and bound[0].__self__ is bound"
            ),
        ),
        (
            "l.append(1); d['n'] = 1; c.x = 1; got = next(i[0])",
            "got is i[0] and l[0][0] is l and proxy['n'] == 1 and list(c.set)[0].x == 1",
        ),
    ),
    "ten thousand levels": cells(
        (
            """
            class Node: pass
            head = last = Node(); l = []; d = {}; end = l
            for _ in range(10_000): last.next = Node(); last = last.next; l = [l]; d = {'k': d}
            def depth(node):
                n = 0
                while hasattr(node, 'next'): node = node.next; n += 1
                return n
            """,
            "depth(head) == 10_000",
        ),
        ("last.next = Node(); end.append(1)", "depth(head) == 10_001"),
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_standard(name: str, kernel: Kernel, other: Kernel, notebook: Path) -> None:
    for each in (kernel, other):
        each.hidden(f"import os; os.chdir({str(notebook.parent)!r}); del os")
    try:
        play(kernel, other, notebook, CASES[name])
    finally:
        for each in (
            kernel,
            other,
        ):  # the directory goes away, and there are libraries that cannot be loaded then
            if each.alive:
                each.hidden(f"import os; os.chdir({str(each.directory)!r}); del os")


NOT_STORED = {
    "written": "open(path + '.w', 'w')",
    "appended": "open(path, 'a')",
    "updated": "open(path, 'r+')",
    "updated_bytes": "open(path, 'rb+')",
    "device": "open('/dev/null')",
    "unlinked": "(pathlib.Path(path + '.x').write_text('x'), open(path + '.x'), os.remove(path + '.x'))[1]",
    "line_ends": "(lambda file: (file.read(), file)[1])(open(path, newline=''))",
    "temporary": "tempfile.NamedTemporaryFile()",
    "directory": "tempfile.TemporaryDirectory()",
    "archive": "zipfile.ZipFile(path + '.zip', 'w')",
    "tar": "tarfile.open(path + '.tar', 'w')",
    "finalizer": "weakref.finalize(target, print)",
    "process": "subprocess.Popen(['sleep', '60'])",
    "pending": "concurrent.futures.Future()",
    "digest": "hashlib.sha256(b'a')",
    "compressor": "zlib.compressobj()",
    "csv_reader": "csv.reader(['a,b'])",
    "context_variable": "contextvars.ContextVar('v')",
    "pointer": "ctypes.pointer(ctypes.c_int(3))",
    "mapped": "mmap.mmap(-1, 100)",
}


def test_what_has_no_stored_form_is_named(kernel: Kernel, notebook: Path) -> None:
    """And looking at it, or trying to load it, does nothing to files or processes."""
    file = notebook.with_name("file.txt")
    file.write_bytes(b"one\r\ntwo\r\n")
    session_of(kernel, notebook)
    kernel.cell(
        block(
            f"""
            import concurrent.futures, contextvars, csv, ctypes, hashlib, mmap, os, pathlib, subprocess, tarfile, tempfile, weakref
            import zipfile, zlib
            path = {str(file)!r}
            class Target: pass
            target = Target()
            """
        )
    )
    for name, expression in NOT_STORED.items():
        kernel.cell(f"{name} = {expression}")
        entry = kernel.checkpoints()[-1]
        assert list(entry["problems"]) == [name], (name, entry["problems"])
    kernel.cell("done = 1")
    assert kernel.session("s.failure") is None
    kernel.do("s.flush()")
    how = {
        root: stored["how"]
        for entry in kernel.checkpoints()
        for stored in entry["added"]
        for root in stored["roots"]
    }
    assert {name: how[name] for name in NOT_STORED} == dict.fromkeys(NOT_STORED, "replay")
    assert kernel.value("process.poll()") is None
    assert file.read_bytes() == b"one\r\ntwo\r\n"
    kernel.hidden("process.kill(); process.wait(); written.close()")
    kernel.cell("process = subprocess.Popen(['true']); _ = process.wait(); directory.cleanup()")
    assert not kernel.checkpoints()[-1]["problems"].get("process")


def test_a_class_of_an_unknown_metaclass_is_named(kernel: Kernel, notebook: Path) -> None:
    session_of(kernel, notebook)
    kernel.cell(
        "import sys, types\nlibrary = sys.modules['library'] = types.ModuleType('library')\n"
        "exec('class Registry(type): pass', library.__dict__)\nclass Table(metaclass=library.Registry): pass\nt = Table()"
    )
    head = kernel.session("s.head")
    kernel.cell("del t, Table; import gc; _ = gc.collect()")
    failure = kernel.serve("restore", ref=head, replay=False)["failure"]
    assert "library.Registry" in failure["message"]
    kernel.hidden("del __import__('sys').modules['library']")


def test_a_file_that_is_gone_is_named_and_not_made(kernel: Kernel, notebook: Path) -> None:
    file = notebook.with_name("file.txt")
    file.write_text("one\ntwo\n")
    session_of(kernel, notebook)
    kernel.cell(f"f = open({str(file)!r}); line = f.readline()")
    head = kernel.session("s.head")
    kernel.cell("f = None")
    file.unlink()
    failure = kernel.serve("restore", ref=head)["failure"]
    assert failure["code"] == "LOAD_FAILED"
    assert str(file) in failure["message"]
    assert kernel.value("f") is None
    assert not file.exists()
    file.write_text("o")
    assert str(file) in kernel.serve("restore", ref=head)["failure"]["message"]
    file.write_text("one\r\ntwo\n")
    assert "line ends" in kernel.serve("restore", ref=head)["failure"]["message"]
    file.write_text("one\ntwo\n")
    assert kernel.serve("restore", ref=head)["failure"] is None
    assert kernel.values(["line", "f.readline()"]) == ["one\n", "two\n"]
