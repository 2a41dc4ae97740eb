"""A submission that runs in this process: what the tests of the checks use, faster than the grader's own process.

Imports, calls and what crosses the border between two processes are the grader's; only the confinement is missing.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from proofs_check.course import Broken, exercise
from proofs_check.grader.wire import decode, encode
from proofs_check.grader.worker import Session

SOLUTIONS = Path(__file__).resolve().parents[2] / "exercises" / "solutions"


def carried(value: Any) -> Any:
    """A value as it arrives on the other side of a process border."""
    return decode(encode(value))


class LocalAgent:
    """The algorithm of this number in a session."""

    def __init__(self, session: Session, number: int) -> None:
        self.session, self.number = session, number

    def act(self, *arguments: Any) -> Any:
        return self.do("act", *arguments)

    def observe(self, *arguments: Any) -> None:
        self.do("observe", *arguments)

    def do(self, function: str, *arguments: Any) -> Any:
        return carried(self.session.do(self.number, function, *map(carried, arguments)))

    def read(self, name: str) -> Any:
        return carried(self.session.read(self.number, name))


class Local:
    """A :class:`proofs_check.course.Submission` made of the text of a file.

    Args:
        source: Python text. name: of the file, for tracebacks.
    """

    def __init__(self, source: str, name: str = "submission.py") -> None:
        self.session = Session()
        self.session.load(name, source)

    def call(self, function: str, *arguments: Any) -> Any:
        return carried(self.session.call(function, *map(carried, arguments)))

    def start(self, algorithm: str, problem: Mapping[str, Any], **params: Any) -> LocalAgent:
        return LocalAgent(self.session, self.session.start(algorithm, carried(problem), carried(params)))


def solution(slug: str) -> str:
    """The text of a reference solution."""
    return (SOLUTIONS / f"{slug}.py").read_text(encoding="utf-8")


def mistaken(slug: str, *edits: tuple[str, str]) -> Local:
    """The reference solution with a student's mistake: pairs (right, wrong), each right text there exactly once."""
    text = solution(slug)
    for right, wrong in edits:
        assert text.count(right) == 1, f"{right!r} is {text.count(right)} times in the solution of {slug}"
        text = text.replace(right, wrong)
    return Local(text, f"{slug}.py")


def first_broken(slug: str, submission: Local, seed: int = 0) -> tuple[str, Broken] | None:
    """The first check that a submission fails, in the order of the exercise, with what it says; None if there is none.

    Errors of the submission's own code pass through.
    """
    for check in exercise(slug).checks:
        try:
            check.run(submission, seed)
        except Broken as broken:
            return check.id, broken
    return None
