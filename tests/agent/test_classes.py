"""Classes of the notebook and their instances, through redefinition."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from miniature import Cell, cells, play

if TYPE_CHECKING:
    from pathlib import Path

    from kernel import Kernel

CASES: dict[str, tuple[Cell, ...]] = {
    "class attributes": cells(
        ("class C:\n    items = []\n    n = 0\nc = C(); d = C()", "c.items is d.items is C.items"),
        ("c.items.append(1); C.n += 1", "d.items == [1] and d.n == 1 and type(c) is C"),
        ("del C.n", "not hasattr(c, 'n') and d.items is C.items"),
        ("C.n = 5; c.n = 6", "d.n == 5 and c.n == 6"),
        ("shared = C.items", "shared is c.items"),
        ("shared.append(2)", "C.items == [1, 2] and shared is d.items"),
    ),
    "an instance changes and its class does not": cells(
        ("class P:\n    def __init__(self, x): self.x = x\n    def get(self): return self.x\np = P(1); q = P(2)", "p.get() == 1"),
        ("p.x = 10", "p.get() == 10 and type(p) is type(q) is P", "P q"),
        ("p.__dict__['y'] = [q]", "p.y[0] is q", "P"),
        ("def more(self): return 'more'\nP.more = more", "p.more() == q.more() == 'more' and P.more is more"),
    ),
    "redefinition with instances alive": cells(
        ("class A:\n    v = 1\n    def f(self): return 'old'\na = A()", "type(a) is A"),
        ("class A:\n    v = 2\n    def f(self): return 'new'\nb = A()", "a.f() == 'old' and b.f() == 'new' and type(b) is A and type(a) is not A"),
        ("type(a).v = 5", "a.v == 5 and b.v == 2 and a.f() == 'old'"),
        ("a.__class__ = A", "a.f() == 'new' and type(a) is type(b) is A"),
        Cell("del A", "a.f() == 'new' and type(a) is type(b)", gone="A"),
    ),
    "inheritance and super": cells(
        (
            "class A:\n    def f(self): return 'A'\n    def __repr__(self): return 'a'\n"
            "class B(A):\n    def f(self): return super().f() + 'B'\nclass C(B):\n    def f(self): return super(C, self).f() + 'C'\n"
            "b = B(); c = C()",
            "b.f() == 'AB' and c.f() == 'ABC' and C.__mro__[1] is B",
        ),
        ("A.f = lambda self: 'N'", "b.f() == 'NB' and c.f() == 'NBC' and isinstance(c, A)"),
        ("class A:\n    def f(self): return 'other'", "b.f() == 'NB' and not isinstance(b, A)"),
        ("class D(A, list): pass\nd = D([1])", "d == [1] and d.f() == 'other' and isinstance(d, A)"),
        ("d.append(c)", "d[1] is c and D.__mro__[1] is A"),
    ),
    "slots": cells(
        ("class S:\n    __slots__ = ('a', 'b', '__weakref__')\ns = S(); s.a = [1]", "s.a == [1] and not hasattr(s, 'b')"),
        ("s.b = s.a", "s.b is s.a and not hasattr(s, '__dict__')"),
        ("class T(S):\n    __slots__ = {'c': 'doc'}\nt = T(); t.a = s; t.c = 1", "t.a is s and t.c == 1"),
        ("class U(S): pass\nu = U(); u.a = 1; u.z = t", "u.z is t and u.a == 1"),
        ("class V:\n    __slots__ = 'one'\nclass W:\n    __slots__ = ('__p',)\n    def __init__(self): self.__p = 1\nw = W()", "w._W__p == 1"),
        ("w._W__p = 2", "w._W__p == 2"),
    ),
    "dataclasses": cells(
        (
            "from dataclasses import dataclass, field, KW_ONLY, replace\n@dataclass(order=True)\nclass D:\n    x: int\n"
            "    l: list = field(default_factory=list)\n@dataclass(frozen=True, slots=True)\nclass F:\n    a: int\n    _: KW_ONLY\n    b: D\n"
            "d = D(1); f = F(1, b=d)",
            "d == D(1) and f.b is d and D(1) < D(2)",
        ),
        ("d.l.append(3)", "f.b is d and d == D(1, [3]) and repr(d) == 'D(x=1, l=[3])'"),
        ("f = replace(f, a=2)", "f.b is d and f.a == 2 and hash is not None"),
        ("@dataclass\nclass E(D):\n    y: int = 5\ne = E(1)", "e.y == 5 and isinstance(e, D) and e.l == []", "d"),
        ("e.l = d.l", "e.l is d.l"),
    ),
    "named tuples": cells(
        (
            "from typing import NamedTuple\nfrom collections import namedtuple\nclass N(NamedTuple):\n    a: int\n    b: str = 'q'\n"
            "    def twice(self): return self.a * 2\nM = namedtuple('M', 'x y', defaults=[5])\nn = N(1); m = M(1, [2])",
            "n.b == 'q' and n.twice() == 2 and m.x == 1 and M(1).y == 5",
        ),
        ("m.y.append(3)", "m == M(1, [2, 3]) and type(m) is M and type(n) is N and n._replace(a=3).a == 3"),
        ("o = m._replace(x=n)", "o.x is n and o.y is m.y and type(o) is M"),
    ),
    "enumerations": cells(
        (
            "import enum\nclass Co(enum.Enum):\n    R = 1; G = 2; S = 1\n    def m(self): return self.name\n"
            "class Fl(enum.Flag):\n    A = enum.auto(); B = enum.auto()\nclass I(enum.IntEnum):\n    X = 3\n"
            "class SE(enum.StrEnum):\n    P = enum.auto()\nclass Pl(enum.Enum):\n    E = (1, 2)\n    def __init__(self, a, b): self.a = a; self.b = b\n"
            "x = Co.R; f = Fl.A | Fl.B; fa = Fl.A",
            "x is Co.R and Co.S is Co.R and x.m() == 'R' and f == Fl.A | Fl.B and I.X + 1 == 4 and SE.P == 'p' and Pl.E.b == 2",
        ),
        ("x = Co.G; Co.G.extra = [1]", "x is Co.G and x.extra == [1] and list(Co) == [Co.R, Co.G]"),
        ("l = [x, f, Pl.E]", "l[0] is Co.G and l[1] is f and l[2] is Pl.E and fa in f and Fl(3) == f"),
        ("class Co(enum.Enum):\n    R = 1", "x is not Co.R and type(x) is not Co and x.extra == [1]"),
    ),
    "enumerations with methods of their own": cells(
        (
            "import enum\nclass C(enum.Enum):\n    A = 1\n    @classmethod\n    def _missing_(cls, value): return cls.A\n"
            "class G(enum.StrEnum):\n    @staticmethod\n    def _generate_next_value_(name, start, count, last): return name * 2\n"
            "    P = enum.auto()\nclass N(bytes, enum.Enum):\n    def __new__(cls, value, label):\n"
            "        made = bytes.__new__(cls, [value]); made._value_ = value; made.label = label\n        return made\n    K = (1, 'one')",
            "C(5) is C.A and G.P == 'PP' and N.K.label == 'one' and N(1) is N.K and N.K == b'\\x01'",
        ),
        ("x = C(9)", "x is C.A and C(7) is C.A and G.P == 'PP' and N.K.label == 'one' and N.K == b'\\x01'"),
        ("C.A.note = [1]", "x.note == [1]"),
    ),
    "abstract classes, protocols and registration": cells(
        (
            "import abc\nclass A(abc.ABC):\n    @abc.abstractmethod\n    def f(self): ...\n    @property\n    @abc.abstractmethod\n"
            "    def p(self): ...\nclass B(A):\n    p = 2\n    def f(self): return 1\nb = B()\n"
            "def refuses(c):\n    try: c()\n    except TypeError: return True\n    return False",
            "b.f() == 1 and isinstance(b, A) and refuses(A)",
        ),
        ("b.x = 1", "isinstance(b, A) and refuses(A) and not refuses(B) and b.x == 1"),
        ("B.f.x = 1; B.q = 1", "issubclass(B, A) and b.q == 1"),
        ("A.register(list)", "isinstance([], A)"),
    ),
    "properties and descriptors": cells(
        (
            "import functools\nclass A:\n    @property\n    def p(self): return self._p\n    @p.setter\n    def p(self, v): self._p = v\n"
            "    @staticmethod\n    def s(): return 3\n    @classmethod\n    def c(cls): return cls\n"
            "    @functools.cached_property\n    def cached(self): return [1]\n"
            "a = A(); a.p = 3",
            "a.p == 3 and a.s() == 3 and a.c() is A",
        ),
        ("a.cached.append(2); a.p = 4", "a.cached == [1, 2] and a.p == 4 and 'cached' in vars(a)"),
        (
            "class D:\n    def __set_name__(self, owner, name): self.name = name\n    def __get__(self, i, o): return (self.name,)\n"
            "class E:\n    d = D()\n    def __init_subclass__(cls, **k): cls.k = k\nclass F(E, z=1): pass\nf = F()",
            "f.d == ('d',) and F.k == {'z': 1}",
        ),
        ("f.q = 1; F.k['y'] = 2", "f.d == ('d',) and f.q == 1 and F.k == {'z': 1, 'y': 2} and f.k is F.k"),
    ),
    "metaclasses": cells(
        (
            "made = []\nclass M(type):\n    def __new__(m, n, b, d):\n        made.append(n)\n        return super().__new__(m, n, b, d)\n"
            "    def __call__(cls, *a):\n        o = super().__call__(*a)\n        o.tag = 'm'\n        return o\n"
            "class K(metaclass=M): pass\nk = K()",
            "k.tag == 'm' and type(K) is M and made == ['K']",
        ),
        ("k.z = 1", "k.z == 1 and type(k) is K and type(K) is M and made == ['K']"),
        ("class L(K): pass\nl = L()", "made == ['K', 'L'] and type(L) is M and l.tag == 'm'", "k"),
        ("K.new = [1]", "l.new is k.new and made == ['K', 'L']"),
    ),
    "nested classes and classes of functions": cells(
        ("class O:\n    class I:\n        def f(self): return O\n    x = I()\no = O.I()", "type(o) is O.I and type(O.x) is O.I and o.f() is O"),
        ("o.v = 1", "o.v == 1 and type(o) is O.I", "O"),
        ("def make(n):\n    class Local:\n        def f(self): return n\n    return Local\nX = make(1); Y = make(2); x = X()", "x.f() == 1 and type(x) is X is not Y"),
        ("X.n = 1; x.y = Y()", "x.n == 1 and type(x.y) is Y and x.y.f() == 2"),
        ("Z = type('Z', (X,), {'z': [1]}); z = Z()", "z.z is Z.z and z.f() == 1 and isinstance(z, X)"),
    ),
    "a class that holds its instances": cells(
        ("class R:\n    all = []\n    def __init__(self): self.all.append(self)\na = R(); b = R()", "R.all[0] is a and R.all[1] is b"),
        ("c = R()", "R.all[2] is c and a.all is R.all and type(R.all[0]) is R"),
        ("a.peer = c", "R.all[0].peer is c is R.all[2]"),
        ("class Single: pass\nSingle.instance = Single(); Single.instance.cls = Single", "Single.instance.cls is Single"),
        ("Single.instance.n = 1", "Single.instance.n == 1 and type(Single.instance) is Single"),
    ),
    "operators and special methods": cells(
        (
            "class V:\n    def __init__(self, *c): self.c = c\n    def __add__(self, o): return V(*(a + b for a, b in zip(self.c, o.c)))\n"
            "    def __eq__(self, o): return self.c == o.c\n    def __hash__(self): return hash(self.c)\n    def __call__(self): return self\n"
            "    def __getitem__(self, i): return self.c[i]\n    def __iter__(self): return iter(self.c)\n    def __class_getitem__(cls, k): return (cls, k)\n"
            "v = V(1, 2); w = v + v; d = {v: 'v'}",
            "w == V(2, 4) and d[V(1, 2)] == 'v' and v() is v and list(w) == [2, 4] and V[1] == (V, 1)",
        ),
        ("d[w] = w; v.c = (5, 6)", "d[V(2, 4)] is w and v[0] == 5 and any(k is v for k in d)"),
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_classes(name: str, kernel: Kernel, other: Kernel, notebook: Path) -> None:
    play(kernel, other, notebook, CASES[name])


def test_an_old_class_that_nothing_holds_comes_back_once(kernel: Kernel, notebook: Path) -> None:
    from kernel import session_of

    session_of(kernel, notebook)
    kernel.cell("class A: pass\na = A(); b = A()")
    kernel.cell("del A, a, b\nimport gc; gc.collect()")
    kernel.serve("undo")
    assert kernel.values(["type(a) is A", "type(b) is A"]) == [True, True]
