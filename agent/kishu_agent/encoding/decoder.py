"""Loads co-variables on the side: nothing of the session is touched until all is there."""

from __future__ import annotations

import io
from pickle import Unpickler
from types import FunctionType
from typing import TYPE_CHECKING, Any

from kishu_agent import interrupts
from kishu_agent.encoding import rebuild
from kishu_agent.encoding.definitions import PREFIX
from kishu_agent.encoding.encoder import phases

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from kishu_agent.encoding.definitions import Definitions


class DecodeError(Exception):
    """The stored form of a co-variable did not load. `roots` are its roots."""

    def __init__(self, roots: tuple[str, ...], cause: BaseException) -> None:
        super().__init__(f"{type(cause).__name__}: {cause}")
        self.roots = roots


class Source:
    """The stored form of one co-variable that is to be loaded."""

    def __init__(
        self,
        roots: tuple[str, ...],
        stream: bytes | bytearray,
        arrays: Sequence[Callable[[memoryview], None]],
        buffers: Iterable[Any],
    ) -> None:
        """`arrays` has, for each array, what reads its bytes into memory of the array's size."""
        self.roots = roots
        self.arrays = arrays
        self._unpickler = Unpickler(io.BytesIO(stream), buffers=buffers)
        self._busy = False
        self._phases = iter(phases(roots))
        self._phase: tuple[str, str] | None = next(self._phases, None)

    def advance(self, phase: str, done: dict[str, Any]) -> None:
        """Load all pickles of one phase."""
        if self._busy:
            raise DecodeError(self.roots, LookupError("its definitions refer to each other in a circle"))
        while self._phase is not None and self._phase[0] == phase:
            root = self._phase[1]
            self._phase = next(self._phases, None)
            self._busy = True
            try:
                self._apply(phase, root, self._unpickler.load(), done)
            except DecodeError:
                raise
            except BaseException as error:
                interrupts.reraise(error)
                raise DecodeError(self.roots, error) from error
            finally:
                self._busy = False

    def _apply(self, phase: str, root: str, loaded: Any, done: dict[str, Any]) -> None:
        if phase in {"skeleton", "value"}:
            done[root] = loaded
            return
        definition = done[root]
        if type(definition) is FunctionType:
            if phase == "data":
                rebuild.set_function_state(definition, loaded)
        elif phase == "behaviour":
            rebuild.set_attributes(definition, loaded)
        else:
            rebuild.set_attributes(definition, loaded["attributes"])
            if loaded["registered"]:
                rebuild.register_classes(definition, loaded["registered"])
            if loaded["bare_members"]:
                rebuild.set_bare_members(definition, loaded["bare_members"])
            if loaded["members"]:
                rebuild.set_member_attributes(definition, loaded["members"])


class Load:
    """One load of several co-variables that may refer to each other's definitions.

    Implements rebuild.Loading. New definitions are known to this load only, until `commit`.
    """

    def __init__(
        self,
        namespace: dict[str, Any],
        definitions: Definitions,
        session: Callable[[], Any],
        before: Load | None = None,
        *,
        bind: bool = False,
    ) -> None:
        """`before` is a load that this one continues: what it loaded is there already.

        With `bind` each value is put under its name into the namespace as soon as it is there, for code of the
        notebook that runs while others are loaded, such as the `__hash__` of a key.
        """
        self._bind = bind
        self.namespace = namespace
        self._definitions = definitions
        self._session = session
        self._sources: list[Source] = []
        self._loading: Source | None = None
        self._by_definition: dict[str, Source] = {}
        self._defined: dict[str, Any] = dict(before._defined) if before is not None else {}
        self.loaded: dict[str, Any] = dict(before.loaded) if before is not None else {}
        """Loaded objects by root."""

    def add(self, source: Source) -> None:
        """Add a co-variable to what `run` loads."""
        self._sources.append(source)
        for root in source.roots:
            if root.startswith(PREFIX):
                self._by_definition[root] = source

    def run(self) -> dict[str, Any]:
        """Load everything; return the objects by root. Raises DecodeError."""
        previous = rebuild.enter(self)
        try:
            for phase in ("skeleton", "behaviour", "data", "value"):
                for source in self._sources:
                    self._advance(source, phase)
        finally:
            rebuild.enter(previous)
            # The unpicklers' memos hold every loaded object, and who shares memory is told by reference counts.
            self._sources.clear()
            self._by_definition.clear()
        return self.loaded

    def _advance(self, source: Source, phase: str) -> None:
        outer, self._loading = self._loading, source
        try:
            source.advance(phase, self.loaded)
        finally:
            self._loading = outer
        if self._bind and phase == "value":
            self.namespace.update((root, self.loaded[root]) for root in source.roots if ":" not in root)

    def fill(self, number: int, memory: memoryview) -> None:
        """Read an array of the co-variable that is being loaded into memory of its size."""
        if self._loading is not None:
            self._loading.arrays[number](memory)

    def commit(self) -> None:
        """Make the loaded definitions the ones that are known in the session."""
        for uid, obj in self._defined.items():
            self._definitions.register(obj, uid)

    def definition(self, uid: str) -> Any:
        """Return a definition: a loaded one, one still to be loaded, or the live one."""
        root = PREFIX + uid
        if uid not in self._defined and (source := self._by_definition.get(root)) is not None:
            self._advance(source, "skeleton")
        if uid in self._defined:
            return self._defined[uid]
        found = self._definitions.find(uid)
        if found is None:
            raise LookupError(f"the definition {uid} is neither stored with this state nor in the session")
        return found

    def complete(self, definition: Any) -> None:
        """Load the rest of a definition that this load makes."""
        uid = next((uid for uid, made in self._defined.items() if made is definition), None)
        source = None if uid is None else self._by_definition.get(PREFIX + uid)
        for phase in ("skeleton", "behaviour", "data"):
            if source is not None:
                self._advance(source, phase)

    def define(self, uid: str, obj: Any) -> None:
        """Note a definition that was just made."""
        self._defined[uid] = obj

    def session(self) -> Any:
        """Return the session of this kernel."""
        return self._session()
