"""Random notebooks: cells that alias, nest, view, change in place, define, delete and fail; restores and forks."""

from __future__ import annotations

from dataclasses import dataclass, replace

from hypothesis import strategies as st

NAMES = ["a", "b", "c", "d", "_e", "f"]
FUNCTIONS = ["fn", "gn"]
CLASSES = ["K", "L"]

SETUP = "import functools, random, collections\nimport numpy as np\nimport numpy.random\nrandom.seed(7); np.random.seed(7)"


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that the person does."""

    kind: str
    """`run` a cell, run `hidden` code, `restore` a state, `undo`, `redo`, or start a `fresh` kernel and restore there."""
    code: str = ""
    target: int = 0
    """restore, fresh: which of the states so far, modulo their number."""


_name = st.sampled_from(NAMES)
_function = st.sampled_from(FUNCTIONS)
_class = st.sampled_from(CLASSES)
_small = st.integers(0, 3)

_VALUES = [
    "[{n}, {m}]",
    "[[{n}], {m}]",
    "{{'k': {n}, 'l': [{m}]}}",
    "({n}, [{m}])",
    "{{{n}, {m}}}",
    "'text{n}'",
    "{n}",
    "{n}.5",
    "None",
    "bytearray(b'abc{n}')",
    "collections.deque([{n}])",
    "collections.defaultdict(list)",
    "np.arange({n} + 4)",
    "np.zeros(({n} + 1, 3))",
    "np.array([[{n}], None, 'x'], dtype=object)",
    "np.arange(6).reshape(2, 3).T",
    "np.random.rand(2)",
    "random.random()",
    "[{x}, {y}]",
    "{{'x': {x}, 'y': {y}}}",
    "({x}, {y})",
    "{x}",
    "{x}[0]",
    "{x}[1:]",
    "{x}['k']",
    "{x}[::-1]",
    "{x}.reshape(-1)",
    "{x}.copy()",
    "{x}.view()",
    "{x}.T",
    "list({x})",
    "{k}()",
    "{k}({x})",
    "{x}.v",
    "{x}.append",
    "{x}.get",
    "{x}.put",
    "{g}",
    "{g}({x})",
    "(lambda: {x})",
    "(lambda q={x}: q)",
    "[(lambda: i) for i in range(3)]",
    "make({x})",
    "make({x})[0]",
    "functools.partial({g}, {x})",
    "{k}",
    "type({x})",
    "ValueError({n}, [{m}])",
]

_CHANGES = [
    "{x}.append({n})",
    "{x}.append({y})",
    "{x}[0] = {n}",
    "{x}[0] = {y}",
    "{x}[-1] = [{n}]",
    "{x}['k'] = {y}",
    "{x}['k'].append({n})",
    "{x}[0].append({n})",
    "{x}[1][0] = {n}",
    "{x} += [{n}]",
    "{x}.sort()",
    "{x}.reverse()",
    "{x}.clear()",
    "{x}.add({n})",
    "{x}.update({{'z': {y}}})",
    "{x}.extend([{n}, {y}])",
    "{x}.pop()",
    "{x}['m'].append({y})",
    "{x}[...] = {n}",
    "{x} *= 2",
    "{x}[1:] = {n}",
    "{x}.flags.writeable = False",
    "{x}.v = {y}",
    "{x}.w = [{n}]",
    "{x}.v.append({n})",
    "{x}.put({n})",
    "del {x}.v",
    "{x}({n})",
    "{x}()",
    "{x}[0]({n})",
    "{k}.shared.append({n})",
    "{k}.n = {n}",
    "{k}.extra = {y}",
    "{k}.put = lambda self, *q: self.__dict__.setdefault('q', []).append(q)",
    "{x}.__class__ = {k}",
    "{g}({x})",
    "{g}({n})",
    "{g}.memo = {x}",
    "{g}.__defaults__ = ({x},)",
    "del {x}",
    "del {k}",
    "del {g}",
    "globals().update({x}=[{n}])",
    "globals()['{x}'] = {y}",
    "for {x} in range({n} + 1): pass",
    "exec('{x} = [{n}]')",
    "np.random.rand(); random.random()",
    "raise KeyError({n})",
    "assert {n} > 5",
]

_DEFINITIONS = [
    "def {g}(q, log=[]):\n    log.append(q)\n    return log",
    "def {g}(q):\n    global {x}\n    {x} = [q]\n    return {x}",
    "def {g}(q):\n    return [q, {x}]",
    "def {g}(q):\n    {x}.append(q)\n    return {y}",
    "def {g}(q=0, *r, s=[{n}]):\n    return s if r else (q, s)",
    "def {g}(q):\n    class Local:\n        held = q\n    return Local()",
    (
        "def make(start):\n    n = [start]\n    count = 0\n    def put(q=None):\n        nonlocal count\n        count += 1\n        n.append(q)\n        return count\n"
        "    def get():\n        return n, count\n    return put, get"
    ),
    "class {k}:\n    shared = []\n    n = {n}\n    def __init__(self, v=None):\n        self.v = v\n    def put(self, q=None):\n        self.shared.append(q)\n        {k}.n += 1\n        return self",
    "class {k}:\n    __slots__ = ('v', 'w')\n    held = {x}\n    def put(self, q):\n        self.v = q",
    "class {k}(list):\n    def put(self, q):\n        super().append(q)\n        self.v = q",
    "class {k}(K):\n    n = {n}\n    def put(self, q=None):\n        super().put(q)\n        self.w = [q]",
    (
        "class {k}:\n    {x} = {y}\n    all = []\n    def __init__(self, *q):\n        self.all.append(self)\n        self.v = q\n    @property\n    def w(self): return self.v\n"
        "    @classmethod\n    def put(cls, q): cls.all.append(q)"
    ),
]


@st.composite
def _statement(draw: st.DrawFn) -> str:
    group = draw(st.integers(0, 9))
    kinds = _VALUES if group < 5 else _CHANGES if group < 9 else _DEFINITIONS
    text = draw(st.sampled_from(kinds)).format(
        x=draw(_name), y=draw(_name), n=draw(_small), m=draw(_small), g=draw(_function), k=draw(_class)
    )
    return f"{draw(_name)} = {text}" if kinds is _VALUES else text


_cell = st.lists(_statement(), min_size=1, max_size=3).map("\n".join)


@st.composite
def _step(draw: st.DrawFn) -> Step:
    choice = draw(st.integers(0, 19))
    if choice < 13:
        return Step("run", draw(_cell))
    if choice < 14:
        return Step("hidden", draw(_statement()))
    if choice < 16:
        return Step("undo")
    if choice < 17:
        return Step("redo")
    if choice < 19:
        return Step("restore", target=draw(st.integers(0, 30)))
    return Step("fresh", target=draw(st.integers(0, 30)))


programs = st.tuples(
    st.just(
        [
            Step("run", "a = [1]; b = a; c = np.arange(5); d = c[1:]"),
            Step("run", _DEFINITIONS[7].format(k="K", n=1)),
        ]
    ),
    st.lists(_step(), min_size=3, max_size=14),
).map(lambda parts: [Step("run", SETUP), *parts[0], *parts[1]])
"""Programs: lists of steps."""


def without_hidden(program: list[Step]) -> list[Step]:
    """Return the program with its hidden code in cells."""
    return [replace(step, kind="run") if step.kind == "hidden" else step for step in program]
