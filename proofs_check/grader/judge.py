"""Grading: every check of an exercise against a fresh process of the submission, and what a tutor says of it.

``regretlab grade FILE`` and :func:`grade`. A check gets all of its points or none; what one check does to its process
is no matter to the next.
"""

from __future__ import annotations

import time
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from proofs_check import course
from proofs_check.course import Broken, Check, Exercise
from proofs_check.grader.sandbox import Sandbox, Stopped, sandboxed
from proofs_check.grader.source import Source, Unreadable, read_source
from proofs_check.grader.wording import shown, value
from theory.errors import InvalidInput


@dataclass(frozen=True)
class Mark:
    """What one check found.

    Attributes:
        id, title: of the check. score: 0 or ``points``. points: what it is worth.
        statement: the statement that broke first, or why the submission could not go on; empty if nothing did.
        where: the place: run, round, state, arm. expected, found: the two values there, as text, or empty.
        hint: what a tutor would say. printed: the beginning of what the submission printed.
        seconds: how long it took. stopped: whether the submission could not go on.
        crash: where the check itself stumbled over an answer, for its author; or empty.
    """

    id: str
    title: str
    score: int
    points: int
    statement: str = ""
    where: str = ""
    expected: str = ""
    found: str = ""
    hint: str = ""
    printed: str = ""
    seconds: float = 0.0
    stopped: bool = False
    crash: str = ""

    @property
    def passed(self) -> bool:
        """Whether it got its points."""
        return self.score == self.points

    def lines(self) -> list[str]:
        """What its author reads, without the heading."""
        if self.passed:
            return []
        told = [self.statement if self.stopped else f"broken: {self.statement}"]
        told += [f"{name}: {text}" for name in ("where", "expected", "found", "hint") if (text := getattr(self, name))]
        if self.crash:
            told.append(f"if this answer looks right to you, show your teacher: {self.crash}")
        if self.printed:
            told.append("printed: " + self.printed.rstrip().replace("\n", "\n         "))
        return told


@dataclass(frozen=True)
class Grade:
    """A graded submission.

    Attributes:
        exercise: what it was held against. file: name of the submission. marks: one for each check.
        layers: what kept the submission in its place. notes: what was left out of it. seed: repeats the grading.
    """

    exercise: Exercise
    file: str
    marks: tuple[Mark, ...]
    layers: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    seed: int = 0

    @property
    def score(self) -> int:
        """Points of all checks."""
        return sum(mark.score for mark in self.marks)

    @property
    def max_score(self) -> int:
        """Points of a perfect submission."""
        return self.exercise.points

    @property
    def exit_code(self) -> int:
        """Of the command: 0 for all points, else 1."""
        return 0 if self.score == self.max_score else 1

    @property
    def frame(self) -> pd.DataFrame:
        """A row for each check."""
        return pd.DataFrame([vars(mark) for mark in self.marks], columns=list(Mark.__dataclass_fields__))

    def __str__(self) -> str:
        lines = [f"Exercise {self.exercise.number}, {self.exercise.title}: {shown(self.file, 100)}"]
        for mark in self.marks:
            lines.append(f"\n{mark.title}: {mark.score}/{mark.points}")
            lines += [f"  {line}" for line in mark.lines()]
        lines.append(f"\n{self.score} of {self.max_score} points")
        lines += [f"note: {note}" for note in self.notes]
        if self.layers:
            lines.append(f"confined by: {', '.join(self.layers)}")
        return "\n".join(lines)

    def gradescope(self) -> dict[str, Any]:
        """The content of Gradescope's results.json (gradescope-autograders.readthedocs.io, "Output format")."""
        tests = [
            {
                "name": mark.title,
                "number": f"{self.exercise.number}.{i}",
                "score": mark.score,
                "max_score": mark.points,
                "status": "passed" if mark.passed else "failed",
                "output": "\n".join(mark.lines()) or "correct",
                "output_format": "text",
                "visibility": "visible",
                "extra_data": {"id": mark.id, "seconds": round(mark.seconds, 3)},
            }
            for i, mark in enumerate(self.marks, 1)
        ]
        return {
            "score": self.score,
            "execution_time": round(sum(mark.seconds for mark in self.marks)),
            "output": "\n".join([f"Exercise {self.exercise.number}: {self.exercise.title}", *self.notes]),
            "output_format": "text",
            "visibility": "visible",
            "stdout_visibility": "hidden",
            "extra_data": {"exercise": self.exercise.slug, "seed": self.seed, "confined_by": list(self.layers)},
            "tests": tests,
        }


