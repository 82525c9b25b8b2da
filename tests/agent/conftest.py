"""Kernels that the tests of the agent share: starting one takes about a second."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest
from kernel import Kernel

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


class _Keeper:
    """Starts a kernel when it is asked for first, and again when a test has ended it."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._kernel: Kernel | None = None

    def get(self) -> Kernel:
        if self._kernel is None or not self._kernel.alive:
            self.close()
            self._kernel = Kernel(self._directory)
        return self._kernel

    def close(self) -> None:
        if self._kernel is not None:
            self._kernel.close()
            self._kernel = None


def _keeper(factory: pytest.TempPathFactory, name: str) -> Iterator[_Keeper]:
    keeper = _Keeper(factory.mktemp(name))
    yield keeper
    keeper.close()


@pytest.fixture(scope="session")
def _first_kernel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[_Keeper]:
    yield from _keeper(tmp_path_factory, "kernel")


@pytest.fixture(scope="session")
def _second_kernel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[_Keeper]:
    yield from _keeper(tmp_path_factory, "other")


@pytest.fixture
def kernel(_first_kernel: _Keeper) -> Kernel:
    """A kernel that other tests use as well."""
    return _first_kernel.get()


@pytest.fixture
def other(_second_kernel: _Keeper) -> Kernel:
    """Another such kernel, in which a test's cells have never run."""
    return _second_kernel.get()


@pytest.fixture(params=["all", "reached"])
def compared(request: pytest.FixtureRequest, kernel: Kernel) -> Iterator[str]:
    """What `kernel` compares after each cell: everything, or what the cell reaches, as in a large session."""
    set_limit = "setattr(__import__('kishu_agent.session').session, '_CHEAP', {})"
    usual = kernel.value("__import__('kishu_agent.session').session._CHEAP")
    kernel.hidden(set_limit.format("float('inf')" if request.param == "all" else "0.0"))
    yield request.param
    if kernel.alive:
        kernel.hidden(set_limit.format(usual))


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Callable[..., Kernel]]:
    """Starts kernels of the test's own, in its directory."""
    started: list[Kernel] = []

    def start(**environment: str) -> Kernel:
        started.append(Kernel(tmp_path, environment))
        return started[-1]

    yield start
    for kernel in started:
        kernel.close()


@pytest.fixture
def notebook(tmp_path: Path) -> Iterator[Path]:
    """Path of a notebook in a directory of its own."""
    directory = tmp_path / "work"
    directory.mkdir()
    yield directory / "notebook.ipynb"
    shutil.rmtree(directory, ignore_errors=True)
