"""The course: what an exercise is, what a check of a submission may ask, and how it says what broke.

An exercise is a folder of ``exercises/`` with a text, a file with gaps and a module ``checks`` that holds an
``EXERCISE``. A submission is the student's copy of the file. It is not trusted, so its functions are never called by
the process that judges: a check asks for values through :class:`Submission`, compares them with what it has computed
itself, and raises :class:`Broken` at the first statement that fails. Whatever a submission does to the process it
lives in, it can only answer with other values.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any, Protocol

import numpy as np

from theory.errors import InvalidInput, UnknownName


class Broken(Exception):
    """A statement that a submission breaks.

    Args:
        statement: the statement, as a sentence or formula: "the arm played has the largest index".
        where: the place: "run 0, round 12, arm 2".
        expected, found: the two values (anything with a short ``repr``), or None if there is no such pair.
        hint: what a tutor would say to this very mistake; empty for the hint of the check.
    """

    def __init__(
        self, statement: str, *, where: str = "", expected: Any = None, found: Any = None, hint: str = ""
    ) -> None:
        super().__init__(statement)
        self.statement, self.where, self.expected, self.found, self.hint = statement, where, expected, found, hint


class Agent(Protocol):
    """A submitted algorithm in the middle of a run: the hyper-parameters and the state live with the submission."""

    def act(self, *arguments: Any) -> Any:
        """``act(params, state, *arguments)`` of the submission."""

    def observe(self, *arguments: Any) -> None:
        """``observe(params, state, *arguments)`` of the submission."""

    def do(self, function: str, *arguments: Any) -> Any:
        """``function(params, state, *arguments)`` of the submission, for ``plan`` and further functions."""

    def read(self, name: str) -> Any:
        """The field of the state with this name, as it is now."""


class Submission(Protocol):
    """A submitted file, as a check sees it.

    Arguments and results are None, bool, int, float, str, arrays of numbers, and tuples, lists and string-keyed
    mappings of these; tuples and NumPy scalars come back as lists and plain numbers.
    An error in the student's code, a result of another kind, or a limit that was hit ends the check; no check needs to
    catch anything.
    """

    def call(self, function: str, *arguments: Any) -> Any:
        """``function(*arguments)`` of the submission."""

    def start(self, algorithm: str, problem: Mapping[str, Any], **params: Any) -> Agent:
        """``allocate`` and ``init`` of an algorithm: ``algorithm`` names the NamedTuple of hyper-parameters.

        ``problem`` becomes an object with these attributes, such as n_arms and horizon.
        """


@dataclass(frozen=True)
class Check:
    """One check of an exercise.

    Attributes:
        id: short name, unique in the exercise. title: what is checked, in a few words.
        points: integer >= 1, all or nothing. hint: what a tutor would say when it fails.
        run: (submission, seed) -> None; raises :class:`Broken`. seed: integer >= 0 that drives whatever is random.
        seconds: time that the submission has for its answers in this check, all together.
    """

    id: str
    title: str
    points: int
    hint: str
    run: Callable[[Submission, int], None]
    seconds: float = 10.0


@dataclass(frozen=True)
class Exercise:
    """An exercise of the course.

    Attributes:
        number: from 1. slug: name of its folder in exercises/ and of the file with gaps, without suffix.
        title: heading. source: paper and theorem, or section. checks: in the order in which a student meets them.
        claim: slug of the claim whose algorithm the finished file is, or empty:
            ``regretlab check --algorithm FILE --like CLAIM`` then works.
    """

    number: int
    slug: str
    title: str
    source: str
    checks: tuple[Check, ...]
    claim: str = ""
    folder: Path = field(default=Path(), compare=False)

    @property
    def points(self) -> int:
        """What a perfect submission gets."""
        return sum(check.points for check in self.checks)

    @property
    def file(self) -> Path:
        """The file with gaps."""
        return self.folder / f"{self.slug}.py"

    @property
    def text(self) -> Path:
        """The text with the mathematics."""
        return self.folder / "README.md"

    @property
    def notebook(self) -> Path:
        """Text and file as a notebook."""
        return self.folder / f"{self.slug}.ipynb"


def _room() -> ModuleType:
    """The package with the exercises. It lies above this one and is found by name, so that no import goes upwards."""
    return importlib.import_module("exercises")


def exercises() -> dict[str, Exercise]:
    """slug -> exercise, by number: every folder of exercises/ whose ``checks`` module has an ``EXERCISE``."""
    found = []
    for module in pkgutil.iter_modules(_room().__path__, "exercises."):
        if module.ispkg:
            checks = importlib.import_module(f"{module.name}.checks")
            folder = Path(str(checks.__file__)).parent
            if folder.name != checks.EXERCISE.slug:
                raise InvalidInput(f"exercises/{folder.name} has the slug {checks.EXERCISE.slug}; expected its name")
            found.append(Exercise(**{**vars(checks.EXERCISE), "folder": folder}))
    return {exercise.slug: exercise for exercise in sorted(found, key=lambda e: e.number)}


def exercise(name: str | int) -> Exercise:
    """An exercise by number or slug.

    Raises:
        UnknownName: there is none, with the nearest names.
    """
    known = exercises()
    by_number = {str(e.number): e for e in known.values()}
    found = known.get(str(name)) or by_number.get(str(name))
    if found is None:
        raise UnknownName("exercise", str(name), [*known, *by_number])
    return found


def require_close(
    statement: str, found: Any, expected: Any, *, where: str = "", hint: str = "", tolerance: float = 1e-9
) -> None:
    """Raise :class:`Broken` unless ``found`` is a number, or array of the shape, of ``expected``.

    The allowance is ``tolerance`` * max(1, |expected|), entry by entry; the first entry that breaks it is named.
    """
    want = np.asarray(expected, dtype=float)
    try:
        have = np.asarray(found, dtype=float)
    except (TypeError, ValueError, OverflowError):
        raise Broken(statement, where=where, expected=expected, found=found, hint=hint) from None
    if have.shape != want.shape:
        place = f"{where}, shape" if where else "shape"
        raise Broken(statement, where=place, expected=want.shape, found=have.shape, hint=hint)
    off = ~(np.abs(have - want) <= tolerance * np.maximum(1.0, np.abs(want)))  # nan is off
    if off.any():
        at = tuple(int(i) for i in np.argwhere(off)[0])
        entry = f"entry {at if len(at) > 1 else at[0]}" if at else ""
        place = ", ".join(filter(None, [where, entry]))
        raise Broken(statement, where=place, expected=float(want[at]), found=float(have[at]), hint=hint)
