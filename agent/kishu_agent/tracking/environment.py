"""The process' environment: working directory, environment variables, `sys.path`.

Not part of the session state, since other code of the kernel relies on it: recorded as a difference to what it was
when recording began, shown by a restore, and put back only when that is asked for.
"""

from __future__ import annotations

import os
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from kishu_agent.history.checkpoint import Environment

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_CREDENTIAL = re.compile(
    r"KEY|TOKEN|SECRET|PASS|CREDENTIAL|AUTH|COOKIE|PRIVATE|SIGNATURE|DSN|CONNECTION|.PWD$|(?:^|_)(?:PAT|SAS)(?:_|$)",
    re.IGNORECASE,
)
_CREDENTIAL_IN_VALUE = re.compile(r"://[^/@\s]*:[^/@\s]+@")
"""An address with a password in it, whatever the variable is called."""
_LONGEST = 32 * 1024
"""Characters of a value that is stored."""
_SHELLS_OWN = frozenset({"OLDPWD", "PWD", "SHLVL", "_"})

_Data = dict[str, str]


@dataclass(frozen=True, slots=True)
class Wanted:
    """An environment as a checkpoint has it; where that says nothing, it is as in this process at the start."""

    directory: str | None
    variables: dict[str, str]
    withheld: frozenset[str]
    """Variables that are set to what nobody stored."""
    path: list[str]


class Surroundings:
    """Watches the environment of this process."""

    def __init__(self, home: Path) -> None:
        """`home` is the directory of the notebook. What holds now is what later states are compared with."""
        self.home = home
        self._homes = {home, _resolved(home)}
        self._place: tuple[str, str] = ("", "")
        self._raw: object = None
        self._variables: _Data = {}
        self._directory_at_start = self.directory()
        self.variables_at_start = self.variables()
        self._path_at_start = self.path()
        self._seen: tuple[str | None, _Data, list[str]] | None = None
        self._record: Environment | None = None
        self._noted: Environment | None = None

    def record(self) -> Environment | None:
        """Return what differs from the start, None if nothing does. A few microseconds unless something changed."""
        seen = (self.directory(), self.variables(), self.path())
        if seen != self._seen:
            self._seen = seen
            self._record = self._difference(*seen)
        return self._record

    def note(self) -> Environment | None:
        """Return what differs from the start, which is to be recorded or was just restored."""
        self._noted = self.record()
        return self._noted

    @property
    def changed(self) -> bool:
        """Tell whether it differs from what was noted last."""
        return self.record() != self._noted

    def _difference(self, directory: str | None, variables: _Data, path: list[str]) -> Environment | None:
        start = self.variables_at_start
        changed = {name: value for name, value in variables.items() if start.get(name) != value}
        deleted = [name for name in start if name not in variables]
        withheld = tuple(sorted(name for name, value in changed.items() if is_withheld(name, value)))
        found = Environment(
            directory=None if directory == self._directory_at_start else _text(directory),
            variables={
                **{name: value for name, value in sorted(changed.items()) if name not in withheld},
                **dict.fromkeys(sorted(deleted)),
            },
            withheld=withheld,
            **_path_difference(self._path_at_start, path),
        )
        return None if found == Environment() else found

    def directory(self) -> str | None:
        """Return the working directory as records have it; None if it was removed."""
        try:
            directory = os.getcwd()  # noqa: PTH109 - a tenth of what Path.cwd() takes
        except OSError:
            return None
        if directory != self._place[0]:
            self._place = (directory, self._place_of(directory))
        return self._place[1]

    def _place_of(self, directory: str) -> str:
        path = Path(directory)
        for home in self._homes:
            if path.is_relative_to(home):
                return path.relative_to(home).as_posix()
        return directory

    def variables(self) -> _Data:
        """Return the environment variables; the same dict as before if none changed."""
        if type(os.environ) is os._Environ and (raw := vars(os.environ)["_data"]) != self._raw:
            self._raw = dict(raw)
            self._variables = {
                name: value for name, value in os.environ.items() if name not in _SHELLS_OWN and _text(name)
            }
        return self._variables

    def path(self) -> list[str]:
        """Return `sys.path`."""
        return [entry for entry in sys.path if type(entry) is str] if type(sys.path) is list else []

    def wanted(self, record: Environment | None) -> Wanted:
        """Return how the environment of this process is when it is as a record says."""
        record = record or Environment()
        variables = dict(self.variables_at_start)
        for name, value in record.variables.items():
            if value is None:
                variables.pop(name, None)
            else:
                variables[name] = value
        removed = list(record.path_removed)
        kept = []
        for entry in self._path_at_start:
            if entry in removed:
                removed.remove(entry)
            else:
                kept.append(entry)
        return Wanted(
            record.directory or self._directory_at_start,
            variables,
            frozenset(record.withheld),
            [*record.path_first, *kept, *record.path_last],
        )


def is_withheld(name: str, value: str) -> bool:
    """Tell whether the value of an environment variable is not to be stored."""
    return (
        _CREDENTIAL.search(name) is not None
        or len(value) > _LONGEST
        or _CREDENTIAL_IN_VALUE.search(value) is not None
        or _text(value) is None
    )


def _resolved(path: Path) -> Path:
    try:
        return path.resolve()
    except OSError:
        return path


def _text(value: str | None) -> str | None:
    """Return a text that can be written down; names of files may have bytes that are no UTF-8."""
    try:
        return None if value is None or value.encode("utf-8") is None else value
    except UnicodeEncodeError:
        return None


def _path_difference(before: Iterable[str], now: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Return the entries that came and went, with repeated ones counted."""
    left = list(before)
    added: list[tuple[int, str]] = []
    first_kept = len(now)
    for index in range(len(now) - 1, -1, -1):
        if now[index] in left:
            left.remove(now[index])
            first_kept = index
        elif _text(now[index]) is not None:
            added.append((index, now[index]))
    added.reverse()
    return {
        "path_first": tuple(entry for index, entry in added if index < first_kept),
        "path_last": tuple(entry for index, entry in added if index > first_kept),
        "path_removed": tuple(entry for entry in left if _text(entry) is not None),
    }
