"""Random notebooks give the same states with the agent as by running their cells anew. See differential.py."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from differential import Worker, check
from hypothesis import HealthCheck, given, settings
from programs import Step, programs

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def worker() -> Iterator[Worker]:
    started = Worker()
    yield started
    started.close()


@settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[
        HealthCheck.function_scoped_fixture,
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
    ],
)
@given(program=programs)
def test_random_notebooks(worker: Worker, program: list[Step]) -> None:
    check(worker, program)
