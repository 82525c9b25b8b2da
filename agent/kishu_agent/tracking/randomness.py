"""The state of random generators: part of the session, so that a cell run again draws the same numbers."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

PREFIX = "random:"


def _python() -> tuple[Callable[[], Any], Callable[[Any], None]]:
    random = sys.modules["random"]
    return random.getstate, random.setstate


def _numpy() -> tuple[Callable[[], Any], Callable[[Any], None]]:
    random = sys.modules["numpy"].random
    return random.get_state, random.set_state


def _torch() -> tuple[Callable[[], Any], Callable[[Any], None]]:
    torch = sys.modules["torch"]
    get, put = torch.get_rng_state, torch.set_rng_state
    return lambda: get().numpy().copy(), lambda state: put(torch.from_numpy(state))


def _cuda() -> tuple[Callable[[], Any], Callable[[Any], None]]:
    torch = sys.modules["torch"]
    cuda = torch.cuda

    def get() -> list[Any]:
        if not cuda.is_initialized():  # asking for a state would do it, which takes seconds and memory
            raise LookupError("no device is in use")
        return [state.numpy().copy() for state in cuda.get_rng_state_all()]

    def put(states: list[Any]) -> None:
        for device, state in enumerate(states[: cuda.device_count()]):
            cuda.set_rng_state(torch.from_numpy(state), device)

    return get, put


_GENERATORS = {"random": _python, "numpy.random": _numpy, "torch": _torch, "torch.cuda": _cuda}
"""Getter and setter by the module that must have been imported."""


class Randomness:
    """The global random generators of the libraries that the session has imported."""

    def values(self) -> dict[str, Any]:
        """Return their states by root."""
        found = {}
        for name, generator in _GENERATORS.items():
            if name in sys.modules:
                try:
                    found[PREFIX + name] = generator()[0]()
                except Exception:  # noqa: S112 - a library that is only half imported has no state
                    continue
        return found

    def restore(self, root: str, state: Any) -> None:
        """Put one generator into a state."""
        name = root.removeprefix(PREFIX)
        if name not in sys.modules:
            __import__(name)
        _GENERATORS[name]()[1](state)
