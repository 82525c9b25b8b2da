"""Names that share objects: after a restore they share them again, and nothing else is joined."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from miniature import Cell, cells, play

if TYPE_CHECKING:
    from pathlib import Path

    from kernel import Kernel

CASES: dict[str, tuple[Cell, ...]] = {
    "two names of a list": cells(
        ("x = [1]; y = x; z = [9]", "x is y and x == [1]"),
        ("x.append(2)", "y is x and y == [1, 2]", "z"),
        ("y.append(3)", "x is y and x == [1, 2, 3]", "z"),
    ),
    "a name of a shared object comes and goes": cells(
        "x = [1]",
        ("y = x", "x is y", "x"),
        Cell("del y", "x == [1]", "x", gone="y"),
        ("z = x", "z is x", "x"),
    ),
    "equal lists of which one is bound to the other": cells(
        ("a = [1]; b = [1]", "a is not b and a == b"),
        ("a = b", "a is b"),
        ("a = [1]", "a is not b and a == b"),
    ),
    "a list in lists": cells(
        ("shared = [1]; a = [shared, 2]; b = [shared, 3]", "a[0] is b[0] is shared"),
        ("a[0] = [1]", "a[0] is not b[0] and b[0] is shared and a == [[1], 2]"),
        ("b[0].append(4)", "shared == [1, 4] and a == [[1], 2]", "a"),
        ("a[0] = shared", "a[0] is b[0]"),
    ),
    "an identity changes and no value": cells(
        ("x = [0]; a = [x, 2]; b = [x, 3]", "a[0] is b[0]"),
        ("a[0] = [0]", "a[0] is not b[0] and a[0] == b[0]"),
        ("b[0].append(1)", "a == [[0], 2] and b == [[0, 1], 3] and b[0] is x", "a"),
    ),
    "cycles": cells(
        ("a = []; a.append(a); d = {'a': a}; d['d'] = d", "a[0] is a and d['d'] is d and d['a'] is a"),
        ("a.append(1)", "d['a'] is a and a[0] is a and a[1] == 1"),
        (
            """
            class Node: pass
            n = Node(); m = Node(); n.other = m; m.other = n
            """,
            "n.other.other is n and m.other is n",
        ),
        ("n.value = [m]", "m.other.value[0] is m", "a d"),
    ),
    "deep nesting": cells(
        (
            """
            x = inner = []
            for _ in range(2000): x = [x]
            """,
            "isinstance(x, list)",
        ),
        (
            "inner.append(1)",
            "(lambda level: ([level := level[0] for _ in range(2000)][-1] is inner))(x) and inner == [1]",
        ),
    ),
    "tuples that hold a list": cells(
        ("t = ([1], 2); u = t; v = (t[0],)", "u is t and v[0] is t[0]"),
        ("t[0].append(2)", "u is t and v == ([1, 2],)"),
        ("u = None", "u is None and v[0] is t[0]", "t v"),
    ),
    "dict, values, views and proxies of a list": cells(
        (
            """
            import types, collections
            x = [1]
            ns = types.SimpleNamespace(a=x)
            chain = collections.ChainMap({'a': 1}, {'b': x})
            proxy = types.MappingProxyType({'k': x})
            values = {'a': x}.values()
            user = collections.UserDict(a=x)
            """,
            "ns.a is x and chain['b'] is x and proxy['k'] is x and list(values)[0] is x and user['a'] is x",
        ),
        (
            "x.append(2)",
            "ns.a is x and chain['b'] is x and proxy['k'] is x and list(values)[0] is x and user['a'] == [1, 2]",
        ),
    ),
    "bound methods of containers": cells(
        ("l = []; push = l.append; d = {}; put = d.setdefault", "push.__self__ is l and put.__self__ is d"),
        ("push(1)", "l == [1] and push.__self__ is l", "d"),
        ("put('k', l)", "d['k'] is l and push.__self__ is l"),
        ("push(2)", "d == {'k': [1, 2]}"),
    ),
    "memory of a bytearray": cells(
        (
            "b = bytearray(b'abcdef'); m = memoryview(b)[2:4]; other = bytearray(b'abcdef')",
            "bytes(m) == b'cd'",
        ),
        ("m[0] = 88", "b == b'abXdef' and other == b'abcdef'", "other"),
        ("del m; b.append(1)", "b == b'abXdef\\x01'", "other"),
    ),
    "instances that share": cells(
        (
            """
            class Box:
                def __init__(self, item): self.item = item
            x = [1]; a = Box(x); b = Box(x); c = Box([1])
            """,
            "a.item is b.item is x and type(a) is Box",
        ),
        ("a.item.append(2)", "b.item is x and x == [1, 2] and c.item == [1]", "c Box"),
        ("b.item = c.item", "b.item is c.item and a.item is x", "Box"),
        ("a.peer = b; b.peer = a", "a.peer.peer is a and b.item is c.item"),
    ),
    "unrelated instances of one class": cells(
        (
            """
            class Box: pass
            a = Box(); b = Box(); a.v = [1]; b.v = [1]
            """,
            "a.v is not b.v",
        ),
        ("a.v.append(2)", "a.v == [1, 2] and b.v == [1]", "b Box"),
        ("b.v.append(3)", "b.v == [1, 3]", "a Box"),
    ),
    "keys that are objects": cells(
        (
            """
            class K: pass
            k = K(); d = {k: [1]}; s = {k}
            """,
            "list(d)[0] is k and k in s",
        ),
        ("d[k].append(2)", "d[k] == [1, 2] and k in s"),
        ("k.name = 'n'", "list(s)[0].name == 'n' and list(d)[0] is k"),
    ),
    "iterators over a shared list": cells(
        ("l = [1, 2, 3]; i = iter(l)", "True"),
        ("first = next(i)", "first == 1"),
        ("l.append(4); rest = list(i)", "rest == [2, 3, 4]"),
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_sharing(name: str, kernel: Kernel, other: Kernel, notebook: Path) -> None:
    play(kernel, other, notebook, CASES[name])


def test_co_variables_join_what_shares_and_nothing_else(kernel: Kernel, notebook: Path) -> None:
    from kernel import session_of

    session_of(kernel, notebook)
    kernel.cell(
        "import datetime, enum, numpy as np, pandas as pd, re\nclass Box: pass\nclass Color(enum.Enum):\n    R = 1\n"
        "a = Box(); b = Box(); a.t = b.t = 'interned'; c = [Color.R]; d = [Color.R]; e = {'n': np.float64(1)}\n"
        "f = {'n': np.float64(2)}; g = np.zeros(3); h = np.zeros(3); i = pd.DataFrame({'a': [1]}); j = pd.DataFrame({'a': [1]})\n"
        "k = [np, len, re.compile('a'), int]; l = [np, len, re.compile('a'), int]; m = [datetime.timezone.utc, None, ()]\n"
        "n = [datetime.timezone.utc, None, ()]; o = [lambda: 1]; p = o; q = (o,); r = i['a']; s = g[1:]\n"
        "u = 'text'; v = u; w = [np.random.rand]; x = [np.random.rand]"
    )
    kernel.do("s.flush()")
    added = kernel.checkpoints()[-1]["added"]
    joined = {tuple(root for root in stored["roots"] if ":" not in root) for stored in added}
    assert {names for names in joined if len(names) > 1} == {("g", "s"), ("o", "p", "q")}
