"""The commands of the extension: docs/protocol.md."""

from __future__ import annotations


def serve(request: str) -> None:
    """Carry out one request and display the reply. Never raises."""
    from IPython.display import display

    from kishu_agent.protocol.dispatch import answer
    from kishu_agent.protocol.models import MIME_TYPE

    display({MIME_TYPE: answer(request)}, raw=True)  # type: ignore[no-untyped-call]
