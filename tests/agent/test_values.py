"""Values of the language and of the standard library: each keeps its value, type and identity."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from miniature import Cell, cells, play

if TYPE_CHECKING:
    from pathlib import Path

    from kernel import Kernel

CASES: dict[str, tuple[Cell, ...]] = {
    "numbers and text": cells(
        (
            """
            a = 1; b = 2.5; c = 1j; d = 10 ** 500; e = 'é' * 1000; f = b'\\0x'; g = None; h = True; i = float('nan')
            j = -0.0; k = ...; l = NotImplemented; m = '\\ud800'; n = float('inf')
            """,
            "d == 10 ** 500 and i != i and str(j) == '-0.0' and k is ... and l is NotImplemented and m == '\\ud800'",
        ),
        (
            "a += 1; e += 'x'; d += 1; j = 0.0; h = 1",
            "a == 2 and e[-1] == 'x' and d % 2 == 1 and h is not True",
        ),
        ("a = True; b = 2", "a is True and type(b) is int"),
        ("a = 1; b = 2.0", "type(a) is int and type(b) is float"),
    ),
    "plain containers": cells(
        (
            "l = [1, [2]]; t = (1, [2]); s = {1, 'a'}; f = frozenset('ab'); d = {'b': 1, 'a': 2}",
            "list(d) == ['b', 'a']",
        ),
        ("d['b'] = d.pop('b')", "list(d) == ['a', 'b']", "l t s"),
        (
            "s |= {3}; t[1].append(3); l[1] += [3]",
            "s == {1, 'a', 3} and t == (1, [2, 3]) and l == [1, [2, 3]]",
            "d",
        ),
        ("s.discard(3); l.sort(key=str); f = f | {'c'}", "s == {1, 'a'} and f == {'a', 'b', 'c'}", "d t"),
        (
            "e = [], (), {}, set(), frozenset(), '', b''; r = range(3); sl = slice(1, None)",
            "len(e) == 7",
            "l t s d",
        ),
    ),
    "bytes": cells(
        (
            "a = bytearray(b'ab'); b = b'ab'; import array; c = array.array('i', [1, 2])",
            "a == b and c[1] == 2",
        ),
        ("a[0] = 65; c.append(3)", "a == b'Ab' and list(c) == [1, 2, 3]"),
    ),
    "collections": cells(
        (
            """
            from collections import *
            c = Counter('aab'); q = deque([1, 2], maxlen=3); dd = defaultdict(list)
            od = OrderedDict(b=1, a=2); ch = ChainMap({'a': 1}, {'b': 2}); ud = UserDict(a=1); ul = UserList([1])
            """,
            "c['a'] == 2 and q.maxlen == 3 and list(od) == ['b', 'a']",
        ),
        (
            "c.update('b'); q.extend([3, 4]); dd['k'].append(1); od.move_to_end('b'); ch['a'] = 5; ul.append(2)",
            "c['b'] == 2 and list(q) == [2, 3, 4] and dd == {'k': [1]} and list(od) == ['a', 'b'] and ch['a'] == 5",
        ),
        (
            "q.rotate(1); c.subtract('aaa')",
            "list(q) == [4, 2, 3] and c['a'] == -1 and dd.default_factory is list",
        ),
    ),
    "a defaultdict with a function of the notebook": cells(
        (
            """
            from collections import defaultdict
            dd = defaultdict(lambda: [0])
            """,
            "dd.default_factory() == [0]",
        ),
        ("dd['a'].append(1)", "dd['a'] == [0, 1] and len(dd) == 1"),
    ),
    "time and numbers of the library": cells(
        (
            """
            import datetime as dt, decimal, fractions, zoneinfo, uuid
            x = [dt.datetime(2020, 1, 1, tzinfo=dt.timezone.utc), dt.date(2020, 1, 2), dt.timedelta(1), dt.time(3),
                 dt.datetime(2020, 6, 1, tzinfo=zoneinfo.ZoneInfo('UTC')), decimal.Decimal('1.10'), fractions.Fraction(1, 3),
                 uuid.UUID(int=5)]; y = x[0]
            """,
            "y == x[0] and str(x[5]) == '1.10' and x[0].tzinfo is dt.timezone.utc",
        ),
        ("x[1] = x[1] + x[2]", "x[1] == dt.date(2020, 1, 3) and y == x[0]"),
    ),
    "paths, patterns and text streams": cells(
        (
            """
            import pathlib, re, io, string
            p = pathlib.Path('a') / 'b'; r = re.compile('a+', re.I)
            s = io.StringIO('abc'); b = io.BytesIO(b'abc'); t = string.Template('$x')
            """,
            "p.name == 'b' and r.match('AA') and s.read(1) == 'a' and s.seek(0) == 0",
        ),
        (
            "s.seek(2); b.write(b'zz'); p = p.parent",
            "s.tell() == 2 and b.getvalue() == b'zzc' and str(p) == 'a'",
        ),
    ),
    "iterators": cells(
        ("i = iter([1, 2, 3]); z = zip('ab', [1, 2]); e = enumerate('ab'); m = map(str, [1, 2])", "True"),
        ("got = next(i), next(z), next(e), next(m)", "got == (1, ('a', 1), (0, 'a'), '1')"),
        ("more = list(i), list(z), list(e), list(m)", "more == ([2, 3], [('b', 2)], [(1, 'b')], ['2'])"),
    ),
    "subclasses of built-in types": cells(
        (
            """
            class S(str): pass
            class L(list):
                def __init__(self, *a): super().__init__(*a); self.t = 1
            class D(dict):
                def __missing__(self, k): return 0
            class I(int): pass
            class T(tuple): pass
            s = S('a'); s.x = [1]; l = L([1]); d = D(a=1); i = I(3); t = T([l])
            """,
            "s.x == [1] and l.t == 1 and d['zz'] == 0 and type(i) is I and t[0] is l",
        ),
        (
            "l.append(2); d['b'] = s; s.x.append(2)",
            "t[0] is l and l == [1, 2] and d['b'] is s and s.x == [1, 2] and type(d) is D and type(i) is I",
        ),
    ),
    "exceptions": cells(
        (
            """
            try:
                1 / 0
            except Exception as error: e = error
            """,
            "type(e) is ZeroDivisionError",
        ),
        ("e.add_note('q'); e.extra = [1]", "e.__notes__ == ['q'] and e.extra == [1]"),
        (
            """
            class Bad(Exception):
                def __init__(self, a, *, b): super().__init__(a); self.b = b
            try: raise Bad(1, b=[2])
            except Bad as error: f = error
            """,
            "f.b == [2] and f.args == (1,) and type(f) is Bad",
            "e",
        ),
        ("f.b.append(3)", "f.b == [2, 3] and isinstance(f, Bad)", "e"),
        ("g = ExceptionGroup('g', [e, f])", "g.exceptions[1] is f and g.exceptions[0] is e"),
    ),
    "large values": cells(
        (
            "big = 'x' * 3_000_000; raw = bytes(3_000_000); l = list(range(100_000))",
            "len(big) == len(raw) == 3_000_000",
        ),
        ("l[50_000] = -1", "l[50_000] == -1 and len(l) == 100_000", "big raw"),
        ("d = {number: str(number) for number in range(50_000)}", "d[49_999] == '49999'", "big raw l"),
        ("l.insert(0, 'first')", "l[0] == 'first' and len(l) == 100_001", "big raw d"),
    ),
    "many names": cells(
        ("for number in range(2000): globals()[f'name{number}'] = [number]", "name1999 == [1999]"),
        ("name7.append(name8)", "name7[1] is name8", "name6 name1999"),
    ),
    "locks, loggers and modules made at run time": cells(
        (
            """
            import threading, logging, types
            lock = threading.Lock(); rlock = threading.RLock()
            log = logging.getLogger('q'); mod = types.ModuleType('mod'); mod.x = [1]; y = mod.x; holder = [lock]
            """,
            "holder[0] is lock and mod.x is y and log is logging.getLogger('q')",
        ),
        ("y.append(2); held = lock.acquire()", "mod.x == [1, 2] and lock.locked() and holder[0] is lock"),
        ("lock.release()", "not lock.locked() and holder[0] is lock"),
    ),
    "objects with their own pickling": cells(
        (
            """
            class A:
                def __init__(self, *, q): self.q = q
                def __getstate__(self): return {'q': self.q}
                def __setstate__(self, state): self.q = state['q']
            class B:
                def __new__(cls, x):
                    o = super().__new__(cls); o.x = x; return o
                def __getnewargs__(self): return (self.x,)
            class C:
                def __init__(self, l): self.l = l
                def __reduce__(self): return C, (self.l,)
            a = A(q=[1]); b = B([1]); c = C(a)
            """,
            "a.q == [1] and b.x == [1] and c.l is a",
        ),
        ("a.q.append(2); b.x.append(2)", "c.l is a and a.q == [1, 2] and b.x == [1, 2]"),
    ),
    "attributes computed on demand": cells(
        (
            """
            class P:
                def __init__(self): self.data = {'q': 1}
                def __getattr__(self, name):
                    try: return self.data[name]
                    except KeyError: raise AttributeError(name) from None
            p = P()
            """,
            "p.q == 1",
        ),
        ("p.data['q'] = 2", "p.q == 2"),
    ),
    "weak references": cells(
        (
            """
            import weakref
            class Target: pass
            target = Target(); ref = weakref.ref(target); by = weakref.WeakValueDictionary(k=target)
            """,
            "ref() is target and by['k'] is target",
        ),
        ("target.x = [1]", "ref() is target and ref().x == [1] and by['k'] is target"),
        ("other = [1]", "ref() is target", "target ref by"),
    ),
    "hashing and equality of their own": cells(
        (
            """
            class E:
                def __eq__(self, other): raise ValueError('eq')
                __hash__ = None
            class T:
                def __eq__(self, other): return True
                def __hash__(self): return 1
                def __bool__(self): raise ValueError('bool')
                def __len__(self): return -1
                def __repr__(self): raise ValueError('repr')
            e = E(); t = T(); x = [e, t]; d = {t: e}
            """,
            "x[0] is e and x[1] is t and list(d)[0] is t",
        ),
        ("e.v = 1; t.v = 2", "x[0].v == 1 and list(d)[0].v == 2 and d[t] is e"),
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_values(name: str, kernel: Kernel, other: Kernel, notebook: Path) -> None:
    play(kernel, other, notebook, CASES[name])
