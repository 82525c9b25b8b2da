"""Names for checkpoints."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from kishu_agent.errors import AmbiguousRefError, UnknownRefError
from kishu_agent.history.graph import History
from kishu_agent.history.refs import resolve

if TYPE_CHECKING:
    from collections.abc import Callable

    from kishu_agent.history.checkpoint import Checkpoint
    from kishu_agent.history.event import Event

A = "aaaa1111" + "0" * 24
B = "aaaa2222" + "0" * 24
C = "bbbb3333" + "0" * 24
D = "cccc4444" + "0" * 24
ORPHAN = "dddd5555" + "0" * 24


@pytest.fixture
def history(make_checkpoint: Callable[..., Checkpoint], make_event: Callable[..., Event]) -> History:
    """A - B - C on main, A - D on a branch, and one whose parent is missing."""
    checkpoints = [
        make_checkpoint(id=A, branch="1" * 32),
        make_checkpoint(id=B, branch="1" * 32, parent=A),
        make_checkpoint(id=C, branch="1" * 32, parent=B),
        make_checkpoint(id=D, branch="2" * 32, parent=A),
        make_checkpoint(id=ORPHAN, branch="3" * 32, parent="e" * 32),
    ]
    events = [
        make_event("branch", "1" * 32, "main"),
        make_event("branch", "2" * 32, "bbbb"),
        make_event("branch", "3" * 32, "twice"),
        make_event("branch", "4" * 32, "empty"),
        make_event("tag", D, "v1.0"),
        make_event("tag", B, "twice"),
        make_event("tag", D, "with~2"),
        make_event("tag", C, "ünï côde"),
        make_event("tag", "f" * 32, "lost"),
        make_event("tag", C, "main"),
    ]
    return History(checkpoints, events)


@pytest.mark.parametrize(
    ("ref", "expected"),
    [
        (A, A),
        ("aaaa1", A),
        ("AAAA1", A),
        (" aaaa1 ", A),
        ("dddd", ORPHAN),
        ("main", C),
        ("bbbb", D),
        ("bbbb3", C),
        ("v1.0", D),
        ("ünï côde", C),
        ("HEAD", B),
        ("HEAD~", A),
        ("HEAD~0", B),
        ("HEAD~1", A),
        ("main~2", A),
        ("main~~", A),
        ("main~1~1", A),
        ("bbbb3~", B),
        ("v1.0~", A),
        ("with~2", D),
        ("with~2~1", A),
        ("twice~0", None),
    ],
)
def test_resolve(history: History, ref: str, expected: str | None) -> None:
    if expected is None:
        with pytest.raises(AmbiguousRefError):
            resolve(history, ref, B)
    else:
        assert resolve(history, ref, B) == expected


@pytest.mark.parametrize(
    ("ref", "message"),
    [
        ("", "too short"),
        ("nothing", "No checkpoint"),
        ("aaa", "too short"),
        ("aaaa9", "No checkpoint"),
        ("head", "No checkpoint"),
        ("empty", "No checkpoint"),
        ("lost", "ffffffff"),
        ("HEAD~2", "too far"),
        ("main~999999999", "too far"),
        ("main~9999999999", "No checkpoint"),
        ("main~-1", "No checkpoint"),
        ("~1", "No checkpoint"),
        ("~", "No checkpoint"),
        ("dddd~1", "missing or damaged"),
        ("nothing~1", "No checkpoint"),
        ("f" * 32, "No checkpoint"),
        ("HEAD~" * 200, "No checkpoint"),
        ("nothing" + "~" * 900, "No checkpoint"),
        ("main" + "~" * 100_000, "No checkpoint"),
    ],
)
def test_unknown(history: History, ref: str, message: str) -> None:
    with pytest.raises(UnknownRefError, match=message) as caught:
        resolve(history, ref, B)
    assert caught.value.ref in ref


@pytest.mark.parametrize("head", [None, "9" * 32])
def test_no_head(history: History, head: str | None) -> None:
    with pytest.raises(UnknownRefError, match="no checkpoint has been recorded"):
        resolve(history, "HEAD", head)


def test_ambiguous(history: History) -> None:
    with pytest.raises(AmbiguousRefError, match="aaaa11110000, aaaa22220000"):
        resolve(history, "aaaa", B)
    with pytest.raises(AmbiguousRefError):
        resolve(history, "twice", B)
