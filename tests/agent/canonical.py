"""The canonical form of a session: values, and which mutable objects are the same.

Walks the values of the sorted names and gives each mutable object a number at first sight; a later sight is a
reference to the number. Views are told with their base and their place in it. Two sessions have equal forms if
nobody can tell them apart by value, by `is` between mutable objects or between names, or by a write to shared
memory. Knows nothing of the agent. A type that it does not know is an error, so that nothing goes unseen.

What it leaves out, because a restore does not bring it back: tracebacks of exceptions, the content of the caches of
functools.lru_cache, the order of a class' attributes and of the session's names, and who else holds an immutable object.
"""

from __future__ import annotations

import hashlib
import json
import random
import sys
import types
from typing import TYPE_CHECKING, Any

from forms import UnknownTypeError, form_of

if TYPE_CHECKING:
    from collections.abc import Iterable

_ATOMS = frozenset({type(None), bool, int, float, complex, str, bytes, type(...), type(NotImplemented)})

RANDOM = "(random)"
"""Key of the state of the random generators, among groups of names."""

Form = Any
"""Plain data for json."""


class Walk:
    """One walk over values; forms.py has what is told of each type."""

    def __init__(self, namespace: dict[str, Any]) -> None:
        self.namespace = namespace
        self.numbers: dict[int, list[int]] = {}
        """By id of an object, its number, which is in a list so that it can be changed at the end."""
        self.told: set[int] = set()
        """Ids of the objects that have a number, once that is known."""
        self._seen: list[Any] = []
        self._met: set[int] = set()
        """Ids of the numbered objects that were met since the last call of `met`."""

    def met(self) -> set[int]:
        """Return the ids of the numbered objects that were met since the last call."""
        met, self._met = self._met, set()
        return met

    def meet(self, value: Any) -> None:
        """Note that an object is met by something that does not tell of it, if something else does."""
        if id(value) in self.told:
            self._met.add(id(value))

    def form(self, value: Any) -> Form:
        kind = type(value)
        if kind is str or kind is int:
            return value
        if kind in _ATOMS:
            return [kind.__name__, repr(value)]
        if kind is tuple:
            return ["tuple", *map(self.form, value)]
        key = id(value)
        number = self.numbers.get(key)
        if number is not None:
            self._met.add(key)
            return [number]
        return form_of(self, value, kind)

    def number(self, value: Any) -> list[int]:
        """Give a mutable object, seen for the first time, its number."""
        number = self.numbers[id(value)] = [len(self._seen)]
        self._seen.append(value)
        self._met.add(id(value))
        return number

    def forms(self, values: Iterable[Any]) -> list[Form]:
        return list(map(self.form, values))

    def unordered(self, values: Iterable[Any]) -> list[Form]:
        """Return the forms of the items of a set, in an order that does not depend on addresses."""

        def key(value: Any) -> tuple[int, str]:
            number = self.numbers.get(id(value))
            return (0, f"{number[0]:6}") if number else (1, json.dumps(Walk(self.namespace).form(value)))

        return self.forms(sorted(values, key=key))


def canonical(namespace: dict[str, Any], names: Iterable[str]) -> dict[str, str]:
    """Return the canonical form of these names: a text for each group of names that share objects.

    The groups are larger than co-variables: a class or function of the notebook joins what refers to it.
    """
    walk, first = Walk(namespace), Walk(namespace)
    listed = sorted(names)
    if "pandas" in sys.modules:
        # Frames belong to the arrays over their memory, which are known after all names were looked at only.
        first.forms(namespace[name] for name in listed)
        walk.told = set(first.numbers)
    forms: dict[str, Form] = {}
    groups: list[tuple[list[str], set[int]]] = []
    for name in listed:
        value = namespace[name]
        try:
            forms[name] = walk.form(value)
        except UnknownTypeError as error:
            error.add_note(name)
            raise
        met = walk.met()
        if type(value) not in _ATOMS and type(value) is not types.ModuleType:
            met.add(id(value))  # names of one object are told also if it is immutable
        apart = [group for group in groups if group[1].isdisjoint(met)]
        joined = [group for group in groups if not group[1].isdisjoint(met)]
        members = [member for group in joined for member in group[0]]
        groups = [*apart, ([*members, name], met.union(*(group[1] for group in joined)))]
    texts = {}
    for members, met in groups:
        _renumber(walk, met)
        earlier: dict[int, str] = {}
        same = [earlier.setdefault(id(namespace[name]), name) for name in sorted(members)]
        texts[" ".join(sorted(members))] = json.dumps([same, {name: forms[name] for name in sorted(members)}])
    return {RANDOM: _randomness(), **texts}


def _renumber(walk: Walk, met: set[int]) -> None:
    """Number the objects of a group from 0, so that its text does not depend on other groups."""
    numbers = sorted((walk.numbers[key] for key in met if key in walk.numbers), key=lambda number: number[0])
    for index, number in enumerate(numbers):
        number[0] = index


def _randomness() -> str:
    """Tell the states of the global random generators."""
    _version, numbers, gauss = random.getstate()
    state = f"{hash(numbers)} {gauss}"
    numpy = sys.modules.get("numpy")
    if numpy is not None:
        _kind, keys, *rest = numpy.random.get_state()
        state += f"{hash(keys.tobytes())} {rest}"
    return state


def digest(text: str) -> str:
    return hashlib.sha1(text.encode("utf-8", "surrogatepass"), usedforsecurity=False).hexdigest()
