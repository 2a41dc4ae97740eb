"""Exp4 (Auer, Cesa-Bianchi, Freund and Schapire 2002): bandits with M experts, regret against the best expert."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from theory.hypotheses import LOSSES_IN_UNIT, OBLIVIOUS, POSITIVE_LEARNING_RATE, at_least, learning_rate
from theory.theorem import Hypothesis, Theorem

Float = npt.NDArray[np.float64]


def tuned_rate(instance: Any, params: Any, horizon: float) -> float:
    """eta = sqrt(2 log M / (T K))."""
    return float(np.sqrt(2.0 * np.log(instance.n_experts) / (horizon * instance.n_arms)))


def regret(instance: Any, params: Any, horizons: Float) -> Float:
    """sqrt(2 T K log M)."""
    t = np.asarray(horizons, dtype=np.float64)
    return np.sqrt(2.0 * t * instance.n_arms * np.log(instance.n_experts))


def fixed_rate(instance: Any, params: Any, horizons: Float) -> Float:
    """log M / eta + (eta / 2) K T."""
    t, eta = np.asarray(horizons, dtype=np.float64), params.learning_rate
    return np.log(instance.n_experts) / eta + 0.5 * eta * instance.n_arms * t


def _experts(instance: Any, params: Any, horizon: int) -> str | None:
    count = getattr(instance, "n_experts", None)
    if count is None:
        return "the instance does not state its n_experts"
    return None if count >= 2 else f"there is {count} expert"


EXPERTS = Hypothesis("there are at least two experts", _experts)
_COMMON = (EXPERTS, LOSSES_IN_UNIT, OBLIVIOUS, at_least(1))

THEOREMS = (
    Theorem(
        id="exp4/regret",
        source="Lattimore and Szepesvari 2020, Theorem 18.1",
        statement="regret against the best of M experts <= sqrt(2 T K log M) for eta = sqrt(2 log M / (T K))",
        kind="expected",
        constants="explicit",
        hypotheses=(*_COMMON, learning_rate("sqrt(2 log M / (T K))", tuned_rate)),
        bound=regret,
        remarks="at the horizon the rate is tuned for; every part of the proof is watched",
    ),
    Theorem(
        id="exp4/fixed-rate",
        source="Lattimore and Szepesvari 2020, proof of Theorem 18.1",
        statement="regret against the best of M experts <= log M / eta + (eta/2) K T for every fixed eta > 0, every T",
        kind="expected",
        constants="explicit",
        hypotheses=(*_COMMON, POSITIVE_LEARNING_RATE),
        bound=fixed_rate,
    ),
)
