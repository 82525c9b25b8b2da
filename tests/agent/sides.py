"""The two sides of the differential test, each a process of its own: a recorded session, and the oracle.

Both answer requests, one JSON object a line. An answer has the canonical form of the session as digests.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import gc
import io
import json
import os
import random
import re
import shutil
import sys
import tempfile
import types
from pathlib import Path
from typing import TYPE_CHECKING, Any

from canonical import canonical, digest
from forms import UnknownTypeError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_IPYTHONS_OWN = re.compile(r"_i?\d*|_{2,3}|_i{2,3}|_[io]h|_dh|In|Out|get_ipython|exit|quit|open|__\w+__")


def names_of(namespace: dict[str, Any]) -> list[str]:
    """Return the names of the person, told without the agent."""
    return [name for name in namespace if not _IPYTHONS_OWN.fullmatch(name)]


class Side:
    """What both sides have: the last form as text, to be asked for when digests differ."""

    def __init__(self) -> None:
        self._texts: dict[str, str] = {}

    def _form(self, namespace: dict[str, Any]) -> dict[str, str]:
        if "weak" in namespace:
            gc.collect()  # frames of exceptions hold objects in cycles
        try:
            self._texts = canonical(namespace, names_of(namespace))
        except UnknownTypeError as error:
            self._texts = {
                "unknown": f"the canonical form does not know the type of {error} {error.__notes__}"
            }
        return {group: digest(text) for group, text in self._texts.items()}

    def texts(self) -> dict[str, str]:
        return self._texts


class Recorded(Side):
    """An IPython shell in which programs are recorded, one after the other."""

    def __init__(self, *, reached: bool) -> None:
        super().__init__()
        import kishu_agent.session
        from IPython.core.interactiveshell import InteractiveShell
        from traitlets.config import Config

        assert kishu_agent.session._CHEAP > 0
        # A look that takes longer than this is confined to what the cell reaches.
        _replace(kishu_agent.session, "_CHEAP", 0.0 if reached else float("inf"))
        config = Config()
        config.HistoryManager.enabled = False
        config.InteractiveShell.ast_node_interactivity = "none"  # Out would hold what the oracle has let go
        self._shell: Any = InteractiveShell.instance(config=config)
        # The display of a traceback takes longer than the cell.
        _replace(self._shell, "showtraceback", lambda *_arguments, **_keywords: None)
        _replace(self._shell, "_format_exception_for_storage", lambda *_arguments, **_keywords: [])
        self._directory = Path(tempfile.mkdtemp(prefix="differential-", dir=_fast_directory()))
        self._number = 0
        self._session: Any = None
        self._partial = 0

    def reset(self) -> None:
        """Begin a program: no names, no history."""
        self.end()
        _seed()
        self._number += 1
        self._notebook = self._directory / str(self._number) / "n.ipynb"
        self._notebook.parent.mkdir()
        self._attach()

    def _attach(self) -> None:
        import kishu_agent

        self._session = kishu_agent.attach(self._notebook)
        tracker = self._session._tracker
        look = tracker.look

        def counted(*arguments: Any, **keywords: Any) -> Any:
            looked = look(*arguments, **keywords)
            self._partial += looked.partial
            return looked

        tracker.look = counted

    def _detach(self) -> None:
        if self._session is not None:
            self._session.detach()
            self._session = None
        for name in list(self._shell.user_ns):
            if not _IPYTHONS_OWN.fullmatch(name) or re.fullmatch(r"_i\d+", name):
                del self._shell.user_ns[name]
        self._shell.last_execution_result = None
        _collect()

    def end(self) -> None:
        if self._session is not None:
            self._detach()
            shutil.rmtree(self._notebook.parent, ignore_errors=True)

    def close(self) -> None:
        self.end()
        shutil.rmtree(self._directory, ignore_errors=True)

    def run(self, code: str, *, hidden: bool) -> dict[str, Any]:
        """Run a cell, or hidden code."""
        self._partial = 0
        with _swallowed():
            result = self._shell.run_cell(code, store_history=not hidden)
        raised = result.error_before_exec or result.error_in_exec
        answer = {"raised": type(raised).__name__ if raised else None, "head": self._session.head}
        del result, raised
        self._shell.last_execution_result = None
        entry = self._session._history.get(answer["head"]) or self._session._recorder.find(answer["head"])
        changes = (
            {}
            if entry is None
            else {kind: getattr(entry, kind) for kind in ("created", "changed", "deleted")}
        )
        failure = self._session.failure
        return {**answer, **changes, "failure": failure, "partial": self._partial, "form": self._now()}

    def go(self, kind: str, ref: str) -> dict[str, Any]:
        """Restore a state."""
        from kishu_agent.errors import KishuError

        failure, previous = None, None
        if kind == "fresh":
            self._detach()
            self._attach()
        before = {name: self._shell.user_ns[name] for name in names_of(self._shell.user_ns)}
        try:
            with _swallowed():
                report = (
                    self._session.restore(ref)
                    if kind in {"restore", "fresh"}
                    else getattr(self._session, kind)()
                )
            previous = report.previous
        except KishuError as error:
            failure = f"{type(error).__name__}: {error}"
        kept = [name for name, value in before.items() if self._shell.user_ns.get(name, _ABSENT) is value]
        del before
        return {
            "head": self._session.head,
            "previous": previous,
            "failure": failure,
            "kept": kept,
            "form": self._now(),
        }

    def _now(self) -> dict[str, str]:
        return self._form(self._shell.user_ns)


class Plain(Side):
    """The oracle: runs cells in a plain namespace, and never sees the agent."""

    def __init__(self) -> None:
        super().__init__()
        self._known: dict[tuple[str, ...], dict[str, Any]] = {}
        self._texts_known: dict[tuple[str, ...], dict[str, str]] = {}
        self._cells: tuple[str, ...] = ()
        self._origins: dict[str, str] = {}
        """By name, where its object was first seen: digests of the cells until then, and its name there."""

    def reset(self) -> None:
        """Begin a program."""
        self._known.clear()
        self._texts_known.clear()
        self._start()
        _seed()
        _collect()

    end = close = reset

    def _start(self) -> None:
        module = types.ModuleType("__main__")
        sys.modules["__main__"] = module
        self._namespace = module.__dict__
        self._cells = ()
        self._origins = {}

    def state(self, cells: list[str]) -> dict[str, Any]:
        """Return the form of the state after these cells, with how the last of them ended."""
        key = tuple(cells)
        if key not in self._known:
            if key[:-1] != self._cells:
                self._start()
                _seed()
                for number in range(1, len(key)):
                    self._execute(key[:number])
            outcome = self._execute(key)
            self._cells = key
            self._known[key] = {**outcome, "form": self._form(self._namespace), "origins": self._origins}
            self._texts_known[key] = self._texts
        self._texts = self._texts_known[key]
        return self._known[key]

    def _execute(self, cells: tuple[str, ...]) -> dict[str, Any]:
        """Run the last of these cells."""
        # Held, so that no new object has the id of one of them; unless a weak reference could tell.
        held = {} if "weak" in self._namespace else self._bound()
        origins = {id(value): self._origins[name] for name, value in held.items()}
        outcome = self._run(cells[-1])
        place = digest("\0".join(cells))
        self._origins = {}
        for name, value in self._bound().items():
            self._origins[name] = origins.setdefault(id(value), f"{place} {name}")
        return outcome

    def _bound(self) -> dict[str, Any]:
        return {name: self._namespace[name] for name in names_of(self._namespace)}

    def _run(self, code: str) -> dict[str, Any]:
        done = 0
        with _swallowed():
            try:
                # One statement after the other, as IPython does: so are constants shared.
                for statement in ast.parse(code).body:
                    code_object = compile(ast.Module([statement], []), "<cell>", "exec", dont_inherit=True)
                    exec(code_object, self._namespace)  # noqa: S102
                    done += 1
            except Exception as error:
                return {"raised": type(error).__name__, "done": done}
        return {"raised": None, "done": done}


_ABSENT = object()


def _collect() -> None:
    """Collect what a program left, and keep later collections from going through what stays."""
    gc.collect()
    gc.freeze()


def _seed() -> None:
    """Put the random generators into a state that both sides know."""
    import numpy as np

    random.seed(0)
    np.random.seed(0)  # noqa: NPY002 - it is the global generator that belongs to the session


def _replace(owner: Any, name: str, value: Any) -> None:
    assert hasattr(owner, name)
    setattr(owner, name, value)


@contextlib.contextmanager
def _swallowed() -> Any:
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        yield


def _fast_directory() -> str | None:
    memory = Path("/dev/shm")  # noqa: S108 - thousands of small files that live for a second
    return str(memory) if memory.is_dir() and os.access(memory, os.W_OK) else None


def _answer(side: Any, lines: Iterable[str], say: Callable[[str], object]) -> None:
    for line in lines:
        request = json.loads(line)
        answer = getattr(side, request.pop("do"))(**request)
        say(json.dumps(answer) + "\n")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("side", choices=["recorded", "plain"])
    parser.add_argument("--reached", action="store_true")
    arguments = parser.parse_args()
    answers, sys.stdout = sys.stdout, sys.stderr
    side = Recorded(reached=arguments.reached) if arguments.side == "recorded" else Plain()
    import pandas  # noqa: F401, ICN001 - what programs import is there from the start

    _collect()

    def say(text: str) -> None:
        answers.write(text)
        answers.flush()

    say('"ready"\n')
    with contextlib.suppress(BrokenPipeError):  # the one who asked is gone
        _answer(side, sys.stdin, say)
    side.close()


if __name__ == "__main__":
    main()
