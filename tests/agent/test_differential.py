"""Random notebooks give the same states with the agent as by running their cells anew. See differential.py."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from differential import Worker, check
from hypothesis import HealthCheck, given, settings
from programs import Step, programs, without_hidden

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def worker() -> Iterator[Worker]:
    started = Worker()
    yield started
    started.close()


@pytest.fixture(scope="module")
def confined() -> Iterator[Worker]:
    started = Worker(reached=True)
    yield started
    started.close()


def bounded(count: int) -> settings:
    """Return settings under which always the same programs run."""
    return settings(
        max_examples=count,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )


@bounded(60)
@given(program=programs)
def test_random_notebooks(worker: Worker, program: list[Step]) -> None:
    check(worker, program)


@bounded(40)
@given(program=programs)
def test_random_notebooks_comparing_what_a_cell_reaches(confined: Worker, program: list[Step]) -> None:
    check(confined, without_hidden(program))
