"""Sets the person's names aside while recorded code of theirs has to see those of another state.

Functions of the notebook are bound to the kernel's namespace, so that its content is exchanged. Whatever happens, it
comes back: an interrupt can arrive between any two instructions, also while the content is being put back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kishu_agent import interrupts

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from kishu_agent.tracking.names import Names


class Aside:
    """The namespace of one session."""

    def __init__(self, namespace: dict[str, Any], names: Names) -> None:
        self._namespace = namespace
        self._names = names
        self._before: dict[str, Any] | None = None

    def run(self, values: Mapping[str, Any], work: Callable[[], Any]) -> Any:
        """Do `work` with these values, by root, as the person's names; return what it returns.

        What it binds is gone afterwards.
        """
        before = dict(self._namespace)
        self._before = before
        try:
            for name in self._names.current():
                known, original = self._names.original(name)
                if known:
                    self._namespace[name] = original
                else:
                    del self._namespace[name]
            self._namespace.update((root, value) for root, value in values.items() if ":" not in root)
            return work()
        finally:
            self.put_back()

    def put_back(self) -> None:
        """Put back what is set aside, if anything is."""
        interrupted = False
        while self._before is not None:
            try:
                with interrupts.delayed():
                    # What the work made goes away only when all is back: a __del__ may look names up.
                    made = dict(self._namespace)
                    self._namespace.clear()
                    self._namespace.update(self._before)
                    self._before = None
                del made
            except KeyboardInterrupt:
                interrupted = True
        if interrupted:
            raise KeyboardInterrupt
