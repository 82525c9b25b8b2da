"""Co-variables of the running session, and how names are grouped into them."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import compress
from typing import TYPE_CHECKING, Any

from kishu_agent.encoding.definitions import PREFIX
from kishu_agent.encoding.sharing import ATOMS, library_owned
from kishu_agent.tracking.code import code_names, is_dynamic, package_of
from kishu_agent.tracking.fingerprint import chunk_prints, print_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from kishu_agent.encoding.encoder import Encoded, Part

Roots = tuple[str, ...]


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
    """Whether code that reaches it can reach anything: its functions look names up as they run, or parts of it
    could not be seen."""
    blind: bool = False
    """Whether it has parts whose content cannot be seen, such as a generator's frame."""
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
    visited: Mapping[str, list[Any]],
    values: Mapping[str, Any],
    definitions: set[int],
    joined: Iterable[Roots] = (),
) -> list[Roots]:
    """Group roots that share an object through which a change in one is seen in the other.

    `visited` has by root the linking objects that were met (all alive, so that ids tell them apart);
    `definitions` the ids of objects that are referred to by uid and join nothing; `joined` the groups that are
    known already.
    """
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
    _join_same(groups, values, definitions)
    return [ordered(roots, values) for roots in groups.groups()]


def _foreign(shared: Mapping[int, list[str]], visited: Mapping[str, list[Any]]) -> set[int]:
    if not shared:
        return set()
    suspects: dict[int, Any] = {}
    for root in {roots[0] for roots in shared.values()}:
        suspects.update((id(obj), obj) for obj in visited[root] if id(obj) in shared)
    return library_owned(suspects.values())


def _join_same(groups: _Groups, values: Mapping[str, Any], definitions: set[int]) -> None:
    """Join names of one object, also an immutable one: `a is b` is to hold again."""
    first: dict[int, str] = {}
    for root, value in values.items():
        if (
            root.startswith(PREFIX)
            or type(value) in ATOMS
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

    return type(value) in {ModuleType, BuiltinFunctionType} or is_importable(value)


def describe(encoded: Encoded, values: Mapping[str, Any]) -> Covariable:
    """Describe an encoded co-variable. Lets go of the objects that were met."""
    kinds: set[type] = set()
    for part in encoded.parts.values():
        kinds.update(map(type, part.visited))
        part.visited = []
    encoded.types = frozenset(kinds)
    names = list(map(code_names, encoded.codes))
    return Covariable(
        encoded.roots,
        prints_of(encoded),
        {root: id(values[root]) for root in encoded.roots},
        find_aliases(encoded.roots, values),
        frozenset(encoded.depends),
        encoded.problem,
        uses=frozenset().union(*(code.all for code in names)),
        dynamic=encoded.blind or any(map(is_dynamic, names)),
        blind=encoded.blind,
        packages=frozenset(map(package_of, kinds)),
        memory=frozenset(encoded.memory),
        external=encoded.external,
        encoded=encoded,
    )


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
