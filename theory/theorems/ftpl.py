"""Follow the perturbed leader with full information: Gumbel noise (which is Hedge) and uniform noise."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from theory.hypotheses import LOSSES_IN_UNIT, OBLIVIOUS, TWO_OR_MORE_ARMS, at_least, learning_rate
from theory.theorem import Hypothesis, Theorem
from theory.theorems import hedge

Float = npt.NDArray[np.float64]


def uniform_rate(instance: Any, params: Any, horizon: float) -> float:
    """epsilon = sqrt(2 / (K T))."""
    return float(np.sqrt(2.0 / (instance.n_arms * horizon)))


def uniform(instance: Any, params: Any, horizons: Float) -> Float:
    """epsilon K T + 2 / epsilon."""
    return params.epsilon * instance.n_arms * np.asarray(horizons, dtype=np.float64) + 2.0 / params.epsilon


def _positive(instance: Any, params: Any, horizon: int) -> str | None:
    epsilon = getattr(params, "epsilon", None)
    if epsilon is None:
        return "the algorithm does not state its epsilon"
    return None if epsilon > 0.0 else f"epsilon = {epsilon:g}"


_COMMON = (LOSSES_IN_UNIT, OBLIVIOUS, TWO_OR_MORE_ARMS, at_least(1))

THEOREMS = (
    Theorem(
        id="ftpl/gumbel",
        source="Cesa-Bianchi and Lugosi 2006, Theorem 2.2; A_t = argmin(L_i - G_i/eta) has Hedge's law",
        statement="Reg_T <= sqrt(T log K / 2) for Gumbel noise over eta = sqrt(8 log K / T)",
        kind="expected",
        constants="explicit",
        hypotheses=(*_COMMON, learning_rate("sqrt(8 log K / T)", hedge.tuned_rate)),
        bound=hedge.regret,
        remarks="the largest of losses with independent Gumbel noise is drawn by a softmax",
    ),
    Theorem(
        id="ftpl/uniform",
        source="Kalai and Vempala 2005, Theorem 1.1, with D = 2, R = 1, A = K",
        statement="Reg_T <= epsilon K T + 2/epsilon for noise uniform on [0, 1/epsilon]^K",
        kind="expected",
        constants="explicit",
        hypotheses=(*_COMMON, Hypothesis("epsilon is positive", _positive)),
        bound=uniform,
        confirmed=False,
        remarks="holds at every T; 2 sqrt(2KT) at epsilon = sqrt(2/(KT)); both halves of the proof are watched exactly",
    ),
)
