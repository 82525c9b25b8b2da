"""What branches and tags may be called."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from kishu_agent.errors import AmbiguousRefError, InvalidNameError, UnknownRefError
from kishu_agent.history import naming
from kishu_agent.history.graph import History

if TYPE_CHECKING:
    from collections.abc import Callable

    from kishu_agent.history.event import Event


@pytest.mark.parametrize(
    "name", ["main", "try 2", "branch-2", "ünï côde", "v1.0", "a~b", "abc", "facade!", "12", "x" * 100]
)
def test_names(name: str) -> None:
    naming.check(name)


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("", "empty"),
        ("  ", "empty"),
        (" a", "space"),
        ("a\n", "space"),
        ("a\nb", "shown"),
        ("a\x1b[31m", "shown"),
        ("\ud800", "shown"),
        ("x" * 101, "longer"),
        ("HEAD", "kernel"),
        ("head", "kernel"),
        ("HEAD~2", "steps"),
        ("a~", "steps"),
        ("a~12", "steps"),
        ("face", "id"),
        ("DEADBEEF", "id"),
        ("0" * 32, "id"),
    ],
)
def test_what_would_be_taken_for_something_else(name: str, why: str) -> None:
    with pytest.raises(InvalidNameError, match=why) as refused:
        naming.check(name)
    assert refused.value.code == "INVALID_NAME"


def test_renaming(make_event: Callable[..., Event]) -> None:
    first, second, third = "1" * 32, "2" * 32, "3" * 32
    history = History(
        [],
        [
            make_event("branch", first, "main"),
            make_event("branch", second, "twice"),
            make_event("branch", third, "twice"),
            make_event("tag", "a" * 32, "loaded"),
        ],
    )
    event = naming.renaming(history, "main", "trunk")
    assert (event.kind, event.subject, event.name) == ("rename-branch", first, "trunk")
    assert naming.renaming(history, second, "other").subject == second
    assert naming.renaming(history, third[:6], "other").subject == third
    assert naming.renaming(history, "main", "main").name == "main"
    with pytest.raises(AmbiguousRefError, match=f"{second}, {third}"):
        naming.renaming(history, "twice", "other")
    for unknown in ("nothing", "", "22"):
        with pytest.raises(UnknownRefError):
            naming.renaming(history, unknown, "other")
    for taken in ("twice", "loaded"):
        with pytest.raises(InvalidNameError, match="already"):
            naming.renaming(history, "main", taken)
    with pytest.raises(InvalidNameError, match="already"):
        naming.tagging(history, "main", "a" * 32)
    assert naming.tagging(history, "loaded", "b" * 32).subject == "b" * 32
    history.append_event(event)
    assert [(branch.name, branch.current) for branch in naming.branches(history, first)] == [
        ("trunk", True),
        ("twice", False),
        ("twice", False),
    ]
