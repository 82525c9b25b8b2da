"""Keeps what objects print while they are looked at out of the person's cell."""

from __future__ import annotations

import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator


class _Quiet:
    """A stream that swallows what one thread writes, and passes on what others do."""

    def __init__(self, stream: Any) -> None:
        self.swallowed = stream
        self._thread = threading.get_ident()

    def write(self, text: str) -> int:
        if threading.get_ident() == self._thread:
            return len(text)
        return int(self.swallowed.write(text))

    def __getattr__(self, name: str) -> Any:
        return getattr(self.swallowed, name)


@contextmanager
def quiet() -> Iterator[None]:
    """Swallow what this thread prints: pickling and loading an object can run code of its class."""
    before = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = _Quiet(sys.stdout), _Quiet(sys.stderr)
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before
