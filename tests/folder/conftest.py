"""What the tests of the folder share: folders in temporary directories and records to put into them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from kishu_agent.folder.folder import Folder
from kishu_agent.history.checkpoint import Checkpoint, new_id
from kishu_agent.history.event import Event

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder.create(tmp_path)


@pytest.fixture
def make_checkpoint() -> Callable[..., Checkpoint]:
    made = 0

    def make(**fields: Any) -> Checkpoint:
        nonlocal made
        made += 1
        defaults: dict[str, Any] = {
            "id": new_id(),
            "parent": None,
            "branch": "b" * 32,
            "kind": "cell",
            "started": f"2026-01-31T12:{made // 60:02}:{made % 60:02}.000000Z",
            "duration": 0.5,
            "outcome": "ok",
        }
        return Checkpoint(**(defaults | fields))

    return make


@pytest.fixture
def make_event() -> Callable[..., Event]:
    made = 0

    def make(kind: str, subject: str, name: str, **fields: Any) -> Event:
        nonlocal made
        made += 1
        defaults: dict[str, Any] = {
            "id": new_id(),
            "time": f"2026-01-31T12:{made // 60:02}:{made % 60:02}.000000Z",
        }
        return Event(**(defaults | {"kind": kind, "subject": subject, "name": name} | fields))

    return make
