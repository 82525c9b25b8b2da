"""The graph of checkpoints, the state at each, branches and tags."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings, strategies
from kishu_agent.errors import DamagedError
from kishu_agent.history.checkpoint import Checkpoint, StoredCovariable, new_id
from kishu_agent.history.graph import History

if TYPE_CHECKING:
    from collections.abc import Callable

    from kishu_agent.history.event import Event

Model = dict[tuple[str, ...], str]


def stored(roots: tuple[str, ...], version: str) -> StoredCovariable:
    return StoredCovariable(roots, version, 1, "pickle")


def checkpoint(
    number: int, parent: str | None, before: Model, after: Model, *, with_changed: bool
) -> Checkpoint:
    """A difference as a recorder writes it: changed co-variables in `removed` as well, or not."""
    removed = [
        roots for roots in before if roots not in after or (with_changed and before[roots] != after[roots])
    ]
    added = [stored(roots, version) for roots, version in after.items() if before.get(roots) != version]
    return Checkpoint(
        f"{number:032x}",
        parent,
        "b" * 32,
        "cell",
        f"2026-01-31T00:{number // 60:02}:{number % 60:02}.000000Z",
        0.0,
        "ok",
        removed=tuple(removed),
        added=tuple(added),
    )


states = strategies.lists(strategies.sampled_from("abcdefgh"), unique=True).flatmap(
    lambda names: strategies.lists(strategies.integers(1, 3), min_size=len(names), max_size=len(names)).map(
        lambda sizes: _group(names, sizes)
    )
)


def _group(names: list[str], sizes: list[int]) -> list[tuple[str, ...]]:
    groups, at = [], 0
    for size in sizes:
        if names[at : at + size]:
            groups.append(tuple(sorted(names[at : at + size])))
        at += size
    return groups


@given(
    strategies.lists(
        strategies.tuples(
            states, strategies.integers(0, 1000), strategies.booleans(), strategies.integers(0, 2)
        ),
        min_size=1,
        max_size=25,
    ),
    strategies.randoms(use_true_random=False),
)
@settings(deadline=None, max_examples=150)
def test_states_against_a_model(
    steps: list[tuple[list[tuple[str, ...]], int, bool, int]], chance: random.Random
) -> None:
    expected: dict[str, Model] = {}
    checkpoints: list[Checkpoint] = []
    for number, (groups, pick, with_changed, version) in enumerate(steps):
        parent = checkpoints[pick % len(checkpoints)].id if checkpoints else None
        before = expected[parent] if parent else {}
        after = {roots: f"{version}{roots}" for roots in groups}
        made = checkpoint(number, parent, before, after, with_changed=with_changed)
        checkpoints.append(made)
        expected[made.id] = after
    shuffled = checkpoints[:]
    chance.shuffle(shuffled)
    loaded = History(shuffled)
    assert loaded.checkpoints == tuple(checkpoints)
    live = History()
    for made in checkpoints:
        live.append(made)
        live.append(made)
        assert {roots: item.version for roots, item in live.state(made.id).items()} == expected[made.id]
    chance.shuffle(shuffled)
    for made in shuffled:
        for history in (loaded, live):
            state = history.state(made.id)
            assert {roots: item.version for roots, item in state.items()} == expected[made.id]
            state.clear()  # the caller's own
    assert live.checkpoints == tuple(checkpoints)


def test_parents_come_first_whatever_the_clocks_say(make_checkpoint: Callable[..., Checkpoint]) -> None:
    child_early = make_checkpoint(parent="1" * 32, started="2026-01-01T00:00:00.000000Z")
    parent_late = make_checkpoint(id="1" * 32, started="2026-01-02T00:00:00.000000Z")
    other = make_checkpoint(started="2026-01-01T12:00:00.000000Z")
    history = History([child_early, parent_late, other])
    assert history.checkpoints == (other, parent_late, child_early)
    assert history.children("1" * 32) == (child_early,)
    assert history.children(None) == (other, parent_late)
    assert history.newest() == child_early


def test_a_missing_parent(make_checkpoint: Callable[..., Checkpoint]) -> None:
    orphan = make_checkpoint(parent="f" * 32)
    child = make_checkpoint(parent=orphan.id)
    fine = make_checkpoint()
    history = History([child, orphan, fine])
    assert history.checkpoints == (orphan, child, fine)
    assert history.state(fine.id) == {}
    for broken in (orphan, child):
        with pytest.raises(DamagedError, match="ffffffff"):
            history.state(broken.id)
    with pytest.raises(DamagedError):
        history.state("0" * 32)


def test_cycles_end(make_checkpoint: Callable[..., Checkpoint]) -> None:
    one = make_checkpoint(id="1" * 32, parent="2" * 32)
    two = make_checkpoint(id="2" * 32, parent="1" * 32)
    self_parent = make_checkpoint(id="3" * 32, parent="3" * 32)
    below = make_checkpoint(parent="1" * 32)
    fine = make_checkpoint()
    history = History([one, two, self_parent, below, fine])
    assert len(history) == 5
    assert history.checkpoints[0] == fine
    for broken in (one, two, self_parent, below):
        with pytest.raises(DamagedError, match="own ancestor"):
            history.state(broken.id)
    assert history.state(fine.id) == {}


def test_differences_that_do_not_fit(make_checkpoint: Callable[..., Checkpoint]) -> None:
    first = make_checkpoint(added=(stored(("a", "b"), "1"),))
    removes_what_is_not_there = make_checkpoint(parent=first.id, removed=(("a",),))
    overlaps = make_checkpoint(parent=first.id, added=(stored(("b", "c"), "1"),))
    nameless = make_checkpoint(parent=first.id, added=(stored((), "1"),))
    history = History([first, removes_what_is_not_there, overlaps, nameless])
    assert list(history.state(first.id)) == [("a", "b")]
    for broken in (removes_what_is_not_there, overlaps, nameless):
        with pytest.raises(DamagedError):
            history.state(broken.id)


def test_a_long_history(make_checkpoint: Callable[..., Checkpoint]) -> None:
    """Longer than Python's stack is deep."""
    history, parent = History(), None
    for number in range(5000):
        removed = ((f"x{number - 1}",),) if parent else ()
        made = make_checkpoint(
            id=new_id(), parent=parent, removed=removed, added=(stored((f"x{number}",), "v"),)
        )
        history.append(made)
        parent = made.id
    assert parent is not None
    assert list(History(history.checkpoints).state(parent)) == [("x4999",)]


