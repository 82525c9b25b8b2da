"""Compares random notebooks under the agent with an oracle that never uses it: the same cells run anew.

    python tests/agent/differential.py --programs 20000 [--seed 1]

runs as many programs and prints how many ran, and for a mismatch the smallest program that shows it. A program
runs in an IPython shell with recording on; after each step the session's canonical form (canonical.py) is
compared with that of a plain namespace in which the cells that lead to the state were executed one by one. A
restore may record a state "between cells" first only if hidden code ran since the last cell: anything else would
be a change that nobody made.

With --reached the agent compares after each cell only what the cell's code can have reached, as it does for large
sessions; there is no hidden code then, because what it changes is found later.
"""

from __future__ import annotations

import argparse
import contextlib
import difflib
import gc
import io
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import types
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from programs import Step


class MismatchError(AssertionError):
    """The session is not what the oracle says."""


# The side of the agent: a process of its own


class _Recorded:
    """An IPython shell in which programs are recorded, one after the other."""

    def __init__(self, *, reached: bool) -> None:
        import kishu_agent.session
        from IPython.core.interactiveshell import InteractiveShell
        from traitlets.config import Config

        assert kishu_agent.session._CHEAP > 0
        # A look that takes longer than this is confined to what the cell reaches.
        setattr(kishu_agent.session, "_CHEAP", 0.0 if reached else float("inf"))  # noqa: B010 - it is no constant here

        config = Config()
        config.HistoryManager.enabled = False
        self._shell: Any = InteractiveShell.instance(config=config)
        setattr(self._shell, "showtraceback", _nothing)  # noqa: B010 - a method is replaced
        self._directory = Path(tempfile.mkdtemp(prefix="differential-", dir=_fast_directory()))
        self._number = 0
        self._session: Any = None

    def reset(self) -> None:
        """Begin a program: no names, no history."""
        self._number += 1
        self._notebook = self._directory / str(self._number) / "n.ipynb"
        self._notebook.parent.mkdir()
        self._clear()
        self._attach()

    def _clear(self) -> None:
        if self._session is not None:
            self._session.detach()
            self._session = None
        for name in self.names():
            del self._shell.user_ns[name]
        self._shell.displayhook.flush()
        gc.collect()

    def _attach(self) -> None:
        import kishu_agent

        self._session = kishu_agent.attach(self._notebook)

    def end(self) -> None:
        self._clear()
        shutil.rmtree(self._notebook.parent, ignore_errors=True)

    def close(self) -> None:
        shutil.rmtree(self._directory, ignore_errors=True)

    def names(self) -> list[str]:
        """Return the names of the person, told without the agent."""
        own = {"In", "Out", "get_ipython", "exit", "quit", "open"}
        return [
            name
            for name in self._shell.user_ns
            if name not in own and not (name.startswith("_") and name != "_e")
        ]

    def step(self, kind: str, code: str, ref: str) -> dict[str, Any]:
        from kishu_agent.errors import KishuError, NotRestorableError

        failure, missing, previous = None, [], None
        session = self._session
        if kind in {"run", "hidden"}:
            with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
                self._shell.run_cell(code, store_history=kind == "run")
            failure = session.failure
        else:
            if kind == "fresh":
                self._clear()
                self._attach()
            try:
                with contextlib.redirect_stderr(io.StringIO()):
                    if kind in {"undo", "redo"}:
                        previous = getattr(self._session, kind)().previous
                    else:
                        previous = self._session.restore(ref).previous
            except NotRestorableError as error:
                missing = sorted(error.reasons)
            except KishuError as error:
                failure = f"{type(error).__name__}: {error}"
        return {
            "head": self._session.head,
            "previous": previous,
            "failure": failure,
            "missing": missing,
            "form": self._form(),
        }

    def _form(self) -> str:
        from canonical import canonical

        return canonical(self._shell.user_ns, self.names())

    def serve(self) -> None:
        """Answer requests, one JSON object a line."""
        answers, sys.stdout = sys.stdout, sys.stderr
        for line in sys.stdin:
            request = json.loads(line)
            do = request.pop("do")
            answer = getattr(self, do)(**request)
            answers.write(json.dumps(answer) + "\n")
            answers.flush()
        self.close()


def _nothing(*_arguments: object, **_keywords: object) -> None:
    """Take the place of the display of tracebacks, which takes longer than the cell."""


def _fast_directory() -> str | None:
    memory = Path("/dev/shm")  # noqa: S108 - thousands of small files that live for a second
    return str(memory) if memory.is_dir() and os.access(memory, os.W_OK) else None


# The oracle


def execute(cells: Sequence[str]) -> str:
    """Run cells in a plain namespace and return its canonical form."""
    from canonical import canonical

    module = types.ModuleType("__main__")
    namespace = module.__dict__
    previous = sys.modules["__main__"]
    sys.modules["__main__"] = module
    try:
        for code in cells:
            with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(Exception):
                exec(compile(code, "<cell>", "exec"), namespace)  # noqa: S102 - the oracle is execution
        names = [name for name in namespace if not (name.startswith("_") and name != "_e")]
        return canonical(namespace, names)
    finally:
        sys.modules["__main__"] = previous


# Comparing


