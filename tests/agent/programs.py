"""Random notebooks: cells that alias, nest, view, change in place, define, delete and fail; restores and forks."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass, field, replace

from statements import BINDINGS, CHANGES, DEFINED, DEFINITIONS, FAILURES, SETUP, VALUES

NAMES = ["a", "b", "c", "d", "_e", "f", "g", "h", "i", "j"]

_PRELUDE: dict[str, str] = {}
for _text in DEFINITIONS:
    for _name in (_found[0] or _found[1] for _found in DEFINED.findall(_text)[:1]):
        _PRELUDE.setdefault(_name, _text)

_SLOT = re.compile(r"<(\w+)(?::(\d))?(!)?>")
_OWN = re.compile(rf"\b(?:{'|'.join(_PRELUDE)})\b(?!=)")
_CLASSES = frozenset({"K", "L", "M", "Sub", "Boom", "Data", "Color", "Point", "Meta"})
_ALWAYS = frozenset({"K", "fn"})
_RARE = "weak"
"""Needs a module with which what the agent compares can no longer be confined to what a cell reaches."""


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that the person does."""

    kind: str
    """`run` a cell, run `hidden` code, `restore` a state, `undo`, `redo`, or start a `fresh` kernel and restore there."""
    label: int
    """Names the step, and the state after it, also in a program from which steps were taken."""
    code: str = ""
    target: int = 0
    """restore, fresh: label of the step after which the session was in the wanted state."""


@dataclass(slots=True)
class _Known:
    """What the generator knows of the session."""

    kinds: dict[str, str] = field(default_factory=dict)
    """By name, what a value was made as."""
    defined: set[str] = field(default_factory=set)

    def copy(self) -> _Known:
        return _Known(dict(self.kinds), set(self.defined))

    def names(self, kind: str) -> list[str]:
        found = [name for name, known in self.kinds.items() if kind in {"any", known}]
        if kind in {"func", "any"}:
            found += sorted(self.defined & {"fn", "gn"})
        if kind in {"class", "any"}:
            found += sorted(self.defined & _CLASSES)
        return found


class _NothingFitsError(Exception):
    """There is no name that a statement needs."""


class _Writer:
    """Writes the cells of one notebook."""

    def __init__(self, source: random.Random) -> None:
        self.random = source
        self.known = _Known()

    def fill(self, template: str, made: str = "list") -> str:
        """Return the statement with names put in. `made` is the kind of what its new names are bound to."""
        if not set(_OWN.findall(_SLOT.sub("", template))) <= self.known.defined | _defined(template):
            raise _NothingFitsError
        again: dict[tuple[str, str], str] = {}
        new: list[str] = []

        def put(slot: re.Match[str]) -> str:
            kind, label = slot.group(1), slot.group(2) or "1"
            if slot.group(2) and (kind, label) in again:
                return again[kind, label]
            again[kind, label] = chosen = self._choose(kind, strictly=bool(slot.group(3)))
            if kind == "new":
                new.append(chosen)
            return chosen

        text = _SLOT.sub(put, template)
        if not template.startswith(("def ", "class ", "@")):  # those bind what they bind when they are called
            self.known.kinds.update(dict.fromkeys(new, made))
        return text

    def _choose(self, kind: str, *, strictly: bool) -> str:
        if kind == "n":
            return str(self.random.randrange(4))
        if kind == "new":
            return self.random.choice(NAMES)
        names = self.known.names(kind if strictly or self.random.random() > 0.05 else "any")
        if not names:
            raise _NothingFitsError
        return self.random.choice(names)

    def value(self) -> str:
        kind = self.random.choice(list(VALUES))
        text = self.fill(self.random.choice(VALUES[kind]))
        target = self.random.choice(NAMES)
        self.known.kinds[target] = kind
        return f"{target} = {text}"

    def define(self, template: str) -> str:
        text = self.fill(template)
        self.known.defined |= _defined(template)
        return text

    def statement(self) -> str:
        """Return a random statement, or more than one."""
        for _attempt in range(50):
            group = self.random.random()
            try:
                if group < 0.40:
                    return self.value()
                if group < 0.78:
                    return self.fill(self.random.choice(CHANGES))
                if group < 0.88:
                    text = self.fill(self.random.choice(BINDINGS))
                    for gone in re.findall(r"^del (\w+)(?:, (\w+))?$", text):
                        self._forget(gone)
                    return text
                if group < 0.91:
                    return self.fill(self.random.choice(FAILURES))
                template = self.random.choice(DEFINITIONS)
                if _RARE not in _defined(template) or self.random.random() < 0.2:
                    return self.define(template)
            except _NothingFitsError:
                continue
        return "pass"

    def _forget(self, names: tuple[str, ...]) -> None:
        for name in names:
            self.known.kinds.pop(name, None)
            self.known.defined.discard(name)

    def cell(self) -> str:
        return "\n".join(self.statement() for _number in range(self.random.choice((1, 1, 2, 3))))

    def first_cells(self) -> list[str]:
        """Return cells that import, define, and bind names to values of some kinds."""
        cells = [SETUP]
        definitions = []
        for name, template in _PRELUDE.items():
            if name in _ALWAYS or (name != _RARE and self.random.random() < 0.3):
                try:
                    definitions.append(self.define(template))
                except _NothingFitsError:
                    continue
        cells.append("\n".join(definitions))
        for kind in self.random.sample(["list", "dict", "array", "frame", "object", "tuple", "grid"], 4):
            template = VALUES[kind][0]
            target = self.random.choice(NAMES)
            cells[-1] += f"\n{target} = {self.fill(template)}"
            self.known.kinds[target] = kind
        return cells


