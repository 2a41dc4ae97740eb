"""A submission that runs in this process: what the tests of the checks use, faster than the grader's own process."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np

from proofs_check.course import Broken, exercise

SOLUTIONS = Path(__file__).resolve().parents[2] / "exercises" / "solutions"


def plain(value: Any) -> Any:
    """What arrives on the other side of a process: copies, lists for tuples, numbers for NumPy scalars."""
    if isinstance(value, np.ndarray):
        return value.copy()
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, list | tuple):
        return [plain(entry) for entry in value]
    if isinstance(value, Mapping):
        return {str(key): plain(entry) for key, entry in value.items()}
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise TypeError(f"{value!r} of type {type(value).__name__} does not cross a process border")


class LocalAgent:
    """An algorithm of an imported module, its hyper-parameters and its state."""

    def __init__(self, module: ModuleType, params: Any, state: Any) -> None:
        self.module, self.params, self.state = module, params, state

    def act(self, *arguments: Any) -> Any:
        return self.do("act", *arguments)

    def observe(self, *arguments: Any) -> None:
        self.do("observe", *arguments)

    def do(self, function: str, *arguments: Any) -> Any:
        return plain(getattr(self.module, function)(self.params, self.state, *map(plain, arguments)))

    def read(self, name: str) -> Any:
        return plain(getattr(self.state, name))


class Local:
    """A :class:`proofs_check.course.Submission` made of the text of a file.

    Args:
        source: Python text. name: of the file, for tracebacks.
    """

    def __init__(self, source: str, name: str = "submission.py") -> None:
        self.module = ModuleType(Path(name).stem)
        exec(compile(source, name, "exec"), self.module.__dict__)

    def call(self, function: str, *arguments: Any) -> Any:
        return plain(getattr(self.module, function)(*map(plain, arguments)))

    def start(self, algorithm: str, problem: Mapping[str, Any], **params: Any) -> LocalAgent:
        chosen = getattr(self.module, algorithm)(**{name: plain(value) for name, value in params.items()})
        state = self.module.allocate(chosen, SimpleNamespace(**plain(problem)))
        self.module.init(chosen, state)
        return LocalAgent(self.module, chosen, state)


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
