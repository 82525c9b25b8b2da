"""Runs a program on both sides and compares them. See differential.py."""

from __future__ import annotations

import collections
import contextlib
import difflib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from canonical import RANDOM

if TYPE_CHECKING:
    from collections.abc import Sequence

    from programs import Step


class MismatchError(AssertionError):
    """The session is not what the oracle says."""


class _Process:
    """One side, in a process that is started when it is asked first."""

    def __init__(self, *arguments: str) -> None:
        self._arguments = arguments
        self._process: subprocess.Popen[str] | None = None

    def _start(self) -> subprocess.Popen[str]:
        command = [
            sys.executable,
            "-W",
            "ignore",
            str(Path(__file__).with_name("sides.py")),
            *self._arguments,
        ]
        # Sets of texts are iterated in the order of their hashes.
        environment = {**os.environ, "PYTHONHASHSEED": "0", "OMP_NUM_THREADS": "1"}
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
        )
        assert process.stdout is not None
        if json.loads(process.stdout.readline() or "null") != "ready":
            raise RuntimeError(f"{' '.join(command)} does not start")
        return process

    def send(self, do: str, **arguments: Any) -> None:
        self._process = self._process or self._start()
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.write(json.dumps({"do": do, **arguments}) + "\n")
            self._process.stdin.flush()

    def answer(self) -> Any:
        assert self._process is not None
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            self.close()
            raise MismatchError(f"the process died: {self._arguments}")
        return json.loads(line)

    def ask(self, do: str, **arguments: Any) -> Any:
        self.send(do, **arguments)
        return self.answer()

    def close(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            for stream in (process.stdin, process.stdout):
                if stream is not None:
                    with contextlib.suppress(BrokenPipeError):
                        stream.close()
            process.wait(60)


class Pair:
    """Both sides."""

    def __init__(self, *, reached: bool = False) -> None:
        self.reached = reached
        self.recorded = _Process("recorded", *(["--reached"] if reached else []))
        self.oracle = _Process("plain")

    def reset(self) -> None:
        for side in (self.recorded, self.oracle):
            side.send("reset")
        for side in (self.recorded, self.oracle):
            side.answer()

    def close(self) -> None:
        self.recorded.close()
        self.oracle.close()


class _Model:
    """What the oracle knows of the history: which cells lead to which state, and where the session is."""

    def __init__(self) -> None:
        self.cells: dict[str, tuple[str, ...]] = {}
        self.forms: dict[str, dict[str, str]] = {}
        self.births: dict[str, dict[str, str]] = {}
        self.parents: dict[str, str | None] = {}
        self.states: dict[int, str] = {}
        self.undone: list[str] = []
        self.head: str | None = None
        self.current: tuple[str, ...] = ()
        self.form: dict[str, str] = {}
        self.origins: dict[str, str] = {}
        self.hidden = False

    def ran(self, step: Step, head: str) -> None:
        if head in self.cells:
            raise MismatchError("the cell was not recorded")
        self.states[step.label] = head
        self._state(head)
        self.head, self.hidden = head, False
        self.undone.clear()

    def _state(self, state: str) -> None:
        self.cells[state] = self.current
        self.forms[state] = self.form
        self.births[state] = self.origins
        self.parents[state] = self.head

    def target(self, step: Step) -> str | None:
        """Return the state to which a step goes; None if there is nothing to go to."""
        if step.kind == "undo":
            return self.parents.get(self.head) if self.head is not None else None
        if step.kind == "redo":
            return self.undone[-1] if self.undone else None
        return self.states.get(step.target)

    def went(self, kind: str, target: str, previous: str | None) -> None:
        """Note a restore; `previous` is the state that it left."""
        if previous is not None and previous not in self.cells:
            if not self.hidden:
                raise MismatchError("a change between cells was recorded, and there was none")
            self._state(previous)
        if kind == "undo" and previous is not None:
            self.undone.append(previous)
        elif kind == "redo":
            self.undone.pop()
        else:
            self.undone.clear()
        self.head, self.current, self.hidden = target, self.cells[target], False
        self.form, self.origins = self.forms[target], self.births[target]


class _Comparison:
    """One program on both sides."""

    def __init__(self, pair: Pair) -> None:
        self._pair = pair
        self._model = _Model()
        self.counts: collections.Counter[str] = collections.Counter()

    def step(self, step: Step) -> None:
        if step.kind in {"run", "hidden"}:
            self._run(step)
        elif (target := self._model.target(step)) is not None:
            self._go(step, target)
        elif step.kind in {"undo", "redo"}:
            answer = self._pair.recorded.ask("go", kind=step.kind, ref="")
            if not str(answer["failure"]).startswith(("NothingToUndoError", "NothingToRedoError")):
                raise MismatchError(f"there was nothing to {step.kind}, and it did not say so")

    def _run(self, step: Step) -> None:
        model = self._model
        cells = (*model.current, step.code)
        self._pair.recorded.send("run", code=step.code, hidden=step.kind == "hidden")
        wanted = self._pair.oracle.ask("state", cells=cells)
        answer = self._pair.recorded.answer()
        model.current, model.form, model.origins = cells, wanted["form"], wanted["origins"]
        if answer["failure"] is not None:
            raise MismatchError(answer["failure"])
        if answer["raised"] != wanted["raised"]:
            raise MismatchError(
                f"the cell raised {answer['raised']}, and {wanted['raised']} without recording"
            )
        self._compare(wanted["form"], answer["form"])
        self.counts["statements"] += wanted["done"]
        self.counts["raised"] += wanted["raised"] is not None
        if step.kind == "hidden":
            model.hidden = True
            return
        model.ran(step, answer["head"])
        self.counts["cells"] += 1
        self.counts["partial"] += answer["partial"]
        parent = model.parents[answer["head"]]
        if parent is not None:
            self._compare_changes(model.forms[parent], wanted["form"], answer)

    def _compare_changes(self, before: dict[str, str], after: dict[str, str], entry: dict[str, Any]) -> None:
        """Compare the names that a checkpoint tells with what became of the groups of names."""
        then, now = _names(before), _names(after)
        for kind, wanted in (("created", now - then), ("deleted", then - now)):
            if set(entry[kind]) != wanted:
                raise MismatchError(f"{kind}: {sorted(entry[kind])} was recorded, and is {sorted(wanted)}")
        told = {name for kind in ("created", "changed", "deleted") for name in entry[kind]}
        for group, form in after.items():
            if group != RANDOM and before.get(group) != form and told.isdisjoint(group.split()):
                parts = {part for part in before if not set(part.split()).isdisjoint(group.split())}
                self.counts["untold"] += told.isdisjoint(_names(dict.fromkeys(parts, "")))
        same = _names({group: "" for group, form in after.items() if before.get(group) == form})
        self.counts["falsely"] += len(same & set(entry["changed"]))

    def _go(self, step: Step, target: str) -> None:
        model = self._model
        if step.kind == "fresh":
            # A kernel that ends loses what was not recorded yet.
            model.hidden, model.head = False, None
        before, origins = model.form, model.origins
        answer = self._pair.recorded.ask("go", kind=step.kind, ref=target)
        if answer["failure"] is not None:
            raise MismatchError(answer["failure"])
        model.went(step.kind, target, answer["previous"])
        if answer["head"] != target:
            raise MismatchError(f"HEAD is {answer['head']}, not {target}")
        self._compare(model.form, answer["form"])
        self.counts["restores"] += 1
        if step.kind != "fresh":
            same = [
                group
                for group, form in model.form.items()
                if group != RANDOM
                and before.get(group) == form
                and all(origins.get(name) == model.origins[name] for name in group.split())
            ]
            self.counts["kept"] += len(same)
            loaded = _names(dict.fromkeys(same, "")) - set(answer["kept"])
            if loaded:
                raise MismatchError(f"{sorted(loaded)} did not change, and is another object than before")

    def _compare(self, wanted: dict[str, str], found: dict[str, str]) -> None:
        if "unknown" in wanted:
            raise MismatchError(self._pair.oracle.ask("texts")["unknown"])
        if wanted != found:
            oracle = self._pair.oracle.ask("state", cells=self._model.current) and self._pair.oracle.ask(
                "texts"
            )
            raise MismatchError(
                f"the session differs from the oracle's\n{_difference(oracle, self._pair.recorded.ask('texts'))}"
            )


def _names(form: dict[str, str]) -> set[str]:
    return {name for group in form if group != RANDOM for name in group.split()}


def _difference(wanted: dict[str, str], found: dict[str, str]) -> str:
    lines = difflib.unified_diff(_lines(wanted), _lines(found), "oracle", "session", lineterm="", n=2)
    return "\n".join(list(lines)[:60])


def _lines(texts: dict[str, str]) -> list[str]:
    lines: list[str] = []
    for group in sorted(texts):
        if group in {RANDOM, "unknown"}:
            lines.append(f"{group}: {texts[group]}")
            continue
        same, forms = json.loads(texts[group])
        lines.append(f"{group}: {same}")
        for name, form in forms.items():
            lines += [name, *json.dumps(form, indent=1).splitlines()]
    return lines


def check(pair: Pair, program: Sequence[Step]) -> dict[str, int]:
    """Run one program on both sides and return what was counted. Raises MismatchError."""
    comparison = _Comparison(pair)
    pair.reset()
    for step in program:
        try:
            comparison.step(step)
        except MismatchError as error:
            raise MismatchError(f"step {step.label}: {error}") from None
    return comparison.counts
