"""Compares random notebooks under the agent with an oracle that never uses it: the same cells run anew.

    python tests/agent/differential.py --programs 20000 [--seed 1] [--jobs 2] [--reached]
    python tests/agent/differential.py --only 1:4711 [--reached]

runs as many programs and prints how many ran, and for a mismatch the smallest program that shows it; each program has a
name, its seed and number, with which it runs again. A program runs in an IPython shell with recording on. After each step
the session's canonical form (canonical.py) is compared with that of a plain namespace in which the cells that lead
to the state were executed one by one; and

- a cell ends as it does without recording, and is recorded, with the names that it made, deleted and changed;
- a restore leaves alone, as the same objects, what has the same form before and after;
- a restore records a state "between cells" first only if hidden code ran since the last cell.

With --reached the agent compares after each cell only what the cell's code can have reached, as it does for large
sessions.
"""

from __future__ import annotations

import argparse
import collections
import random
import sys
import threading
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from comparison import MismatchError, Pair, check
from programs import program

if TYPE_CHECKING:
    from programs import Step


def program_named(seed: int, number: int) -> list[Step]:
    """Return the program with this seed and number."""
    return program(random.Random(f"{seed}:{number}"))  # noqa: S311 - no secret


def shrink(pair: Pair, steps: list[Step], message: str, seconds: float = 240) -> tuple[list[Step], str]:
    """Take steps and lines away as long as there is a mismatch; return what is left with the mismatch."""
    deadline = time.monotonic() + seconds

    def fails(candidate: list[Step]) -> bool:
        nonlocal message
        if time.monotonic() > deadline:
            return False
        try:
            check(pair, candidate)
        except MismatchError as error:
            if _kind(str(error)) == _kind(message):
                message = str(error)
                return True
        return False

    if not fails(steps):
        return steps, f"{message}\nIt did not happen a second time."
    smaller = True
    while smaller:
        smaller = False
        size = max(1, len(steps) // 2)
        while size:
            start = 0
            while start < len(steps):
                candidate = steps[:start] + steps[start + size :]
                if fails(candidate):
                    steps, smaller = candidate, True
                else:
                    start += size
            size //= 2
        for place, step in enumerate(steps):
            for code in _shorter(step.code):
                candidate = [*steps[:place], replace(step, code=code), *steps[place + 1 :]]
                if fails(candidate):
                    steps, smaller = candidate, True
                    break
    return steps, message


def _kind(message: str) -> str:
    """Return what a mismatch is about, without the names in it."""
    words = [word for word in message.partition("\n")[0].split()[2:] if word.isalpha()]
    return " ".join(words)


def _shorter(code: str) -> list[str]:
    """Return the cell without one of its statements."""
    import ast

    lines = code.splitlines()
    found = []
    for statement in ast.parse(code).body if code else []:
        start = min([statement.lineno, *(item.lineno for item in getattr(statement, "decorator_list", []))])
        rest = lines[: start - 1] + lines[statement.end_lineno :]
        found.append("\n".join(rest) or "pass")
    return found if len(found) > 1 else []


class _Run:
    """Programs on several pairs of processes at once."""

    def __init__(self, seed: int, numbers: range, jobs: int, *, reached: bool, seconds: float) -> None:
        self._seed = seed
        self._numbers = iter(numbers)
        self._jobs = jobs
        self._reached = reached
        self._lock = threading.Lock()
        self._started = time.monotonic()
        self._end = self._started + seconds
        self.counts: collections.Counter[str] = collections.Counter()
        self.mismatches: list[str] = []

    def __call__(self, stop_after: int) -> None:
        threads = [threading.Thread(target=self._work, args=(stop_after,)) for _job in range(self._jobs)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def _work(self, stop_after: int) -> None:
        pair = Pair(reached=self._reached)
        try:
            while len(self.mismatches) < stop_after and time.monotonic() < self._end:
                with self._lock:
                    number = next(self._numbers, None)
                if number is None:
                    return
                self._one(pair, number)
        finally:
            pair.close()

    def _one(self, pair: Pair, number: int) -> None:
        steps = program_named(self._seed, number)
        try:
            counts = check(pair, steps)
        except MismatchError as error:
            steps, message = shrink(pair, steps, str(error))
            pair.close()  # what is wrong in a process must not reach the next program
            listed = "\n".join(
                f"  {step.label}: {step.kind} {step.target}\n{_indented(step.code)}" for step in steps
            )
            with self._lock:
                self.mismatches.append(f"program {self._seed}:{number}\n{message}\n{listed}")
                say(self.mismatches[-1])
            return
        with self._lock:
            self.counts.update(counts)
            self.counts["programs"] += 1
            if self.counts["programs"] % 100 == 0:
                say(f"{self.counts['programs']} programs, {time.monotonic() - self._started:.0f} s")

    def summary(self) -> str:
        counts, seconds = self.counts, time.monotonic() - self._started
        succeeded = counts["statements"] / max(1, counts["statements"] + counts["raised"])
        return (
            f"{counts['programs']} programs without a mismatch, {len(self.mismatches)} with one, in {seconds:.0f} s: "
            f"{counts['cells']} cells ({succeeded:.0%} of statements succeed), {counts['restores']} restores, "
            f"{counts['kept']} groups of names kept, {counts['partial']} cells compared in part, "
            f"{counts['untold']} changes of which no name was told, "
            f"{counts['falsely']} names recorded as changed that were not"
        )


def _indented(code: str) -> str:
    return "".join(f"        {line}\n" for line in code.splitlines())


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--programs", type=int, default=1000, help="how many programs to run")
    parser.add_argument("--first", type=int, default=0, help="number of the first program")
    parser.add_argument("--seed", type=int, default=0, help="programs of one seed are always the same")
    parser.add_argument("--jobs", type=int, default=1, help="pairs of processes that work at the same time")
    parser.add_argument("--reached", action="store_true", help="compare only what a cell can have reached")
    parser.add_argument("--only", metavar="SEED:NUMBER", help="run one program")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="begin no program after as many")
    parser.add_argument("--mismatches", type=int, default=1, help="stop after as many")
    arguments = parser.parse_args()
    seed, numbers = arguments.seed, range(arguments.first, arguments.first + arguments.programs)
    if arguments.only:
        seed, number = map(int, arguments.only.split(":"))
        numbers = range(number, number + 1)
    run = _Run(seed, numbers, arguments.jobs, reached=arguments.reached, seconds=arguments.seconds)
    run(arguments.mismatches)
    say(run.summary())
    return 1 if run.mismatches else 0


if __name__ == "__main__":
    sys.exit(main())
