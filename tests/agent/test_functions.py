"""Functions of the notebook: closures, defaults, attributes, decorators, and who refers to whom."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from miniature import Cell, cells, play

if TYPE_CHECKING:
    from pathlib import Path

    from kernel import Kernel

CASES: dict[str, tuple[Cell, ...]] = {
    "closures and nonlocal": cells(
        (
            """
            def make():
                n = 0
                def inc():
                    nonlocal n
                    n += 1
                    return n
                def get(): return n
                return inc, get
            inc, get = make()
            other = make()[1]
            """,
            "get() == 0 and other() == 0",
        ),
        ("inc()", "get() == 1 and other() == 0", "other"),
        ("inc(); inc()", "get() == 3", "other"),
        Cell("del inc", "get() == 3", "other", gone="inc"),
    ),
    "a closure over a list that has a name": cells(
        (
            """
            log = []
            def make(l):
                return lambda x: l.append(x)
            add = make(log)
            """,
            "add.__closure__[0].cell_contents is log",
        ),
        ("add(1)", "log == [1] and add.__closure__[0].cell_contents is log"),
        ("log.append(2)", "log == [1, 2] and add.__closure__[0].cell_contents is log"),
        ("log = []", "log == [] and add.__closure__[0].cell_contents == [1, 2]"),
    ),
    "mutable default arguments": cells(
        (
            """
            L = [1]
            def f(a=L, *b, k={'k': 2}, **c):
                'doc'
                return a
            g = lambda q, *, z=L: z
            """,
            "f() is L and g(1) is L and f.__doc__ == 'doc'",
        ),
        (
            "f().append(2); f.__kwdefaults__['k']['n'] = 1",
            "L == [1, 2] and g(1) is L and f.__kwdefaults__['k']['n'] == 1",
        ),
        ("f.__defaults__ = ([9],)", "f() == [9] and g(1) is L"),
        (
            "f.cache = L; f.__annotations__['a'] = int",
            "f.cache is L is g(1) and f.__annotations__ == {'a': int}",
        ),
        ("f.__code__ = (lambda a: a).__code__", "f(4) == 4"),
    ),
    "redefinition of a function that another uses": cells(
        (
            """
            def f(n): return n + 1
            def g(n): return f(n) * 2
            h = f
            """,
            "g(1) == 4 and h is f",
        ),
        ("def f(n): return n + 10", "g(1) == 22 and h is not f and h(1) == 2", "g"),
        (
            """
            factor = 3
            def g(n): return f(n) * factor
            """,
            "g(1) == 33",
            "f h",
        ),
        ("factor = 4", "g(1) == 44", "f g h"),
        Cell("del f, h", "g.__name__ == 'g'", gone="f h"),
        ("f = len", "g([1]) == 4", "g"),
    ),
    "functions in containers": cells(
        (
            """
            fs = [lambda: n for n in range(3)]
            g = fs[0]
            """,
            "g is fs[0] and g() == 2",
        ),
        ("h = fs[1]", "h is fs[1] and g is fs[0]"),
        ("fs.append(h)", "fs[3] is h is fs[1]"),
        Cell("del fs", "g() == 2 and h() == 2", gone="fs"),
        ("d = {g: h}", "d[g] is h"),
    ),
    "recursion": cells(
        (
            """
            def fact(n): return 1 if n == 0 else n * fact(n - 1)
            alias = fact
            """,
            "alias(5) == 120 and alias is fact",
        ),
        ("def fact(n): return 0", "alias(5) == 0 and alias is not fact"),
        (
            """
            def outer():
                def inner(n): return n if n < 1 else inner(n - 1)
                return inner
            i = outer()
            """,
            "i(3) == 0",
        ),
    ),
    "decorators": cells(
        (
            """
            import functools
            def deco(f):
                calls = []
                @functools.wraps(f)
                def wrapper(*a):
                    calls.append(a)
                    return f(*a)
                wrapper.calls = calls
                return wrapper
            @deco
            def f(x): return x + 1
            """,
            "f.calls == []",
        ),
        ("f(1)", "f.calls == [(1,)] and f.__wrapped__(1) == 2 and f.__name__ == 'f'"),
        ("f.calls.clear()", "f.calls == [] and f.__wrapped__.__name__ == 'f'"),
    ),
    "functools": cells(
        (
            """
            import functools, operator
            def add(a, b): return a + b
            p = functools.partial(add, 1)
            @functools.lru_cache(maxsize=None)
            def fib(n): return n if n < 2 else fib(n - 1) + fib(n - 2)
            get = operator.itemgetter(0); red = functools.reduce
            """,
            "p(2) == 3 and fib.__wrapped__(1) == 1 and get([5]) == 5 and p.func is add",
        ),
        ("p.keywords['x'] = [1]; y = fib(20)", "y == 6765 and p.keywords == {'x': [1]} and p.func is add"),
        ("p = functools.partial(p, 5)", "p.args == (1, 5) and p.func is add", "y"),
        ("def add(a, b): return a * b", "p.func is not add and p.func(2, 3) == 5 and add(2, 3) == 6", "y"),
    ),
    "functions that dispatch by type": cells(
        (
            """
            import functools
            @functools.singledispatch
            def show(x): return 'object'
            @show.register
            def _(x: int): return 'int'
            """,
            "show.registry[object]('') == 'object' and show.registry[int](1) == 'int'",
        ),
        (
            """
            @show.register(list)
            def _of_list(x): return 'list'
            """,
            "show.registry[list] is _of_list and show.registry[int](1) == 'int'",
        ),
    ),
    "bound methods": cells(
        (
            """
            class A:
                def __init__(self): self.n = 0
                def inc(self): self.n += 1
                @classmethod
                def make(cls): return cls()
                @staticmethod
                def two(): return 2
            a = A(); m = a.inc; c = A.make; s = A.two
            """,
            "m.__self__ is a and c.__self__ is A and s() == 2",
        ),
        ("m()", "a.n == 1 and m.__self__ is a"),
        ("a.cb = a.inc; A.alias = A.inc", "a.cb.__self__ is a and m.__self__ is a"),
        ("a.cb(); a.alias()", "a.n == 3 and m.__self__ is a and type(c()) is A"),
    ),
    "generator functions, coroutines and context managers": cells(
        (
            """
            import contextlib
            def gen():
                yield 1
                yield from [2]
            async def co(): return 1
            @contextlib.contextmanager
            def within(l):
                l.append('in')
                yield l
                l.append('out')
            x = []
            """,
            "list(gen()) == [1, 2]",
        ),
        ("with within(x) as y: y.append(1)", "x is y and x == ['in', 1, 'out'] and list(gen()) == [1, 2]"),
    ),
    "globals of a function are the live ones": cells(
        (
            """
            n = 1
            def read(): return n
            def write(v):
                global n
                n = v
            rs = [read]
            """,
            "read() == 1",
        ),
        ("write(2)", "read() == 2 and n == 2 and rs[0] is read", "read write"),
        ("def read(): return n, n", "read() == (2, 2) and rs[0]() == 2"),
        (
            "n = 3",
            "rs[0]() == 3 and read.__globals__ is globals() and rs[0].__globals__ is globals()",
            "read",
        ),
    ),
    "code with constants of all kinds": cells(
        (
            """
            def f(a, /, b=2, *c, d, **e):
                x: int = 10 ** 30
                s = {1, 2} & frozenset((1, 3)); t = (1, (2.5, None, ...), b'x', 'é')
                match a:
                    case {'k': [v, *_]}: return v, s, t
                return [(y := i) for i in range(3)], lambda: (y, a)
            """,
            "f({'k': [9]}, d=1)[0] == 9",
        ),
        ("f.attr = 1", "f(0, d=1)[1]() == (2, 0)"),
    ),
    "type hints and type variables": cells(
        (
            """
            from typing import TypeVar, Generic, Protocol, Callable
            T = TypeVar('T')
            class Stack(Generic[T]):
                def __init__(self): self.items: list[T] = []
            class Sized2(Protocol):
                def size(self) -> int: ...
            st = Stack[int]()
            def f(x: T) -> list[T]: return [x]
            """,
            "isinstance(st, Stack) and f.__annotations__['x'] is T",
        ),
        ("st.items.append(1)", "st.items == [1] and isinstance(st, Stack) and f.__annotations__['x'] is T"),
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_functions(name: str, kernel: Kernel, other: Kernel, notebook: Path) -> None:
    play(kernel, other, notebook, CASES[name])
