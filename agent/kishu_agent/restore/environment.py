"""What differs in the process' environment from a checkpoint's, in words, and how it is put back."""

from __future__ import annotations

import contextlib
import os
import sys
from typing import TYPE_CHECKING

from kishu_agent.errors import NotRestorableError, RestoreError
from kishu_agent.tracking.environment import is_withheld

if TYPE_CHECKING:
    from kishu_agent.history.checkpoint import Environment
    from kishu_agent.tracking.environment import Surroundings

_LONGEST = 60
"""Characters of a value in a sentence."""


class Change:
    """The way from the environment as it is to that of a checkpoint."""

    def __init__(self, surroundings: Surroundings, record: Environment | None) -> None:
        self._now = surroundings.directory()
        self._variables = surroundings.variables()
        self._path = surroundings.path()
        then = surroundings.wanted(record)
        self._then = then
        self._moves = then.directory is not None and then.directory != self._now
        self._target = surroundings.home / (then.directory or "")
        # Unlike Path.is_dir, this never raises.
        self._there = not self._moves or os.path.isdir(self._target)  # noqa: PTH112
        # A value that is stored nowhere is left as it is: nobody could bring it back.
        self._left = {
            name
            for name, value in self._variables.items()
            if is_withheld(name, value) and surroundings.variables_at_start.get(name) != value
        }
        names = sorted(self._variables.keys() | then.variables.keys())
        self._differing = [
            name
            for name in names
            if name not in then.withheld and self._variables.get(name) != then.variables.get(name)
        ]
        self._before: tuple[str | None, dict[str, str | None], list[str]] | None = None

    def check(self, *, missing_ok: bool) -> None:
        """Raise NotRestorableError if the working directory is not there any more, unless `missing_ok`."""
        if not self._there and not missing_ok:
            reason = f"{self._then.directory} is not there any more"
            raise NotRestorableError(
                f"The working directory cannot be put back: {reason}.",
                {"working directory": reason},
                action="Restore without it (missing_ok=True), or make the directory again.",
            )

    def apply(self) -> None:
        """Put the environment back. Raises RestoreError; then `revert` is to be called."""
        try:
            directory = os.getcwd()  # noqa: PTH109 - as in tracking/environment.py
        except OSError:
            directory = None
        self._before = (directory, {name: os.environ.get(name) for name in self._differing}, list(sys.path))
        try:
            if self._moves and self._there:
                os.chdir(self._target)
            for name in self._differing:
                if name not in self._left:
                    _set(name, self._then.variables.get(name))
            if self._path != self._then.path and type(sys.path) is list:
                sys.path[:] = [*self._then.path, *(entry for entry in sys.path if type(entry) is not str)]
        except (OSError, ValueError) as error:
            raise RestoreError(
                f"The environment could not be put back: {error}.", action="Nothing was changed."
            ) from error

    def revert(self) -> None:
        """Undo `apply`, as far as it came."""
        if self._before is None:
            return
        directory, variables, path = self._before
        if type(sys.path) is list:
            sys.path[:] = path
        if directory is not None:
            with contextlib.suppress(OSError):
                os.chdir(directory)
        for name, value in variables.items():
            _set(name, value)

    def sentences(self, *, put_back: bool) -> tuple[str, ...]:
        """Tell what differed when this was made; with `put_back`, what was done about it."""
        return (
            *self._about_directory(put_back),
            *(self._about(name, put_back=put_back) for name in self._differing),
            *(
                f"the environment variable {name} was set and is not; its value was not recorded"
                for name in sorted(self._then.withheld - self._variables.keys())
            ),
            *self._about_path(put_back),
        )

    def _about_directory(self, put_back: bool) -> tuple[str, ...]:
        if not self._moves:
            return ()
        then, now = self._then.directory, self._now or "one that was removed"
        if not self._there:
            return (f"the working directory was {then}, which is not there any more; it is {now}",)
        return (
            f"the working directory is {then} again"
            if put_back
            else f"the working directory was {then}, it is {now}",
        )

    def _about(self, name: str, *, put_back: bool) -> str:
        then, now = self._then.variables.get(name), self._variables.get(name)
        subject = f"the environment variable {name}"
        if put_back and name in self._left:
            return f"{subject} was {_shown(name, then)} and is left as it is: its value is not recorded"
        if put_back:
            return f"{subject} is {_shown(name, then)} again"
        if then is not None and now is not None and (is_withheld(name, then) or is_withheld(name, now)):
            return f"{subject} was set to something else"
        return f"{subject} was {_shown(name, then)}, it is {_shown(name, now)}"

    def _about_path(self, put_back: bool) -> tuple[str, ...]:
        then, now = self._then.path, self._path
        had = [entry for entry in then if entry not in now]
        has = [entry for entry in now if entry not in then]
        if put_back:
            return (
                *(f"sys.path has {_clip(entry)} again" for entry in had),
                *(f"sys.path no longer has {_clip(entry)}" for entry in has),
            )
        return (
            *(f"sys.path had {_clip(entry)}, which it has not now" for entry in had),
            *(f"sys.path did not have {_clip(entry)}, which it has now" for entry in has),
        )


def _set(name: str, value: str | None) -> None:
    if value is None:
        os.environ.pop(name, None)
    else:
        os.environ[name] = value


def _shown(name: str, value: str | None) -> str:
    if value is None:
        return "not set"
    return "set" if is_withheld(name, value) else _clip(value)


def _clip(text: str) -> str:
    shown = repr(text)
    return shown if len(shown) <= _LONGEST else f"{shown[: _LONGEST - 1]}…"
