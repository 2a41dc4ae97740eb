"""Asymptotically optimal UCB (Lattimore and Szepesvari 2020, Algorithm 6): mean + sqrt(2 log f(t) / N)."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from theory.hypotheses import FIXED_LAWS, SOME_GAP, at_least
from theory.reading import positive_gaps
from theory.theorem import Hypothesis, Theorem
from theory.theorems.kl_ucb import exploration

Float = npt.NDArray[np.float64]


def regret(instance: Any, params: Any, horizons: Float) -> Float:
    """sum_{D_i > 0} inf_{0 < e < D_i} D_i (1 + 5/e^2 + c/(D_i - e)^2), c = 2 (log f(T) + sqrt(pi log f(T)) + 1).

    The infimum is attained at e = D / (1 + (c/5)^(1/3)), where 5/e^2 + c/(D - e)^2 = (5^(1/3) + c^(1/3))^3 / D^2.
    For sigma-subgaussian rewards the theorem is read for rewards (and gaps) divided by sigma. Shape of ``horizons``.
    """
    gaps = positive_gaps(instance) / params.sigma
    log_f = exploration(horizons)
    c = 2.0 * (log_f + np.sqrt(np.pi * log_f) + 1.0)
    cubes = (5.0 ** (1.0 / 3.0) + np.cbrt(c)) ** 3
    return np.asarray(params.sigma * (gaps.sum() + cubes * np.sum(1.0 / gaps)))


def asymptotic(instance: Any, params: Any, horizons: Float) -> Float:
    """log T sum_{D_i > 0} 2 sigma^2 / D_i."""
    return np.asarray(2.0 * params.sigma**2 * np.sum(1.0 / positive_gaps(instance)) * np.log(horizons))


def _within_class(instance: Any, params: Any, horizon: int) -> str | None:
    value, sigma = getattr(instance, "subgaussian", None), params.sigma
    if value is None:
        return "the instance does not state its subgaussian"
    return None if value <= sigma else f"they are only {value:g}-subgaussian, and sigma is {sigma:g}"


WITHIN_CLASS = Hypothesis("rewards are sigma-subgaussian for the algorithm's sigma", _within_class)

THEOREMS = (
    Theorem(
        id="asymptotically-optimal-ucb/regret",
        source="Lattimore and Szepesvari 2020, Theorem 8.1",
        statement="E R_T <= sum_{D_i>0} inf_{0<e<D_i} D_i (1 + 5/e^2 + "
        "2 (log f(T) + sqrt(pi log f(T)) + 1)/(D_i - e)^2), f(t) = 1 + t log^2 t (sigma = 1)",
        kind="expected",
        constants="explicit",
        hypotheses=(FIXED_LAWS, WITHIN_CLASS, at_least(1)),
        bound=regret,
        remarks="the infimum has a closed form; sigma other than 1 by scaling",
    ),
    Theorem(
        id="asymptotically-optimal-ucb/asymptotic",
        source="Lattimore and Szepesvari 2020, Theorem 8.1",
        statement="limsup R_T / log T <= sum_{D_i>0} 2 sigma^2 / D_i",
        kind="expected",
        constants="order",
        hypotheses=(FIXED_LAWS, WITHIN_CLASS, SOME_GAP, at_least(2)),
        bound=asymptotic,
        remarks="the constant is exact in the limit only, where it is that of Lai and Robbins for Gaussian arms",
    ),
)
