"""UCRL2 (Jaksch, Ortner and Auer, JMLR 2010): optimism over l1 balls, average reward."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from theory.hypotheses import CONFIDENCE, REWARDS_IN_UNIT, at_least
from theory.theorem import Hypothesis, Theorem

Float = npt.NDArray[np.float64]


def _communicates(instance: Any, params: Any, horizon: int) -> str | None:
    diameter = getattr(instance, "diameter", None)
    if diameter is None:
        return "the instance does not state its diameter"
    return None if np.isfinite(diameter) else "some state cannot be reached from another"


COMMUNICATING = Hypothesis("the model is communicating (finite diameter)", _communicates)


def diameter_rate(instance: Any, params: Any, steps: Float) -> Float:
    """D S sqrt(A T log(T/delta))."""
    t = np.asarray(steps, dtype=np.float64)
    s, a, d = float(instance.n_states), float(instance.n_actions), float(instance.diameter)
    return np.asarray(d * s * np.sqrt(a * t * np.log(t / params.delta)))


def regret(instance: Any, params: Any, steps: Float) -> Float:
    """34 D S sqrt(A T log(T/delta))."""
    return 34.0 * diameter_rate(instance, params, steps)


THEOREMS = (
    Theorem(
        id="ucrl2/regret",
        source="Jaksch, Ortner and Auer 2010, Theorem 2",
        statement="w.p. 1-delta, for all T > 1: T rho* - sum of rewards <= 34 D S sqrt(A T log(T/delta))",
        kind="high-probability",
        constants="explicit",
        hypotheses=(COMMUNICATING, REWARDS_IN_UNIT, CONFIDENCE, at_least(2)),
        bound=regret,
        regret="realised",
        confirmed=False,
        remarks="Theorem 4's first statement, 34^2 D^2 S^2 A log(T/delta)/eps + eps T for every eps > 0, follows from "
        "it: its least value over eps is twice this bound",
    ),
)
