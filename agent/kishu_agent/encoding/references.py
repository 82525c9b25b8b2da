"""Finds what a stream refers to in the notebook by name only."""

from __future__ import annotations

import io
import pickletools

MAIN = "__main__"


def main_reference(pieces: list[bytes]) -> str | None:
    """Return the name of what a stream refers to in `__main__`, None if it refers to nothing there.

    Such a reference would be looked up in whatever the notebook holds by then. The streams of this package
    have none; an object's own __reduce__ can make one.
    """
    if not any(MAIN.encode() in piece for piece in pieces):
        return None
    source = io.BytesIO(b"".join(pieces))
    end = len(source.getbuffer())
    pushed: list[str] = []
    memo: list[str] = []
    last = ""
    while source.tell() < end:
        for opcode, argument, _position in pickletools.genops(source):
            if opcode.name == "STACK_GLOBAL" and pushed[-2:-1] == [MAIN]:
                return pushed[-1]
            if opcode.name == "MEMOIZE":
                memo.append(last)
            last = ""
            if "UNICODE" in opcode.name:
                last = str(argument)
                pushed.append(last)
            elif "GET" in opcode.name and isinstance(argument, int):
                pushed.append(memo[argument])
    return None
