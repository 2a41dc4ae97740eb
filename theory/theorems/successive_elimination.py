"""Successive elimination (Even-Dar, Mannor and Mansour 2006), for sigma-subgaussian rewards."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from theory.hypotheses import CONFIDENCE, FIXED_LAWS, at_least
from theory.identification import elimination_time
from theory.theorem import Hypothesis, Theorem

Float = npt.NDArray[np.float64]


def _sigma(instance: Any, params: Any, horizon: int) -> str | None:
    stated = getattr(instance, "subgaussian", None)
    if stated is None:
        return "the instance does not state its subgaussian constant"
    return None if stated <= params.sigma else f"they are only {stated:g}-subgaussian; sigma is {params.sigma:g}"


SUBGAUSSIAN = Hypothesis("rewards are sigma-subgaussian, sigma the algorithm's", _sigma)


def most_pulls(instance: Any, params: Any) -> Float:
    """First t with U(t) < D_i/4 for every arm, shape (K,); infinite for an optimal arm."""
    gaps = np.asarray(instance.gaps, dtype=float)
    return np.array(
        [elimination_time(gap, len(gaps), params.delta, params.sigma) if gap > 0.0 else np.inf for gap in gaps]
    )


def elimination_regret(instance: Any, params: Any, horizons: Float) -> Float:
    """sum_i D_i min(T, first t with U(t) < D_i/4)."""
    gaps = np.asarray(instance.gaps, dtype=float)
    most = most_pulls(instance, params)
    t = np.asarray(horizons, dtype=float)[..., None]
    positive = gaps > 0.0
    return np.asarray((gaps[positive] * np.minimum(t, most[positive])).sum(axis=-1))


def expected_regret(instance: Any, params: Any, horizons: Float) -> Float:
    """The same, plus delta T max D for the runs in which a confidence bound fails."""
    gaps = np.asarray(instance.gaps, dtype=float)
    return elimination_regret(instance, params, horizons) + params.delta * np.asarray(horizons) * gaps.max()


def nothing(instance: Any, params: Any, horizons: Float) -> Float:
    """Zero: the answer is a best arm."""
    return np.zeros(np.shape(horizons))


_HYPOTHESES = (FIXED_LAWS, SUBGAUSSIAN, CONFIDENCE, at_least(1))

THEOREMS = (
    Theorem(
        id="successive-elimination/regret",
        source="Even-Dar, Mannor and Mansour 2006, Theorem 8 and its proof with U(t) for sigma-subgaussian rewards",
        statement="w.p. 1-delta, all T: R_T <= sum_i D_i min(T, first t with U(t) < D_i/4)",
        kind="high-probability",
        constants="explicit",
        hypotheses=_HYPOTHESES,
        bound=elimination_regret,
        remarks="derived: on the event |mean - mu| <= U in all phases an arm is dropped once 4 U(t) < D_i; the union "
        "over phases and arms costs delta pi^2/12",
    ),
    Theorem(
        id="successive-elimination/expected",
        source="from the high-probability statement",
        statement="E R_T <= sum_i D_i min(T, first t with U(t) < D_i/4) + delta T max D",
        kind="expected",
        constants="explicit",
        hypotheses=_HYPOTHESES,
        bound=expected_regret,
    ),
    Theorem(
        id="successive-elimination/correct",
        source="Even-Dar, Mannor and Mansour 2006, Theorem 8",
        statement="w.p. 1-delta the answer is a best arm",
        kind="PAC",
        constants="explicit",
        hypotheses=_HYPOTHESES,
        bound=nothing,
        remarks="of the gap of the arm answered",
    ),
)
