"""SupLinUCB (Chu, Li, Reyzin and Schapire 2011)."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from theory.complexity import elliptic_potential
from theory.hypotheses import CONFIDENCE, at_least
from theory.linear_model import GAP, NOISE
from theory.theorem import Hypothesis, Theorem

Float = npt.NDArray[np.float64]


def n_stages(horizon: float) -> int:
    """S = ceil(log2 T), at least 1."""
    return max(1, int(np.ceil(np.log2(horizon) - 1e-12)))


def exploration(noise: float, horizon: float, n_actions: int, delta: float) -> float:
    """alpha = R sqrt(2 log(2 T K S/delta)); for rewards in [0, 1], R = 1/2, it is sqrt(log(2TKS/delta)/2)."""
    return float(noise * np.sqrt(2.0 * np.log(2.0 * horizon * n_actions * n_stages(horizon) / delta)))


def regret(instance: Any, params: Any, horizons: Float) -> Float:
    """2 sqrt(T) + 8 (alpha + 1) sqrt(2 d S T log(1 + T/d))."""

    def at(t: float) -> float:
        alpha = exploration(params.noise, t, instance.n_actions, params.delta)
        potential = float(elliptic_potential(t, instance.dimension))
        return float(2.0 * np.sqrt(t) + 8.0 * (alpha + 1.0) * np.sqrt(potential * n_stages(t) * t))

    return np.asarray(np.vectorize(at, otypes=[float])(np.asarray(horizons, dtype=np.float64)))


def order(instance: Any, params: Any, horizons: Float) -> Float:
    """sqrt(T d log^3(K T log T/delta))."""
    t = np.asarray(horizons, dtype=np.float64)
    logs = np.log(instance.n_actions * t * np.log(t) / params.delta)
    return np.asarray(np.sqrt(t * instance.dimension * logs**3))


def _at_most_one(name: str) -> Any:
    def violation(instance: Any, params: Any, horizon: int) -> str | None:
        value = getattr(instance, name, None)
        if value is None:
            return f"the instance does not state its {name}"
        return None if value <= 1.0 + 1e-12 else f"it is {value:g}, {value - 1.0:g} too large"

    return violation


UNIT_FEATURES = Hypothesis("features have norm at most 1", _at_most_one("feature_bound"))
UNIT_PARAMETER = Hypothesis("theta has norm at most 1", _at_most_one("parameter_bound"))
_MODEL = (CONFIDENCE, UNIT_FEATURES, UNIT_PARAMETER, NOISE, GAP)

THEOREMS = (
    Theorem(
        id="sup-lin-ucb/regret",
        source="derived from the proof of Chu, Li, Reyzin and Schapire 2011, Theorem 1",
        statement="w.p. 1-delta: R_T <= 2 sqrt(T) + 8 (alpha + 1) sqrt(2 d S T log(1 + T/d)), S = ceil(log2 T), "
        "alpha = R sqrt(2 log(2TKS/delta))",
        kind="high-probability",
        constants="explicit",
        hypotheses=(*_MODEL, at_least(2)),
        bound=regret,
        remarks="the bins by the elliptic potential (Abbasi-Yadkori, Pal and Szepesvari 2011, Lemma 11); delta is "
        "divided by the number of stages as well",
    ),
    Theorem(
        id="sup-lin-ucb/order",
        source="Chu, Li, Reyzin and Schapire 2011, Theorem 1",
        statement="w.p. 1-delta: R_T = O(sqrt(T d log^3(K T log T/delta)))",
        kind="high-probability",
        constants="order",
        hypotheses=(*_MODEL, at_least(3)),
        bound=order,
        confirmed=False,
    ),
)
