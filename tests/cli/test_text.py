"""Text for terminals."""

from __future__ import annotations

import io

import pytest
from hypothesis import given, strategies
from kishu_agent.cli.text import Paint, clip, columns, duration, printable, size


@pytest.mark.parametrize(
    ("count", "expected"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 kB"),
        (12_345, "12.3 kB"),
        (999_499, "999 kB"),
        (999_500, "1.0 MB"),
        (5 * 10**12, "5.0 TB"),
    ],
)
def test_size(count: int, expected: str) -> None:
    assert size(count) == expected


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (0, "0 ms"),
        (0.0994, "99 ms"),
        (0.0996, "0.1 s"),
        (59.94, "59.9 s"),
        (59.96, "1 min 0 s"),
        (3600, "1 h 0 min"),
        (3599.9, "1 h 0 min"),
    ],
)
def test_duration(seconds: float, expected: str) -> None:
    assert duration(seconds) == expected


@given(strategies.text(), strategies.integers(1, 20))
def test_clip(text: str, width: int) -> None:
    clipped = clip(text, width)
    assert columns(clipped) <= width
    assert clipped == text or clipped.endswith("…")


@given(strategies.text())
def test_printable(text: str) -> None:
    assert printable(text).isprintable()


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_colours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    assert Paint(Terminal())("bad", "x") == "\x1b[31mx\x1b[0m"
    assert Paint(io.StringIO())("bad", "x") == "x"
    monkeypatch.setenv("NO_COLOR", "1")
    assert Paint(Terminal())("bad", "x") == "x"
    monkeypatch.delenv("NO_COLOR")
    monkeypatch.setenv("TERM", "dumb")
    assert Paint(Terminal())("bad", "x") == "x"
