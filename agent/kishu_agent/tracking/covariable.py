"""Co-variables of the running session, and how names are grouped into them."""

from __future__ import annotations

import functools
from dataclasses import dataclass, field
from itertools import compress, repeat
from operator import is_
from types import FunctionType
from typing import TYPE_CHECKING, Any

from kishu_agent import interrupts
from kishu_agent.encoding.definitions import PREFIX
from kishu_agent.encoding.importable import package_of
from kishu_agent.encoding.memory import Memory, linked
from kishu_agent.encoding.sharing import ATOMS, library_owned
from kishu_agent.tracking.code import code_names, is_dynamic, keeps_to_itself, looks_up, may_reach_anything
from kishu_agent.tracking.fingerprint import chunk_prints, print_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from kishu_agent.encoding.encoder import Encoded, Part

Roots = tuple[str, ...]

_ATOMS = frozenset(map(id, ATOMS))
"""Types are told apart by their ids: a metaclass can define equality and hashing."""


@dataclass(slots=True)
class Covariable:
    """A co-variable as it was when the session was last looked at."""

    roots: Roots
    prints: dict[str, bytes]
    """Fingerprint of each root's share."""
    identities: dict[str, int]
    """Ids of the roots' objects."""
    aliases: dict[str, str]
    """Names that are the same object as an earlier one, by that one."""
    depends: frozenset[str]
    problem: str | None
    uses: frozenset[str] = frozenset()
    """Names in the code of its functions."""
    dynamic: bool = False
    """Whether code that reaches it can reach anything: its functions find objects in other ways than by name, or
    belong to a library that holds objects of its own."""
    looks_up: bool = False
    """Whether its functions look names up as they run."""
    blind: bool = False
    """Whether it has parts whose content cannot be seen, such as a generator's frame."""
    finalized: bool = False
    """Whether it has objects with a `__del__`, which runs when nothing refers to them any more."""
    packages: frozenset[str] = frozenset()
    """Top-level packages of the types of its objects."""
    memory: frozenset[int] = frozenset()
    """Ids of the objects that own the memory of its arrays."""
    external: bool = False
    """Whether some of that memory belongs to something outside, such as a file."""
    encoded: Encoded | None = field(default=None, repr=False)
    """Its stream and buffers, until they are copied or stored."""
    waits: bool = True
    """Whether no job stores it yet."""
    failed: bool = False
    version: str | None = None
    """Digest of its manifest, once it is stored."""

    def print_alone(self, root: str) -> bytes:
        """Return the fingerprint that a root had, or that of the root whose object it was, too.

        Only that of a first root does not depend on the others.
        """
        return self.prints[self.aliases.get(root, root)]

    @property
    def lost(self) -> bool:
        """Tell whether it was to be stored and could not be."""
        return self.version is None and self.failed


def find_aliases(roots: Roots, values: Mapping[str, Any]) -> dict[str, str]:
    """Return, for each name whose object an earlier root has too, that root."""
    first: dict[int, str] = {}
    aliases = {}
    for root in roots:
        other = first.setdefault(id(values[root]), root)
        if other != root:
            aliases[root] = other
    return aliases


def ordered(roots: Iterable[str], values: Mapping[str, Any]) -> Roots:
    """Return roots in the order in which they are stored.

    Metaclasses come before classes and bases before what derives from them, then functions, then names.
    """

    def key(root: str) -> tuple[int, int, str]:
        if not root.startswith(PREFIX):
            return 3, 0, root
        value = values[root]
        if not issubclass(type(value), type):
            return 2, 0, root
        depth = len(type.__dict__["__mro__"].__get__(value))
        return int(not issubclass(value, type)), depth, root

    return tuple(sorted(roots, key=key))


class _Groups:
    """Union-find over roots."""

    def __init__(self, roots: Iterable[str]) -> None:
        self._parent = {root: root for root in roots}

    def find(self, root: str) -> str:
        while (parent := self._parent[root]) != root:
            self._parent[root] = root = self._parent[parent]
        return root

    def join(self, first: str, second: str) -> None:
        self._parent[self.find(first)] = self.find(second)

    def groups(self) -> list[list[str]]:
        found: dict[str, list[str]] = {}
        for root in self._parent:
            found.setdefault(self.find(root), []).append(root)
        return list(found.values())


