"""Theorems as objects: hypotheses, a bound as a function, and how far its constants are to be trusted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from theory.errors import HypothesisViolated

Float = npt.NDArray[np.float64]

Kind = Literal["expected", "high-probability", "PAC", "deterministic", "lower bound", "last-iterate rate"]
Constants = Literal["explicit", "order"]


@dataclass(frozen=True)
class Hypothesis:
    """One assumption of a theorem.

    Attributes:
        text: the assumption in words, e.g. "rewards lie in [0, 1]".
        violation: maps (instance, params, horizon) to None if the assumption holds, else to a sentence that
            says by how much it fails ("reward of arm 2 reaches 3.5, 2.5 above the range").
    """

    text: str
    violation: Callable[[Any, Any, int], str | None]


@dataclass(frozen=True)
class Theorem:
    """What a paper claims of an algorithm.

    Attributes:
        id: "<slug>/<short name>", unique.
        source: author, year, theorem number.
        statement: the claim in one line of plain text, in the paper's symbols.
        kind: what is claimed: of the expected regret, with probability 1 - delta, of a stopping time, ...
        constants: "explicit" if ``bound`` is the theorem's own right-hand side, "order" if its leading constant is
            unknown: then ``bound`` is the rate f(T) and only flatness of R_T / f(T) may be tested.
        hypotheses: the assumptions, checked before anything runs.
        bound: (instance, params, horizons) -> values, vectorised over an array of horizons (rounds for bandits,
            episodes for episodic MDPs). ``instance`` is duck-typed: whatever exposes the quantities the bound names.
        regret: "pseudo" or "realised": which regret the statement is about.
        confirmed: False for a statement whose constants could not be re-read in its source; shown in every table.
        remarks: known slips of the printed statement and which version this is.
    """

    id: str
    source: str
    statement: str
    kind: Kind
    constants: Constants
    hypotheses: tuple[Hypothesis, ...]
    bound: Callable[[Any, Any, Float], Float]
    regret: Literal["pseudo", "realised"] = "pseudo"
    confirmed: bool = True
    remarks: str = ""

    @property
    def slug(self) -> str:
        """The paper's slug, the part of the id before the slash."""
        return self.id.split("/")[0]

    def require(self, instance: Any, params: Any, horizon: int) -> None:
        """Refuse an instance outside the hypotheses.

        Raises:
            HypothesisViolated: naming the hypothesis and by how much it fails.
        """
        for hypothesis in self.hypotheses:
            why = hypothesis.violation(instance, params, horizon)
            if why is not None:
                raise HypothesisViolated(f"{self.id} ({self.source}) requires that {hypothesis.text}: {why}")
