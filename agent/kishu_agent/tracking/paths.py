"""Where in a variable an object is, as an expression that a person can read: `a[0]['x'].rows`.

A bounded walk, breadth first, over what the interpreter itself knows of objects. It runs no code of theirs: items of
containers are read by the built-in types' own methods, attributes out of `__dict__` and slots, the rest from the
garbage collector.
"""

from __future__ import annotations

import collections
import gc
import types
from itertools import islice
from typing import TYPE_CHECKING, Any

from kishu_agent.encoding.sharing import ATOMS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_NODES = 20_000
"""Objects that a walk looks into at most."""
_EDGES = 100_000
"""References that it follows at most."""
_STEPS = 8
"""Steps beyond which nobody would read the way."""
_LONGEST_KEY = 40

_MANAGED_DICT = 1 << 4
"""Py_TPFLAGS_MANAGED_DICT: a Python class. The getters of C types make a dict where none was, which pickle sees."""

_INSIDE = "something inside {}"
_KEY_OF = "a key of {}"
_ELEMENT_OF = "an element of {}"

_Child = tuple[str, object, object]
"""How an object is referred to: `.` with a name, `[` with a key or an index, or one of the texts above; what to put
there; and the object."""


class Walk:
    """The walk from one variable."""

    def __init__(self, name: str, value: object, is_end: Callable[[object], bool]) -> None:
        """`is_end` tells which objects are not looked into."""
        self._name = name
        self._nodes: list[tuple[int, int, str, object, object]] = [(-1, 0, "", None, value)]
        """Which node refers to the object, in how many steps from the variable, how, and the object."""
        self._places = {id(value): 0}
        self._is_end = is_end
        self._next = 0
        self._edges = 0
        self.cut = False
        """Whether it ended at one of its limits."""

    def find(self, wanted: set[int]) -> dict[int, tuple[int, str]]:
        """Return, for those of the objects with these ids that were found, the number of steps and the text."""
        missing = wanted - self._places.keys()
        while missing and self._next < len(self._nodes):
            steps = self._nodes[self._next][1]
            if self._next >= _NODES or self._edges >= _EDGES or steps >= _STEPS:
                self.cut = True
                break
            missing -= self._look_into(self._next, steps + 1)
            self._next += 1
        found = wanted & self._places.keys()
        return {identity: self._describe(self._places[identity]) for identity in found}

    def _look_into(self, index: int, steps: int) -> set[int]:
        """Note what an object refers to. Returns the ids that are new."""
        obj = self._nodes[index][-1]
        new: set[int] = set()
        if index and self._is_end(obj):
            return new
        places, nodes = self._places, self._nodes
        try:
            for way, what, child in islice(_children(obj, is_root=not index), _EDGES - self._edges):
                self._edges += 1
                if type(child) not in ATOMS and id(child) not in places:
                    places[id(child)] = len(nodes)
                    nodes.append((index, steps, way, what, child))
                    new.add(id(child))
        except RuntimeError:  # another thread changes the container
            pass
        return new

    def _describe(self, index: int) -> tuple[int, str]:
        steps = self._nodes[index][1]
        ways = []
        while index:
            index, _steps, way, what, _obj = self._nodes[index]
            ways.append((way, what))
        text = self._name
        for way, what in reversed(ways):
            if way in {".", "["}:
                text = f"({text})" if " " in text else text
                text += f".{what}" if way == "." else f"[{_key(what)}]"
            elif way != _INSIDE or not text.startswith(_INSIDE.format("")):
                text = way.format(text)
        return steps, text


def _children(obj: object, *, is_root: bool) -> Iterator[_Child]:
    kind = type(obj)
    mro = type.__dict__["__mro__"].__get__(kind)
    if issubclass(kind, type):
        if is_root:
            yield from _attributes(type.__dict__["__dict__"].__get__(obj).items())
        return
    if kind is types.ModuleType or kind in ATOMS:
        return
    yield from _items(obj, mro)
    if kind in {dict, list, tuple, set, frozenset}:
        return
    if kind is types.FunctionType:
        yield from _of_function(obj)  # type: ignore[arg-type]
        return  # not its globals, which are everything
    known = {id(child) for child in _own_dicts(obj, mro)}
    for attributes in _own_dicts(obj, mro):
        yield from _attributes(dict.items(attributes))
    for base in mro:
        for name, member in list(type.__dict__["__dict__"].__get__(base).items()):
            if type(member) is types.MemberDescriptorType and name != "__dict__":
                try:
                    yield ".", name, member.__get__(obj, kind)
                except (AttributeError, TypeError):  # a slot that is not set
                    continue
    if kind is types.BuiltinFunctionType:
        yield ".", "__self__", obj.__self__  # type: ignore[attr-defined]
    elif kind is types.CellType:
        try:
            yield ".", "cell_contents", obj.cell_contents  # type: ignore[attr-defined]
        except ValueError:  # an empty one
            return
    for child in gc.get_referents(obj):
        if id(child) not in known and not issubclass(type(child), type):
            yield _INSIDE, None, child


def _items(obj: Any, mro: tuple[type, ...]) -> Iterator[_Child]:
    if dict in mro:
        for key, value in dict.items(obj):
            yield "[", key, value
            yield _KEY_OF, None, key
    elif list in mro or tuple in mro or collections.deque in mro:
        base = next(base for base in (list, tuple, collections.deque) if base in mro)
        for index, item in enumerate(base.__iter__(obj)):
            yield "[", index, item
    elif set in mro or frozenset in mro:
        for item in (set if set in mro else frozenset).__iter__(obj):
            yield _ELEMENT_OF, None, item


def _of_function(function: types.FunctionType) -> Iterator[_Child]:
    yield ".", "__closure__", function.__closure__
    yield ".", "__defaults__", function.__defaults__
    yield ".", "__kwdefaults__", function.__kwdefaults__
    yield from _attributes(function.__dict__.items())


def _own_dicts(obj: object, mro: tuple[type, ...]) -> list[dict[str, Any]]:
    """Return the `__dict__` of an instance of a Python class, or of a namespace."""
    for base in mro:
        descriptor = type.__dict__["__dict__"].__get__(base).get("__dict__")
        made_by_class = type(descriptor) is types.GetSetDescriptorType and base.__flags__ & _MANAGED_DICT
        if made_by_class or type(descriptor) is types.MemberDescriptorType:
            try:
                attributes = descriptor.__get__(obj, type(obj))
            except (AttributeError, TypeError):
                return []
            return [attributes] if type(attributes) is dict else []
    return []


def _attributes(items: Any) -> Iterator[_Child]:
    for name, value in list(items):
        yield ".", name, value


def _key(key: object) -> str:
    """Return a key as it is written, if that runs no code."""
    parts = tuple.__iter__(key) if type(key) is tuple else (key,)
    shown = [
        _clip(repr(part)) if type(part) in ATOMS and type(part) is not int else _number(part)
        for part in parts
    ]
    return _clip(", ".join(shown))


def _number(value: object) -> str:
    """Return an integer as it is written; very long ones are not."""
    return str(value) if type(value) is int and value.bit_length() < 64 else "…"


def _clip(text: str) -> str:
    return text if len(text) <= _LONGEST_KEY else f"{text[: _LONGEST_KEY - 1]}…"
