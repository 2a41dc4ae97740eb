"""RLSVI (Russo, NeurIPS 2019): randomised least-squares value iteration, worst-case expected regret."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from theory.hypotheses import EPISODIC, REWARDS_IN_UNIT, at_least
from theory.reading import tabular_sizes
from theory.theorem import Hypothesis, Theorem

Float = npt.NDArray[np.float64]


def _per_stage(instance: Any, params: Any, horizon: int) -> str | None:
    dependent = getattr(instance, "stage_dependent", None)
    if dependent is None:
        return "the instance does not say whether its transitions depend on the stage"
    return None if dependent else "they are the same at every stage, and would be counted together"


STAGE_DEPENDENT = Hypothesis("transitions are counted stage by stage", _per_stage)


def regret(instance: Any, params: Any, episodes: Float) -> Float:
    """H^3 S^{3/2} sqrt(A K log(H S A K))."""
    s, a, h = tabular_sizes(instance)
    k = np.asarray(episodes, dtype=np.float64)
    return np.asarray(h**3 * s**1.5 * np.sqrt(a * k * np.log(h * s * a * k)))


THEOREMS = (
    Theorem(
        id="rlsvi/regret",
        source="Russo 2019, Theorem 1",
        statement="E regret <= c H^3 S^{3/2} sqrt(A K log(HSAK)) for beta_k = S H^3 log(2HSAk)/2 and a numerical c",
        kind="expected",
        constants="order",
        hypotheses=(EPISODIC, STAGE_DEPENDENT, REWARDS_IN_UNIT, at_least(2)),
        bound=regret,
        confirmed=False,
        remarks="c is not given in the theorem; the noise variance beta_k/(n+1) is what the proof needs",
    ),
)
