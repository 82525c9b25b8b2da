"""Classes of the notebook and their instances, through redefinition."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from kernel import session_of
from miniature import Cell, cells, play

if TYPE_CHECKING:
    from pathlib import Path

    from kernel import Kernel

CASES: dict[str, tuple[Cell, ...]] = {
    "class attributes": cells(
        (
            """
            class C:
                items = []
                n = 0
            c = C(); d = C()
            """,
            "c.items is d.items is C.items",
        ),
        ("c.items.append(1); C.n += 1", "d.items == [1] and d.n == 1 and type(c) is C"),
        ("del C.n", "not hasattr(c, 'n') and d.items is C.items"),
        ("C.n = 5; c.n = 6", "d.n == 5 and c.n == 6"),
        ("shared = C.items", "shared is c.items"),
        ("shared.append(2)", "C.items == [1, 2] and shared is d.items"),
    ),
    "an instance changes and its class does not": cells(
        (
            """
            class P:
                def __init__(self, x): self.x = x
                def get(self): return self.x
            p = P(1); q = P(2)
            """,
            "p.get() == 1",
        ),
        ("p.x = 10", "p.get() == 10 and type(p) is type(q) is P", "P q"),
        ("p.__dict__['y'] = [q]", "p.y[0] is q", "P"),
        (
            """
            def more(self): return 'more'
            P.more = more
            """,
            "p.more() == q.more() == 'more' and P.more is more",
        ),
    ),
    "redefinition with instances alive": cells(
        (
            """
            class A:
                v = 1
                def f(self): return 'old'
            a = A()
            """,
            "type(a) is A",
        ),
        (
            """
            class A:
                v = 2
                def f(self): return 'new'
            b = A()
            """,
            "a.f() == 'old' and b.f() == 'new' and type(b) is A and type(a) is not A",
        ),
        ("type(a).v = 5", "a.v == 5 and b.v == 2 and a.f() == 'old'"),
        ("a.__class__ = A", "a.f() == 'new' and type(a) is type(b) is A"),
        Cell("del A", "a.f() == 'new' and type(a) is type(b)", gone="A"),
    ),
    "inheritance and super": cells(
        (
            """
            class A:
                def f(self): return 'A'
                def __repr__(self): return 'a'
            class B(A):
                def f(self): return super().f() + 'B'
            class C(B):
                def f(self): return super(C, self).f() + 'C'
            b = B(); c = C()
            """,
            "b.f() == 'AB' and c.f() == 'ABC' and C.__mro__[1] is B",
        ),
        ("A.f = lambda self: 'N'", "b.f() == 'NB' and c.f() == 'NBC' and isinstance(c, A)"),
        (
            """
            class A:
                def f(self): return 'other'
            """,
            "b.f() == 'NB' and not isinstance(b, A)",
        ),
        (
            """
            class D(A, list): pass
            d = D([1])
            """,
            "d == [1] and d.f() == 'other' and isinstance(d, A)",
        ),
        ("d.append(c)", "d[1] is c and D.__mro__[1] is A"),
    ),
    "slots": cells(
        (
            """
            class S:
                __slots__ = ('a', 'b', '__weakref__')
            s = S(); s.a = [1]
            """,
            "s.a == [1] and not hasattr(s, 'b')",
        ),
        ("s.b = s.a", "s.b is s.a and not hasattr(s, '__dict__')"),
        (
            """
            class T(S):
                __slots__ = {'c': 'doc'}
            t = T(); t.a = s; t.c = 1
            """,
            "t.a is s and t.c == 1",
        ),
        (
            """
            class U(S): pass
            u = U(); u.a = 1; u.z = t
            """,
            "u.z is t and u.a == 1",
        ),
        (
            """
            class V:
                __slots__ = 'one'
            class W:
                __slots__ = ('__p',)
                def __init__(self): self.__p = 1
            w = W()
            """,
            "w._W__p == 1",
        ),
        ("w._W__p = 2", "w._W__p == 2"),
    ),
    "dataclasses": cells(
        (
            """
            from dataclasses import dataclass, field, KW_ONLY, replace
            @dataclass(order=True)
            class D:
                x: int
                l: list = field(default_factory=list)
            @dataclass(frozen=True, slots=True)
            class F:
                a: int
                _: KW_ONLY
                b: D
            d = D(1); f = F(1, b=d)
            """,
            "d == D(1) and f.b is d and D(1) < D(2)",
        ),
        ("d.l.append(3)", "f.b is d and d == D(1, [3]) and repr(d) == 'D(x=1, l=[3])'"),
        ("f = replace(f, a=2)", "f.b is d and f.a == 2 and hash is not None"),
        (
            """
            @dataclass
            class E(D):
                y: int = 5
            e = E(1)
            """,
            "e.y == 5 and isinstance(e, D) and e.l == []",
        ),
        ("e.l = d.l", "e.l is d.l"),
    ),
    "named tuples": cells(
        (
            """
            from typing import NamedTuple
            from collections import namedtuple
            class N(NamedTuple):
                a: int
                b: str = 'q'
                def twice(self): return self.a * 2
            M = namedtuple('M', 'x y', defaults=[5])
            n = N(1); m = M(1, [2])
            """,
            "n.b == 'q' and n.twice() == 2 and m.x == 1 and M(1).y == 5",
        ),
        ("m.y.append(3)", "m == M(1, [2, 3]) and type(m) is M and type(n) is N and n._replace(a=3).a == 3"),
        ("o = m._replace(x=n)", "o.x is n and o.y is m.y and type(o) is M"),
    ),
    "enumerations": cells(
        (
            """
            import enum
            class Co(enum.Enum):
                R = 1; G = 2; S = 1
                def m(self): return self.name
            class Fl(enum.Flag):
                A = enum.auto(); B = enum.auto()
            class I(enum.IntEnum):
                X = 3
            class SE(enum.StrEnum):
                P = enum.auto()
            class Pl(enum.Enum):
                E = (1, 2)
                def __init__(self, a, b): self.a = a; self.b = b
            x = Co.R; f = Fl.A | Fl.B; fa = Fl.A
            """,
            "x is Co.R and Co.S is Co.R and x.m() == 'R' and f == Fl.A | Fl.B and I.X + 1 == 4 and SE.P == 'p' and Pl.E.b == 2",
        ),
        ("x = Co.G; Co.G.extra = [1]", "x is Co.G and x.extra == [1] and list(Co) == [Co.R, Co.G]"),
        ("l = [x, f, Pl.E]", "l[0] is Co.G and l[1] is f and l[2] is Pl.E and fa in f and Fl(3) == f"),
        (
            """
            class Co(enum.Enum):
                R = 1
            """,
            "x is not Co.R and type(x) is not Co and x.extra == [1]",
        ),
    ),
    "enumerations with methods of their own": cells(
        (
            """
            import enum
            class C(enum.Enum):
                A = 1
                @classmethod
                def _missing_(cls, value): return cls.A
            class G(enum.StrEnum):
                @staticmethod
                def _generate_next_value_(name, start, count, last): return name * 2
                P = enum.auto()
            """,
            "C(5) is C.A and G.P == 'PP'",
        ),
        ("x = C(9)", "x is C.A and C(7) is C.A and G.P == 'PP'"),
        ("C.A.note = [1]", "x.note == [1]"),
    ),
    "an enumeration that makes its members itself": cells(
        (
            """
            import enum
            class N(bytes, enum.Enum):
                def __new__(cls, value, label):
                    made = bytes.__new__(cls, [value]); made._value_ = value; made.label = label
                    return made
                K = (1, 'one')
            """,
            "N.K.label == 'one' and N(1) is N.K and N.K == b'\\x01'",
        ),
        ("n = N.K", "n is N.K is N(1) and n.label == 'one'", "N"),
        ("N.K.note = [1]", "n.note == [1] and n is N(1)"),
    ),
    "abstract classes, protocols and registration": cells(
        (
            """
            import abc
            class A(abc.ABC):
                @abc.abstractmethod
                def f(self): ...
                @property
                @abc.abstractmethod
                def p(self): ...
            class B(A):
                p = 2
                def f(self): return 1
            b = B()
            def refuses(c):
                try: c()
                except TypeError: return True
                return False
            """,
            "b.f() == 1 and isinstance(b, A) and refuses(A)",
        ),
        ("b.x = 1", "isinstance(b, A) and refuses(A) and not refuses(B) and b.x == 1"),
        ("B.f.x = 1; B.q = 1", "issubclass(B, A) and b.q == 1"),
        ("A.register(list)", "isinstance([], A)"),
    ),
    "properties and descriptors": cells(
        (
            """
            import functools
            class A:
                @property
                def p(self): return self._p
                @p.setter
                def p(self, v): self._p = v
                @staticmethod
                def s(): return 3
                @classmethod
                def c(cls): return cls
                @functools.cached_property
                def cached(self): return [1]
            a = A(); a.p = 3
            """,
            "a.p == 3 and a.s() == 3 and a.c() is A",
        ),
        ("a.cached.append(2); a.p = 4", "a.cached == [1, 2] and a.p == 4 and 'cached' in vars(a)"),
        (
            """
            class D:
                def __set_name__(self, owner, name): self.name = name
                def __get__(self, i, o): return (self.name,)
            class E:
                d = D()
                def __init_subclass__(cls, **k): cls.k = k
            class F(E, z=1): pass
            f = F()
            """,
            "f.d == ('d',) and F.k == {'z': 1}",
        ),
        ("f.q = 1; F.k['y'] = 2", "f.d == ('d',) and f.q == 1 and F.k == {'z': 1, 'y': 2} and f.k is F.k"),
    ),
    "metaclasses": cells(
        (
            """
            made = []
            class M(type):
                def __new__(m, n, b, d):
                    made.append(n)
                    return super().__new__(m, n, b, d)
                def __call__(cls, *a):
                    o = super().__call__(*a)
                    o.tag = 'm'
                    return o
            class K(metaclass=M): pass
            k = K()
            """,
            "k.tag == 'm' and type(K) is M and made == ['K']",
        ),
        ("k.z = 1", "k.z == 1 and type(k) is K and type(K) is M and made == ['K']"),
        (
            """
            class L(K): pass
            l = L()
            """,
            "made == ['K', 'L'] and type(L) is M and l.tag == 'm'",
            "k",
        ),
        ("K.new = [1]", "l.new is k.new and made == ['K', 'L']"),
    ),
    "nested classes and classes of functions": cells(
        (
            """
            class O:
                class I:
                    def f(self): return O
                x = I()
            o = O.I()
            """,
            "type(o) is O.I and type(O.x) is O.I and o.f() is O",
        ),
        ("o.v = 1", "o.v == 1 and type(o) is O.I", "O"),
        (
            """
            def make(n):
                class Local:
                    def f(self): return n
                return Local
            X = make(1); Y = make(2); x = X()
            """,
            "x.f() == 1 and type(x) is X is not Y",
        ),
        ("X.n = 1; x.y = Y()", "x.n == 1 and type(x.y) is Y and x.y.f() == 2"),
        ("Z = type('Z', (X,), {'z': [1]}); z = Z()", "z.z is Z.z and z.f() == 1 and isinstance(z, X)"),
    ),
    "a class that holds its instances": cells(
        (
            """
            class R:
                all = []
                def __init__(self): self.all.append(self)
            a = R(); b = R()
            """,
            "R.all[0] is a and R.all[1] is b",
        ),
        ("c = R()", "R.all[2] is c and a.all is R.all and type(R.all[0]) is R"),
        ("a.peer = c", "R.all[0].peer is c is R.all[2]"),
        (
            """
            class Single: pass
            Single.instance = Single(); Single.instance.cls = Single
            """,
            "Single.instance.cls is Single",
        ),
        ("Single.instance.n = 1", "Single.instance.n == 1 and type(Single.instance) is Single"),
    ),
    "immutable values that a class of the notebook makes": cells(
        (
            """
            import collections
            class Row(tuple):
                def __new__(cls, *items): return super().__new__(cls, items)
            class Double(float):
                def __new__(cls, value, unit): made = super().__new__(cls, 2 * value); made.unit = [unit]; return made
            class Point(collections.namedtuple('Point', 'x y')):
                def __new__(cls, both): return super().__new__(cls, both, [both])
            row, double, point = Row(1, [2]), Double(1.5, 'm'), Point(7)
            """,
            "row == (1, [2]) and type(row) is Row and double == 3 and double.unit == ['m'] and point == (7, [7])",
        ),
        (
            "row[1].append(point); point.y.append(row)",
            "row[1][1] is point and point.y[1] is row",
            "Row double",
        ),
        ("double.unit.append(double)", "double.unit[1] is double and type(double) is Double", "row point"),
    ),
    "a dict whose items are its attributes": cells(
        (
            """
            class Record(dict):
                def __init__(self, **items):
                    super().__init__(items)
                    self.__dict__ = self
            r = Record(x=1, y=[2]); s = r
            """,
            "r.x == 1 and r.__dict__ is r and s is r",
        ),
        ("r.z = r.y", "r['z'] is r.y and s.z == [2]", "Record"),
        ("r['x'] = 5", "r.x == 5 and list(r) == ['x', 'y', 'z']", "Record"),
    ),
    "keys that are hashed with names of the notebook": cells(
        (
            """
            places = 1
            def close(value): return round(value, places)
            class P:
                def __init__(self, value): self.value = value
                def __hash__(self): return hash(close(self.value))
                def __eq__(self, other): return close(self.value) == close(other.value)
            d = {P(1.23): [1]}; s = {P(2.5)}; k = next(iter(d))
            """,
            "d[P(1.21)] is d[k] and P(2.51) in s",
        ),
        ("d[P(3.04)] = [2]", "d[P(3.01)] == [2] and k in d", "s"),
        ("places = 3; e = d; d = {P(1.23): 0}", "P(1.21) not in d and P(1.23) in d"),
        ("del places, close, P; d = s = e = k = None", "d is None"),
    ),
    "operators and special methods": cells(
        (
            """
            class V:
                def __init__(self, *c): self.c = c
                def __add__(self, o): return V(*(a + b for a, b in zip(self.c, o.c)))
                def __eq__(self, o): return self.c == o.c
                def __hash__(self): return hash(self.c)
                def __call__(self): return self
                def __getitem__(self, i): return self.c[i]
                def __iter__(self): return iter(self.c)
                def __class_getitem__(cls, k): return (cls, k)
            v = V(1, 2); w = v + v; d = {v: 'v'}
            """,
            "w == V(2, 4) and d[V(1, 2)] == 'v' and v() is v and list(w) == [2, 4] and V[1] == (V, 1)",
        ),
        ("d[w] = w; v.c = (5, 6)", "d[V(2, 4)] is w and v[0] == 5 and any(k is v for k in d)"),
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_classes(name: str, kernel: Kernel, other: Kernel, notebook: Path) -> None:
    play(kernel, other, notebook, CASES[name])


def test_an_old_class_that_nothing_holds_comes_back_once(kernel: Kernel, notebook: Path) -> None:
    session_of(kernel, notebook)
    kernel.cell("class A: pass\na = A(); b = A()")
    kernel.cell("del A, a, b\nimport gc; gc.collect()")
    kernel.serve("undo")
    assert kernel.values(["type(a) is A", "type(b) is A"]) == [True, True]


def test_recording_makes_no_instances(kernel: Kernel, notebook: Path) -> None:
    """Whether a state loads is tried on the side, without the __new__ that counts instances."""
    session_of(kernel, notebook)
    kernel.cell(
        """
        class Counted:
            all = []
            def __new__(cls, n):
                made = super().__new__(cls); cls.all.append(made); return made
            def __init__(self, n): self.n = n
        one = Counted(1)
        """
    )
    kernel.cell("two = Counted(2); one.n = 5")
    assert kernel.value("[each.n for each in Counted.all]") == [5, 2]
    kernel.do("s.undo()")
    assert kernel.values(["[each.n for each in Counted.all]", "Counted.all[0] is one"]) == [[1], True]
    kernel.do("s.redo()")
    assert kernel.values(["[each.n for each in Counted.all]", "Counted.all[1] is two"]) == [[5, 2], True]


def test_no_finalizer_runs_while_a_state_is_recorded(kernel: Kernel, notebook: Path) -> None:
    """Whether a state loads is not tried where the copy's __del__ would run."""
    session_of(kernel, notebook)
    kernel.cell("ended = []")
    kernel.cell(
        """
        class Ending:
            all = []
            def __init__(self, n): self.n = n
            def __del__(self): ended.append(self.n)
        one = Ending(1); Ending.all.append(Ending(2))
        """
    )
    assert kernel.value("ended") == []
    kernel.cell("del one")
    assert kernel.value("ended") == [1]
    kernel.do("s.undo()")
    assert kernel.values(["ended", "one.n", "Ending.all[0].n"]) == [[], 1, 2]
