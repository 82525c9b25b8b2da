"""The store against a model in memory: any order of writes, aborts, second stores, lost and damaged packs."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from hypothesis import settings, strategies
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from kishu_agent.errors import DamagedError
from kishu_agent.folder.blobs import CHUNK_SIZE
from kishu_agent.folder.folder import Folder
from kishu_agent.folder.frames import FrameStore
from kishu_agent.history.checkpoint import Blob

# Few different pieces in any order: that is what makes chunks occur again.
PIECES = [
    b"",
    b"x",
    bytes(CHUNK_SIZE),
    b"ab" * (CHUNK_SIZE // 2),
    bytes(range(256)) * 256,
    b"tail",
    b"q" * 1000,
]
data = strategies.lists(strategies.integers(0, len(PIECES) - 1), max_size=6).map(
    lambda picks: b"".join(PIECES[pick] for pick in picks)
)


class Store(RuleBasedStateMachine):
    @initialize()
    def begin(self) -> None:
        self.directory = Path(tempfile.mkdtemp())
        self.store = Folder.create(self.directory).frames
        self.model: dict[Blob, bytes] = {}
        self.harmed = False

    def teardown(self) -> None:
        if hasattr(self, "directory"):
            shutil.rmtree(self.directory)

    @rule(values=strategies.lists(data, max_size=4))
    def write(self, values: list[bytes]) -> None:
        with self.store.writer() as writer:
            blobs = [(writer.add_blob(value), value) for value in values]
        written = writer.close()
        assert all((self.store.directory / f"{name}.pack").exists() for name in written.names)
        if not self.harmed and all(self.model.get(blob) == value for blob, value in blobs):
            assert written.names == ()
        self.model.update(blobs)
        for blob, value in blobs:
            assert self.store.contains(bytes.fromhex(blob.digest))
            if not self.harmed:
                assert self.store.read_blob(blob) == value

    @rule(first=data, second=data)
    def write_two_at_once(self, first: bytes, second: bytes) -> None:
        other = FrameStore(self.store.directory)
        one, two = self.store.writer(), other.writer()
        self.model[one.add_blob(first)] = first
        self.model[two.add_blob(second)] = second
        self.model[two.add_blob(first)] = first
        two.close()
        one.close()

    @rule(value=data)
    def abort(self, value: bytes) -> None:
        before = sorted(self.store.directory.iterdir())
        writer = self.store.writer()
        writer.add_blob(value)
        writer.abort()
        assert sorted(self.store.directory.iterdir()) == before

    @rule()
    def reopen(self) -> None:
        self.store = FrameStore(self.store.directory)

    @rule(pick=strategies.integers(0, 100))
    def lose_a_pack(self, pick: int) -> None:
        packs = sorted(self.store.directory.iterdir())
        if packs:
            packs[pick % len(packs)].unlink()
            self.harmed = True

    @rule(pick=strategies.integers(0, 100), at=strategies.integers(0, 1 << 20))
    def damage_a_pack(self, pick: int, at: int) -> None:
        packs = sorted(self.store.directory.iterdir())
        if packs:
            pack = packs[pick % len(packs)]
            content = bytearray(pack.read_bytes())
            content[at % len(content)] ^= 0x10
            pack.write_bytes(content)
            self.harmed = True

    @rule()
    def heal(self) -> None:
        """Whatever was lost: who still has the values can store them again."""
        for blob, value in self.model.items():
            self.right_or_refused(blob, value)
        with self.store.writer() as writer:
            for blob, value in self.model.items():
                assert writer.add_blob(value) == blob
        for blob, value in self.model.items():
            assert self.store.read_blob(blob) == value

    def right_or_refused(self, blob: Blob, value: bytes) -> None:
        try:
            assert self.store.read_blob(blob) == value
        except DamagedError:
            assert self.harmed

    @invariant()
    def never_wrong(self) -> None:
        for blob, value in getattr(self, "model", {}).items():
            self.right_or_refused(blob, value)


Store.TestCase.settings = settings(max_examples=60, stateful_step_count=20, deadline=None)
TestStore = Store.TestCase
