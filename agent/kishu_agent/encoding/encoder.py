"""Encodes co-variables: one pass of the C pickler gives the stream, the buffers and what is shared.

The C pickler calls `persistent_id` with every object that it meets, and here that is `list.append`: so the walk
over the object graph costs no Python code (measured: 2.7 million objects in 0.09 s, 0.06 s without).
"""

from __future__ import annotations

import abc
import copyreg
import enum
import pickle
import sys
import weakref
from dataclasses import dataclass, field
from itertools import compress
from types import CodeType, FunctionType
from typing import TYPE_CHECKING, Any

from kishu_agent import interrupts
from kishu_agent.encoding import borrowed, dilled, rebuild
from kishu_agent.encoding.classes import (
    bare_members,
    class_attributes,
    class_skeleton,
    makes_members,
    member_attributes,
    reduce_class,
    registered_classes,
)
from kishu_agent.encoding.definitions import PREFIX, Definitions
from kishu_agent.encoding.functions import function_skeleton, function_state
from kishu_agent.encoding.importable import is_importable
from kishu_agent.encoding.instances import instance_reducer
from kishu_agent.encoding.memory import Memory, linked
from kishu_agent.encoding.references import main_reference
from kishu_agent.encoding.sharing import LinkingTypes, opaque_parts
from kishu_agent.encoding.standard import REDUCERS, library_reducer, standard_reducer
from kishu_agent.timelimit import TimeLimitError
from kishu_agent.untraced import start_thread

if TYPE_CHECKING:
    from collections.abc import Sequence, Set as AbstractSet

Reduced = Any
"""What a reducer returns: see object.__reduce__. NotImplemented leaves the object to pickle."""


@dataclass(slots=True)
class Part:
    """The share of one root in an encoded co-variable."""

    stream: list[bytes] = field(default_factory=list)
    arrays: list[int] = field(default_factory=list)
    """Which of the co-variable's arrays are its own."""
    buffers: list[int] = field(default_factory=list)
    """Which of the co-variable's other buffers are its own."""
    visited: list[Any] = field(default_factory=list)
    """Objects met that can join names. Kept only while names are grouped."""
    memory: Memory = field(default_factory=Memory)
    """Whose memory its arrays use. Kept only while names are grouped."""


@dataclass(slots=True)
class Encoded:
    """The encoded form of a co-variable: for each phase, for each root in order, one pickle.

    Definitions come first, in three phases: what they are, their behaviour, their data. Then the values of
    the names. All pickles share one memo, which keeps shared objects shared.
    """

    roots: tuple[str, ...]
    parts: dict[str, Part]
    pieces: list[bytes]
    arrays: list[memoryview]
    buffers: list[memoryview]
    depends: set[str]
    problem: str | None = None
    """Why it cannot be loaded again; the rest is then good for finding changes only."""
    dilled: bool = False
    """Whether it took dill to encode it."""
    blind: bool = False
    """Whether it has objects whose content could not be seen."""
    codes: list[CodeType] = field(default_factory=list)
    external: bool = False
    borrows: bool = False
    kinds: tuple[type, ...] = ()
    """Types of objects in it that no co-variable encoded before it had (within one look)."""
    prints: list[bytes] = field(default_factory=list)
    """Prints of the chunks of each array and then each buffer (tracking/fingerprint.py), once computed."""

    @property
    def memory_views(self) -> list[memoryview]:
        """The arrays, then the other buffers."""
        return self.arrays + self.buffers


class Scope:
    """What encoders of one session share: the namespace, its definitions, and caches by type."""

    def __init__(self, namespace: dict[str, Any], definitions: Definitions) -> None:
        self.namespace = namespace
        self.definitions = definitions
        self.linking = LinkingTypes()
        self.reducers: dict[type, Any] = dict(REDUCERS)
        self.importable: dict[type, bool] = {}
        self.kept: list[Any] = []
        """Objects that would be taken for temporary ones, though they stand for what names share."""
        self._endless: dict[int, weakref.ref[type]] = {}
        """Types whose own pickling was ended by the time limit; found by id, whatever their metaclass says."""

    def note_endless(self, kind: type) -> None:
        """Do not begin to pickle an instance of this type again."""
        self._endless[id(kind)] = weakref.ref(kind)

    def find_reducer(self, kind: type) -> Any:
        """Return the reducer for objects of a type, None to leave them to pickle."""
        known = self._endless.get(id(kind))
        found = _reduce_endless if known is not None and known() is kind else _find_reducer(kind)
        self.reducers[kind] = found
        return found

    def forget(self) -> None:
        """Drop what is kept during a look, so that nothing of the notebook is kept alive."""
        self.kept.clear()
        self.linking.clear()
        self.importable.clear()
        self.reducers = dict(REDUCERS)