def group(
    parts: Mapping[str, Part],
    values: Mapping[str, Any],
    definitions: set[int],
    joined: Iterable[Roots] = (),
) -> list[Roots]:
    """Group roots that share an object or memory through which a change in one is seen in the other.

    `parts` has by root the linking objects that were met (all alive, so that ids tell them apart), and whose memory
    was; `definitions` the ids of objects that are referred to by uid and join nothing; `joined` the groups that
    are known already.
    """
    visited = {root: part.visited for root, part in parts.items()}
    groups = _Groups(visited)
    for roots in joined:
        for root in roots[1:]:
            groups.join(roots[0], root)
    owner: dict[int, str] = {}
    shared: dict[int, list[str]] = {}
    by_size = sorted(visited, key=lambda root: len(visited[root]))
    for root in by_size:
        objects = visited[root]
        common = set(compress(map(id, objects), map(owner.__contains__, map(id, objects))))
        for key in common:
            shared.setdefault(key, [owner[key]]).append(root)
        if root is not by_size[-1]:
            # The largest is compared with all others and needs no entries of its own: usually most objects.
            owner.update(dict.fromkeys(set(map(id, objects)) - common, root))
    for key in _foreign(shared, visited) | definitions:
        shared.pop(key, None)
    for names in shared.values():
        for root in names[1:]:
            groups.join(names[0], root)
    _join_linked(groups, parts)
    _join_same(groups, values, definitions)
    return [ordered(roots, values) for roots in groups.groups()]


def _foreign(shared: Mapping[int, list[str]], visited: Mapping[str, list[Any]]) -> set[int]:
    if not shared:
        return set()
    suspects: dict[int, Any] = {}
    for root in {roots[0] for roots in shared.values()}:
        suspects.update((id(obj), obj) for obj in visited[root] if id(obj) in shared)
    return library_owned(suspects.values())


def _join_linked(groups: _Groups, parts: Mapping[str, Part]) -> None:
    """Join what uses the same memory, where that can be told."""
    keys = linked(part.memory for part in parts.values())
    if not keys:
        return
    first: dict[int, str] = {}
    for root, part in parts.items():
        for key in keys & part.memory.ids:
            groups.join(first.setdefault(key, root), root)


def _join_same(groups: _Groups, values: Mapping[str, Any], definitions: set[int]) -> None:
    """Join names of one object, also an immutable one: `a is b` is to hold again."""
    first: dict[int, str] = {}
    for root, value in values.items():
        if (
            root.startswith(PREFIX)
            or id(type(value)) in _ATOMS
            or id(value) in definitions
            or issubclass(type(value), type)
        ):
            continue
        other = first.setdefault(id(value), root)
        if other != root and not _by_name(value):
            groups.join(other, root)


def _by_name(value: object) -> bool:
    """Tell whether an object is stored by name, so that its identity is kept anyway."""
    from types import BuiltinFunctionType, ModuleType

    from kishu_agent.encoding.importable import is_importable

    return type(value) is ModuleType or type(value) is BuiltinFunctionType or is_importable(value)


def describe(encoded: Encoded, values: Mapping[str, Any]) -> Covariable:
    """Describe an encoded co-variable. Lets go of the objects that were met."""
    kinds: dict[int, type] = {}
    memory: frozenset[int] = frozenset()
    holds = False
    for part in encoded.parts.values():
        kinds.update(_kinds(part.visited))
        if id(FunctionType) in kinds:
            functions = compress(part.visited, map(is_, map(type, part.visited), repeat(FunctionType)))
            holds = holds or any(map(may_reach_anything, functions))
        memory |= part.memory.ids
        part.visited, part.memory = [], Memory()
    names = list(map(code_names, encoded.codes))
    packages = frozenset(map(package_of, kinds.values()))
    holds = holds or id(functools._lru_cache_wrapper) in kinds or not all(map(keeps_to_itself, packages))
    return Covariable(
        encoded.roots,
        prints_of(encoded),
        {root: id(values[root]) for root in encoded.roots},
        find_aliases(encoded.roots, values),
        frozenset(encoded.depends),
        encoded.problem,
        uses=frozenset().union(*(code.all for code in names)),
        dynamic=holds or any(map(is_dynamic, names)),
        looks_up=any(map(looks_up, names)),
        blind=encoded.blind,
        finalized=any(map(_is_finalized, kinds.values())),
        packages=packages,
        memory=memory,
        external=encoded.external,
        encoded=encoded,
    )


def _kinds(objects: list[Any]) -> dict[int, type]:
    """Return the types of objects by their ids."""
    try:
        kinds: Iterable[type] = set(map(type, objects))  # about four times as fast as the other way
    except BaseException as error:  # of a metaclass
        interrupts.reraise(error)
        kinds = map(type, objects)
    return {id(kind): kind for kind in kinds}


def _is_finalized(kind: type) -> bool:
    bases = type.__dict__["__mro__"].__get__(kind)
    return any("__del__" in type.__dict__["__dict__"].__get__(base) for base in bases)


def prints_of(encoded: Encoded) -> dict[str, bytes]:
    """Return the fingerprint of each root's share. Reads all buffers, once."""
    if not encoded.prints:
        encoded.prints = list(map(chunk_prints, encoded.memory_views))
    return {
        root: print_of([*part.stream, *(encoded.prints[number] for number in _numbers(encoded, part))])
        for root, part in encoded.parts.items()
    }


def _numbers(encoded: Encoded, part: Part) -> list[int]:
    return [*part.arrays, *(len(encoded.arrays) + number for number in part.buffers)]