def _stumbled(check: Check, submission: Sandbox, error: Exception) -> Broken:
    """An error of a check itself, most often over an answer of a kind that it did not expect."""
    if submission.last is None:
        return Broken(f"the check stumbled before it had an answer: {type(error).__name__}: {error}")
    asked, answered = submission.last
    return Broken(
        "answers are of the kind that the exercise asks for", where=f"answer of {asked}", found=answered,
        hint=f"a number, a list, the right length? {type(error).__name__}: {error}",
    )  # fmt: skip


def mark(check: Check, source: Source, seed: int) -> tuple[Mark, Sequence[str]]:
    """Run one check against a fresh process of a submission; the mark, and what the process was confined by."""
    began = time.monotonic()
    broken: Broken | None = None
    crash = ""
    with sandboxed(source, check.seconds) as submission:
        try:
            submission.load()
            check.run(submission, seed)
            submission.finish()
        except Broken as found:
            broken = found
        except Stopped:
            pass
        except Exception as error:  # of the check: answers may be of any kind
            broken = _stumbled(check, submission, error)
            frame = traceback.extract_tb(error.__traceback__)[-1]
            crash = f"{type(error).__name__} in {Path(frame.filename).name}, line {frame.lineno}"
        stopped = submission.stopped  # counts even if the check has swallowed it
    if stopped is not None:
        broken, crash = Broken(stopped.reason, hint=stopped.hint or check.hint), ""
    seconds = time.monotonic() - began
    if broken is None:
        return Mark(check.id, check.title, check.points, check.points, seconds=seconds), submission.layers
    paired = broken.expected is not None or broken.found is not None
    return Mark(
        check.id, check.title, 0, check.points, shown(broken.statement), shown(str(broken.where)),
        expected="" if broken.expected is None else value(broken.expected), found=value(broken.found) if paired else "",
        hint=shown(broken.hint or check.hint), printed=shown(submission.printed), seconds=seconds,
        stopped=stopped is not None, crash=shown(crash),
    ), submission.layers  # fmt: skip


def _exercise_of(path: Path) -> Exercise:
    known = course.exercises()
    if path.stem in known:
        return known[path.stem]
    listed = ", ".join(f"{e.number} {e.slug}" for e in known.values()) or "none yet"
    raise InvalidInput(f"{path.name} is named like no exercise; expected --exercise with one of: {listed}")


def grade(path: str | Path, exercise: str | int | Exercise | None = None, seed: int = 0) -> Grade:
    """Grade a submission.

    Args:
        path: a .py file or a notebook. exercise: number, slug or the exercise itself; by default the one that the
            file is named after. seed: integer >= 0 that drives whatever is random in the checks.

    Raises:
        InvalidInput: no such file or exercise. Whatever is wrong inside the file is a mark of zero with a reason.
    """
    file = Path(path)
    if seed < 0:
        raise InvalidInput(f"seed is {seed}; expected an integer >= 0")
    if exercise is None:
        chosen = _exercise_of(file)
    else:
        chosen = exercise if isinstance(exercise, Exercise) else course.exercise(exercise)
    try:
        source = read_source(file)
    except Unreadable as error:
        marks = [Mark(c.id, c.title, 0, c.points, shown(str(error)), stopped=True) for c in chosen.checks]
        return Grade(chosen, file.name, tuple(marks), seed=seed)
    found = [mark(check, source, seed) for check in chosen.checks]
    layers = tuple(shown(layer, 100) for layer in found[0][1]) if found else ()
    return Grade(chosen, file.name, tuple(m for m, _ in found), layers, tuple(map(shown, source.notes)), seed)