class Worker:
    """A process with a recorded shell."""

    def __init__(self, *, reached: bool = False) -> None:
        self._reached = reached
        self._process: subprocess.Popen[str] | None = None

    def ask(self, do: str, **arguments: Any) -> Any:
        if self._process is None:
            self._process = subprocess.Popen(
                [
                    sys.executable,
                    "-W",
                    "ignore",
                    __file__,
                    "--serve",
                    *(["--reached"] if self._reached else []),
                ],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
        to, answers = self._process.stdin, self._process.stdout
        assert to is not None
        assert answers is not None
        try:
            to.write(json.dumps({"do": do, **arguments}) + "\n")
            to.flush()
            line = answers.readline()
        except BrokenPipeError:
            line = ""
        if not line:
            self.close()
            raise MismatchError("the process of the agent died")
        return json.loads(line)

    def close(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            for stream in (process.stdin, process.stdout):
                if stream is not None:
                    with contextlib.suppress(BrokenPipeError):
                        stream.close()
            process.wait(60)


class _Model:
    """What the oracle knows of the history: which cells lead to which state, and where the session is."""

    def __init__(self) -> None:
        self.cells: dict[str, tuple[str, ...]] = {}
        self.parents: dict[str, str | None] = {}
        self.states: list[str] = []
        self.undone: list[str] = []
        self.head: str | None = None
        self.current: tuple[str, ...] = ()
        self.hidden = False

    def ran(self, code: str, head: str) -> None:
        self.current = (*self.current, code)
        self._state(head, self.head)
        self.head, self.hidden = head, False
        self.undone.clear()

    def _state(self, state: str, parent: str | None) -> None:
        self.cells[state] = self.current
        self.parents[state] = parent
        self.states.append(state)

    def target(self, step: Step) -> str | None:
        """Return the state to which a step goes; None if there is nothing to go to."""
        if step.kind == "undo":
            return self.parents.get(self.head) if self.head is not None else None
        if step.kind == "redo":
            return self.undone[-1] if self.undone else None
        return self.states[step.target % len(self.states)]

    def went(self, kind: str, target: str, previous: str | None) -> None:
        """Note a restore; `previous` is the state that it left."""
        if previous is not None and previous not in self.cells:
            if not self.hidden:
                raise MismatchError("a change between cells was recorded, and there was none")
            self._state(previous, self.head)
        if kind == "undo" and previous is not None:
            self.undone.append(previous)
        elif kind == "redo":
            self.undone.pop()
        else:
            self.undone.clear()
        self.head, self.current, self.hidden = target, self.cells[target], False


def check(worker: Worker, program: Sequence[Step]) -> None:
    """Run one program on both sides. Raises MismatchError."""
    worker.ask("reset")
    model = _Model()
    try:
        for number, step in enumerate(program):
            try:
                _check(worker, model, step)
            except MismatchError as error:
                listed = "\n".join(f"  {place}: {one}" for place, one in enumerate(program))
                raise MismatchError(f"step {number}: {error}\n{listed}") from None
    finally:
        with contextlib.suppress(MismatchError):
            worker.ask("end")


def _check(worker: Worker, model: _Model, step: Step) -> None:
    if step.kind in {"run", "hidden"}:
        answer = worker.ask("step", kind=step.kind, code=step.code, ref="")
        if answer["failure"] is not None:
            raise MismatchError(answer["failure"])
        if step.kind == "run":
            model.ran(step.code, answer["head"])
        else:
            model.current, model.hidden = (*model.current, step.code), True
    else:
        target = model.target(step)
        if target is None:
            return
        if step.kind == "fresh":
            # A kernel that ends loses what was not recorded yet.
            model.hidden, model.head = False, None
        answer = worker.ask("step", kind=step.kind, code="", ref=target)
        if answer["failure"] is not None or answer["missing"]:
            raise MismatchError(f"{answer['failure'] or 'not restorable: ' + ', '.join(answer['missing'])}")
        model.went(step.kind, target, answer["previous"])
        if answer["head"] != target:
            raise MismatchError(f"HEAD is {answer['head']}, not {target}")
    wanted = execute(model.current)
    if answer["form"] != wanted:
        raise MismatchError(f"the session differs from the oracle's\n{_difference(wanted, answer['form'])}")


def _difference(wanted: str, found: str) -> str:
    lines = difflib.unified_diff(
        wanted.splitlines(), found.splitlines(), "oracle", "session", lineterm="", n=2
    )
    return "\n".join(list(lines)[:60])


def run(count: int, seed: int | None, *, reached: bool = False) -> int:
    """Run random programs, print how many ran, and return 1 after a mismatch."""
    import hypothesis
    from hypothesis import HealthCheck, Phase, given, settings
    from programs import programs, without_hidden

    worker = Worker(reached=reached)
    ran = 0
    started = time.monotonic()

    @settings(
        max_examples=count,
        deadline=None,
        database=None,
        derandomize=seed is None,
        suppress_health_check=list(HealthCheck),
        phases=(Phase.generate, Phase.shrink),
        print_blob=False,
    )
    @given(programs)
    def try_one(program: list[Step]) -> None:
        nonlocal ran
        ran += 1
        if reached:
            program = without_hidden(program)
        if ran % 100 == 0:
            _say(f"{ran} programs, {time.monotonic() - started:.0f} s")
        check(worker, program)

    try:
        (try_one if seed is None else hypothesis.seed(seed)(try_one))()
    except MismatchError as error:
        _say(str(error))
        _say(f"{ran} programs ran until the smallest with this mismatch was found")
        return 1
    finally:
        worker.close()
    _say(f"{ran} programs ran in {time.monotonic() - started:.0f} s, no mismatch")
    return 0


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--programs", type=int, default=1000, help="how many programs to run")
    parser.add_argument(
        "--seed", type=int, default=None, help="seed; without one always the same programs run"
    )
    parser.add_argument("--reached", action="store_true", help="compare only what a cell can have reached")
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.serve:
        _Recorded(reached=arguments.reached).serve()
        return 0
    return run(arguments.programs, arguments.seed, reached=arguments.reached)


if __name__ == "__main__":
    sys.exit(main())
