"""Random notebooks give the same states with the agent as by running their cells anew. See differential.py."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from comparison import Pair, check
from differential import program_named

if TYPE_CHECKING:
    from collections.abc import Iterator

_PROGRAMS = 50
"""Of each mode: about half a minute."""


@pytest.fixture(params=["everything", "reached"])
def pair(request: pytest.FixtureRequest) -> Iterator[Pair]:
    """Both sides; the agent compares everything after a cell, or what the cell can have reached."""
    started = Pair(reached=request.param == "reached")
    yield started
    started.close()


def test_random_notebooks(pair: Pair) -> None:
    counts = {"statements": 0, "raised": 0, "restores": 0, "partial": 0}
    for number in range(_PROGRAMS):
        told = check(pair, program_named(0, number))
        counts = {name: count + told.get(name, 0) for name, count in counts.items()}
    assert counts["statements"] > 6 * counts["raised"], "most statements are to succeed"
    assert counts["restores"] > 4 * _PROGRAMS
    assert (counts["partial"] > _PROGRAMS) == pair.reached
