"""Puts loaded values into the session: all of them or none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kishu_agent.tracking import randomness

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kishu_agent.restore.environment import Change
    from kishu_agent.tracking.names import Names
    from kishu_agent.tracking.randomness import Randomness


def swap(
    namespace: dict[str, Any],
    names: Names,
    generators: Randomness,
    loaded: Mapping[str, Any],
    gone: tuple[str, ...],
    environment: Change | None = None,
) -> dict[str, Any]:
    """Set the loaded names, remove those that are gone, set random generators, and change the environment.

    Returns what the names were bound to: it ends when nobody holds it any more, and may have a `__del__`. On any
    failure everything is put back and the error raised.
    """
    values = {root: value for root, value in loaded.items() if ":" not in root}
    states = {root: value for root, value in loaded.items() if root.startswith(randomness.PREFIX)}
    before = {name: namespace[name] for name in {*values, *gone} if name in namespace}
    random_before = generators.values()
    try:
        if environment is not None:
            environment.apply()
        namespace.update(values)
        for name in gone:
            known, original = names.original(name)
            if known:
                namespace[name] = original
            else:
                namespace.pop(name, None)
        for root, state in states.items():
            generators.restore(root, state)
    except BaseException:
        for name in {*values, *gone}:
            namespace.pop(name, None)
        namespace.update(before)
        for root, state in random_before.items():
            generators.restore(root, state)
        if environment is not None:
            environment.revert()
        raise
    return before