class _Skeleton:
    """Stands in a stream for a definition without its state."""

    __slots__ = ("reduced",)

    def __init__(self, reduced: tuple[Any, ...]) -> None:
        self.reduced = reduced

    def __reduce__(self) -> Reduced:
        return self.reduced


class _Sink:
    """Takes what the pickler writes, without joining it."""

    __slots__ = ("pieces",)

    def __init__(self) -> None:
        self.pieces: list[bytes] = []

    def write(self, data: bytes) -> int:
        self.pieces.append(bytes(data))
        return len(data)


class Encoder(pickle.Pickler):
    """Pickles the roots of one co-variable."""

    def __init__(self, scope: Scope, linked: AbstractSet[int] = frozenset()) -> None:
        """`linked` has the ids of the owners of linked memory: frames over it are stored as views of it."""
        self.visited: list[Any] = []
        # Found by Pickler.__init__ on the instance; a C function costs almost nothing per object.
        self.persistent_id = self.visited.append  # type: ignore[method-assign]
        self.sink = _Sink()
        self.arrays: list[memoryview] = []
        """Memory of arrays, to be read back into arrays that own theirs; streams have their numbers."""
        self.buffers: list[pickle.PickleBuffer] = []
        """What other objects give out of band, in pickle's own way."""
        # Nothing here refers back to the pickler: a cycle would keep the user's memory until a collection.
        super().__init__(self.sink, protocol=5, buffer_callback=self.buffers.append)
        self.scope = scope
        self.namespace = scope.namespace
        self.definitions = scope.definitions
        self.depends: set[str] = set()
        self.cells: set[int] = set()
        """Ids of the closure cells that were met, and of those that a stored function fills."""
        self.owned_cells: set[int] = set()
        self.caches: set[int] = set()
        """Ids of mappings that are filled when a function is called, and are stored empty."""
        self.codes: list[CodeType] = []
        """Code of the functions that are stored by value."""
        self.memory = Memory()
        """Whose memory the arrays of the present root use, whether it is stored with the owner or not."""
        self.linked = linked
        self.external = False
        """Whether an array's memory belongs to something else than an array or a bytearray, such as a file."""
        self.borrows = False
        """Whether there is memory that may be that of an array which was not met yet."""
        self.stand_ins: dict[Any, Any] = {}
        """Objects that reducers put in the place of others, to use them again in this co-variable."""
        self._reducers = scope.reducers  # one look's: Scope.forget makes new ones

    def add_array(self, memory: memoryview) -> int:
        """Store the memory of an array besides the stream. Returns its number."""
        self.arrays.append(memory)
        return len(self.arrays) - 1

    def find_lender(self, start: int, size: int) -> tuple[Any, int] | None:
        """Return the array that owns this memory, and the offset in it, if such an array was met."""
        found = borrowed.find(start, size)
        self.borrows = self.borrows or found is None
        return found

    def keep(self, obj: Any) -> None:
        """Let an object join names that met it, also if its library makes it anew each time that it is freed."""
        self.scope.kept.append(obj)

    def depend(self, uid: str) -> None:
        """Note that what is being encoded refers to a definition."""
        self.depends.add(PREFIX + uid)

    def is_importable_class(self, cls: type) -> bool:
        """Tell whether a class is stored by name."""
        known = self.scope.importable.get(cls)
        if known is None:
            known = self.scope.importable[cls] = is_importable(cls)
        return known

    def reducer_override(self, obj: Any) -> Reduced:
        """Choose the reducer for an object that is not of a plain built-in type."""
        kind = type(obj)
        try:
            reducer = self._reducers[kind]
        except KeyError:
            reducer = self.scope.find_reducer(kind)
        return NotImplemented if reducer is None else reducer(self, obj)