def test_branches_and_tags(
    make_checkpoint: Callable[..., Checkpoint], make_event: Callable[..., Event]
) -> None:
    first = make_checkpoint(branch="1" * 32)
    second = make_checkpoint(branch="1" * 32, parent=first.id)
    third = make_checkpoint(branch="2" * 32, parent=first.id)
    unnamed = make_checkpoint(branch="3" * 32)
    events = [
        make_event("branch", "1" * 32, "main"),
        make_event("branch", "2" * 32, "try"),
        make_event("branch", "4" * 32, "empty"),
        make_event("tag", first.id, "v1"),
        make_event("tag", first.id, "moved"),
        make_event("tag", first.id, "gone"),
        make_event("rename-branch", "2" * 32, "tried"),
        make_event("tag", third.id, "moved"),
        make_event("untag", first.id, "gone"),
        make_event("untag", first.id, "never was"),
    ]
    history = History([first, second, third, unnamed], reversed(events))
    assert {branch.id[0]: branch.name for branch in history.branches.values()} == {
        "1": "main",
        "2": "tried",
        "3": "33333333",
        "4": "empty",
    }
    assert history.branch_head("1" * 32) == second.id
    assert history.branch_head("2" * 32) == third.id
    assert history.branch_head("4" * 32) is None
    assert history.branch_name("2" * 32) == "tried"
    assert history.branch_name("9" * 32) == "99999999"
    assert history.tags == {"v1": first.id, "moved": third.id}
    history.append_event(make_event("untag", first.id, "v1"))
    assert history.tags == {"moved": third.id}


def test_events_of_the_same_time_are_ordered_by_id(make_event: Callable[..., Event]) -> None:
    time = "2026-01-31T12:00:00.000000Z"
    one = make_event("tag", "1" * 32, "t", id="1" * 32, time=time)
    two = make_event("tag", "2" * 32, "t", id="2" * 32, time=time)
    assert History([], [one, two]).tags == History([], [two, one]).tags == {"t": "2" * 32}