def _defined(template: str) -> set[str]:
    return {first or second for first, second in DEFINED.findall(template)}


class _Notebook:
    """Writes one program and keeps track of where the session is."""

    def __init__(self, source: random.Random) -> None:
        self.random = source
        self.writer = _Writer(source)
        self.steps: list[Step] = []
        self.states: dict[int, _Known] = {}
        self.parents: dict[int, int | None] = {}
        self.head: int | None = None
        self.undone: list[int] = []

    def add(self, kind: str, code: str = "", target: int = 0) -> None:
        step = Step(kind, len(self.steps), code, target)
        self.steps.append(step)
        if kind == "run":
            self.parents[step.label], self.head = self.head, step.label
            self.states[step.label] = self.writer.known.copy()
            self.undone.clear()
        elif kind != "hidden":
            self._go(target)

    def _go(self, state: int) -> None:
        self.head = state
        self.writer.known = self.states[state].copy()

    def undo(self) -> None:
        parent = self.parents[self.head] if self.head is not None else None
        if parent is not None and self.head is not None:
            self.undone.append(self.head)
            self.add("undo", target=parent)

    def redo(self) -> None:
        if self.undone:
            self.add("redo", target=self.undone.pop())
        else:
            self.steps.append(Step("redo", len(self.steps)))  # is refused

    def restore(self, kind: str, target: int) -> None:
        self.undone.clear()
        self.add(kind, target=target)

    def random_step(self) -> None:
        choice = self.random.random()
        if choice < 0.66:
            self.add("run", self.writer.cell())
        elif choice < 0.71:
            self.add("hidden", self.writer.statement())
        elif choice < 0.79:
            for _number in range(self.random.choice((1, 1, 2, 3))):
                self.undo()
        elif choice < 0.84:
            for _number in range(self.random.choice((1, 1, 2, 3))):
                self.redo()
        elif choice < 0.97:
            self.restore("restore", self.random.choice(list(self.states)))
        else:
            self.restore("fresh", self.random.choice(list(self.states)))


def program(source: random.Random) -> list[Step]:
    """Return a random program: cells, restores, and at the end visits of some states, the last in a fresh kernel."""
    notebook = _Notebook(source)
    for code in notebook.writer.first_cells():
        notebook.add("run", code)
    for _number in range(source.randint(4, 12)):
        notebook.random_step()
    visits = source.sample(list(notebook.states), min(5, len(notebook.states)))
    for number, state in enumerate(visits):
        notebook.restore("fresh" if number == 3 else "restore", state)
    return notebook.steps


def without_hidden(steps: list[Step]) -> list[Step]:
    """Return the program with its hidden code in cells."""
    return [replace(step, kind="run") if step.kind == "hidden" else step for step in steps]