class CarefulEncoder(Encoder):
    """Goes on where an object cannot be pickled: puts a placeholder that can be recognized again.

    Slower, since it reduces every object in Python; used once an object has failed.
    """

    def __init__(self, scope: Scope, linked: AbstractSet[int] = frozenset()) -> None:
        super().__init__(scope, linked)
        self.problem: str | None = None
        self.dilled = False

    def reducer_override(self, obj: Any) -> Reduced:
        """Reduce an object by pickle, else by dill, else put a placeholder that has its type and identity."""
        kind = type(obj)
        try:
            reduced = super().reducer_override(obj)
            if reduced is not NotImplemented:
                return reduced
            if issubclass(kind, type) or kind is FunctionType or is_importable(obj):
                return NotImplemented
            registered = copyreg.dispatch_table.get(kind)
            return obj.__reduce_ex__(5) if registered is None else registered(obj)
        except BaseException as error:
            interrupts.reraise(error)
            return self._without_pickle(obj, error)

    def _without_pickle(self, obj: Any, failure: BaseException) -> Reduced:
        try:
            reduced = dilled.reduce(obj)
        except BaseException as error:
            interrupts.reraise(error)
            if isinstance(failure, TimeLimitError):
                self.scope.note_endless(type(obj))
            if self.problem is None:
                self.problem = _describe(obj, failure)
            parts = opaque_parts(obj)
            self.visited += parts
            self.codes += [part for part in parts if type(part) is CodeType]  # of a generator or coroutine
            return _Placeholder, (_type_name(type(obj)), id(obj))
        self.dilled = True
        return reduced


class _Placeholder:
    """Where an object was that has no stored form."""

    def __init__(self, kind: str, identity: int) -> None:
        raise TypeError(f"a {kind} has no stored form ({identity})")


def _type_name(kind: type) -> str:
    """Return the full name of a type, whatever its metaclass says."""
    module = type.__dict__["__module__"].__get__(kind)
    name = type.__dict__["__qualname__"].__get__(kind)
    return str(name) if module in {"builtins", "__main__"} else f"{module}.{name}"


def _describe(obj: object, error: BaseException) -> str:
    try:
        message = str(error)
    except BaseException as another:
        interrupts.reraise(another)
        message = ""
    return f"{_type_name(type(obj))}: {message or type(error).__name__}"[:300]


def _find_reducer(kind: type) -> Any:
    if issubclass(kind, type):
        return reduce_class
    if (kind.__module__, kind.__qualname__) == ("kishu_agent.session", "Session"):
        return _reduce_session
    return standard_reducer(kind) or library_reducer(kind) or instance_reducer(kind)


def _reduce_endless(_encoder: Encoder, _obj: object) -> Reduced:
    raise TimeLimitError


def _reduce_session(_encoder: Encoder, _session: object) -> Reduced:
    return rebuild.session, ()


def phases(roots: Sequence[str]) -> list[tuple[str, str]]:
    """Return in which order the pickles of a co-variable follow each other, as (phase, root)."""
    definitions = [root for root in roots if root.startswith(PREFIX)]
    order = [(phase, root) for phase in ("skeleton", "behaviour", "data") for root in definitions]
    return order + [("value", root) for root in roots if not root.startswith(PREFIX)]


def encode(scope: Scope, roots: tuple[str, ...], values: dict[str, Any]) -> Encoded:
    """Encode the roots of a co-variable. `values` has the live objects by root.

    Never raises for what a user's objects do: what cannot be encoded makes `problem`.
    """
    try:
        return _encode(Encoder, scope, roots, values)
    except RecursionError:
        return _encode_deep(scope, roots, values)
    except BaseException as error:
        interrupts.reraise(error)
        return _encode_carefully(scope, roots, values)


def _encode_carefully(scope: Scope, roots: tuple[str, ...], values: dict[str, Any]) -> Encoded:
    try:
        return _encode(CarefulEncoder, scope, roots, values)
    except BaseException as error:
        interrupts.reraise(error)
        return _opaque(roots, values, _describe(values[roots[0]], error))


def _encode_deep(scope: Scope, roots: tuple[str, ...], values: dict[str, Any]) -> Encoded:
    """Encode an object graph that is nested too deep for this thread's stack (from about 500 levels on).

    A thread with a large stack copes with 300,000 levels (measured); the recursion limit counts per thread.
    """
    import threading

    result: list[Encoded] = []

    def work() -> None:
        limit = sys.getrecursionlimit()
        sys.setrecursionlimit(200_000)
        try:
            result.append(_encode(Encoder, scope, roots, values))
        except BaseException:
            result.append(_encode_carefully(scope, roots, values))
        finally:
            sys.setrecursionlimit(limit)

    previous = threading.stack_size(512 * 1024 * 1024)
    try:
        thread = start_thread(work, "kishu-deep")
    finally:
        threading.stack_size(previous)
    thread.join()
    return result[0] if result else _opaque(roots, values, "nested too deep")


def _opaque(roots: tuple[str, ...], values: dict[str, Any], problem: str) -> Encoded:
    """Return the form of a co-variable of which nothing can be seen but the objects themselves."""
    parts = {root: Part([str(id(values[root])).encode()], visited=[values[root]]) for root in roots}
    pieces = [piece for part in parts.values() for piece in part.stream]
    return Encoded(roots, parts, pieces, [], [], set(), problem, blind=True)


def _encode(encoders: type[Encoder], scope: Scope, roots: tuple[str, ...], values: dict[str, Any]) -> Encoded:
    encoded = _encode_once(encoders(scope), roots, values)
    memories = [part.memory for part in encoded.parts.values()]
    if found := linked(memories):
        kinds = encoded.kinds
        encoded = _encode_once(encoders(scope, found), roots, values)
        encoded.kinds += kinds
        for part, memory in zip(encoded.parts.values(), memories, strict=True):
            part.memory = memory  # now frames reach it as arrays do
    return encoded


def _encode_once(encoder: Encoder, roots: tuple[str, ...], values: dict[str, Any]) -> Encoded:
    parts = {root: Part() for root in roots}
    problem = None
    kinds_before = len(encoder.scope.linking)
    for phase, root in phases(roots):
        part = parts[root]
        encoder.memory = part.memory
        start, first_visit = len(encoder.sink.pieces), len(encoder.visited)
        first_array, first_buffer = len(encoder.arrays), len(encoder.buffers)
        for item in _items(encoder, phase, root, values[root]):
            encoder.dump(item)
        part.stream += encoder.sink.pieces[start:]
        part.arrays += range(first_array, len(encoder.arrays))
        part.buffers += range(first_buffer, len(encoder.buffers))
        part.visited += _linking(encoder.scope.linking, encoder.visited, first_visit)
    if encoder.cells - encoder.owned_cells:
        problem = "a closure cell on its own"
    if (name := main_reference(encoder.sink.pieces)) is not None:
        problem = f"{name} is stored by a name of the notebook only"
    depends = encoder.depends - set(roots)
    encoded = Encoded(
        roots,
        parts,
        encoder.sink.pieces,
        encoder.arrays,
        [buffer.raw() for buffer in encoder.buffers],
        depends,
        problem,
    )
    encoded.codes, encoded.external = encoder.codes, encoder.external
    if isinstance(encoder, CarefulEncoder):
        encoded.dilled, encoded.blind = encoder.dilled, encoder.problem is not None
        encoded.problem = encoder.problem or problem
    encoded.borrows = encoder.borrows
    encoded.kinds = tuple(encoder.scope.linking)[kinds_before:]
    _drop_temporaries(encoder, encoded)
    return encoded


def _items(encoder: Encoder, phase: str, root: str, value: Any) -> tuple[Any, ...]:
    """Return what is pickled for a root in a phase."""
    uid = root.removeprefix(PREFIX)
    if phase == "value":
        return (value,)
    if type(value) is FunctionType:
        if phase == "skeleton":
            return (_Skeleton(function_skeleton(encoder, value, uid)),)
        return (None if phase == "behaviour" else function_state(encoder, value),)
    if phase == "skeleton":
        return (_Skeleton(class_skeleton(value, uid)),)
    behaviour, data = class_attributes(value)
    if phase == "behaviour":
        return (behaviour,)
    return ({"attributes": data, **_class_extras(value)},)


def _class_extras(cls: type) -> dict[str, Any]:
    metaclass = type(cls)
    is_enum = issubclass(metaclass, enum.EnumMeta)
    bare = is_enum and makes_members(cls)
    return {
        "members": member_attributes(cls) if is_enum and not bare else None,
        "bare_members": bare_members(cls) if bare else None,
        "registered": registered_classes(cls) if issubclass(metaclass, abc.ABCMeta) else None,
    }


def _linking(linking: LinkingTypes, visited: list[Any], first: int) -> list[Any]:
    new = visited[first:] if first else visited
    return list(compress(new, map(linking.__getitem__, map(type, new))))


def _drop_temporaries(encoder: Encoder, encoded: Encoded) -> None:
    """Leave out objects that only the pickler held (states made on the way): they join nothing.

    Their ids may be used again by other objects as soon as they are freed.
    """
    encoder.visited.clear()
    encoder.clear_memo()
    for part in encoded.parts.values():
        # A temporary is held by this list, by compress and by the call's argument.
        held = map((3).__lt__, map(sys.getrefcount, part.visited))
        part.visited = list(compress(part.visited, held))
