"""Tsallis-INF (Zimmert and Seldin, arXiv:1807.07623v6): FTRL with 1/2-Tsallis entropy and eta_t of order 1/sqrt t."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from theory.hypotheses import LOSSES_IN_UNIT, OBLIVIOUS, TWO_OR_MORE_ARMS, UNIQUE_BEST_ARM, at_least
from theory.reading import positive_gaps
from theory.theorem import Hypothesis, Theorem

Float = npt.NDArray[np.float64]


def _corruption(instance: Any) -> float:
    """C of the self-bounding regime; an instance that states none is uncorrupted."""
    return float(getattr(instance, "corruption", 0.0))


def importance_weighted(instance: Any, params: Any, horizons: Float) -> Float:
    """4 sqrt(KT) - 2 sqrt T."""
    horizons = np.asarray(horizons, dtype=np.float64)
    return 4.0 * np.sqrt(instance.n_arms * horizons) - 2.0 * np.sqrt(horizons)


def importance_weighted_printed(instance: Any, params: Any, horizons: Float) -> Float:
    """4 sqrt(KT) + 1."""
    return 4.0 * np.sqrt(instance.n_arms * np.asarray(horizons, dtype=np.float64)) + 1.0


def importance_weighted_stochastic(instance: Any, params: Any, horizons: Float) -> Float:
    """sum_{i != i*} (4 log T + 12) / D_i + 4 log T + 1/D_min + sqrt K + 8 + C."""
    gaps, log_t = positive_gaps(instance), np.log(horizons)
    return (
        np.sum(1.0 / gaps) * (4.0 * log_t + 12.0)
        + 4.0 * log_t
        + 1.0 / gaps.min()
        + np.sqrt(instance.n_arms)
        + 8.0
        + _corruption(instance)
    )


def reduced_variance(instance: Any, params: Any, horizons: Float) -> Float:
    """2 sqrt(KT) + 14 K log T + 16."""
    k, horizons = instance.n_arms, np.asarray(horizons, dtype=np.float64)
    return 2.0 * np.sqrt(k * horizons) + 14.0 * k * np.log(horizons) + 16.0


def reduced_variance_printed(instance: Any, params: Any, horizons: Float) -> Float:
    """2 sqrt(KT) + 10 K log T + 16, as printed."""
    k, horizons = instance.n_arms, np.asarray(horizons, dtype=np.float64)
    return 2.0 * np.sqrt(k * horizons) + 10.0 * k * np.log(horizons) + 16.0


def reduced_variance_stochastic(instance: Any, params: Any, horizons: Float) -> Float:
    """X + C or, for C > X, 2 sqrt(X C), plus 28 K log T + (3/2) sqrt K + 32; X = sum (log T + 3)/D_i + 2/D_min."""
    k, gaps, log_t = instance.n_arms, positive_gaps(instance), np.log(horizons)
    corruption = _corruption(instance)
    x = np.sum(1.0 / gaps) * (log_t + 3.0) + 2.0 / gaps.min()
    leading = np.where(corruption > x, 2.0 * np.sqrt(x * corruption), x + corruption)
    return leading + 28.0 * k * log_t + 1.5 * np.sqrt(k) + 32.0


def general_exponent(instance: Any, params: Any, horizons: Float) -> Float:
    """2 sqrt(min{1/(a - a^2), log K / a, log T / (1 - a)} K T) + 1."""
    alpha, k = float(params.alpha), instance.n_arms
    horizons = np.asarray(horizons, dtype=np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = (np.divide(1.0, alpha - alpha**2), np.divide(np.log(k), alpha), np.log(horizons) / (1.0 - alpha))
    # At alpha = 1 and T = 1 the last term is 0/0; it bounds nothing there.
    smallest = np.fmin(np.fmin(terms[0], terms[1]), terms[2])
    return 2.0 * np.sqrt(smallest * k * horizons) + 1.0


def _exponent(instance: Any, params: Any, horizon: int) -> str | None:
    alpha = getattr(params, "alpha", None)
    if alpha is None:
        return "the algorithm does not state its alpha"
    return None if 0.0 <= alpha <= 1.0 else f"alpha = {alpha:g}"


_COMMON = (LOSSES_IN_UNIT, OBLIVIOUS, TWO_OR_MORE_ARMS, at_least(1))
_STOCHASTIC = (LOSSES_IN_UNIT, TWO_OR_MORE_ARMS, UNIQUE_BEST_ARM, at_least(1))

THEOREMS = (
    Theorem(
        id="tsallis-inf/iw",
        source="FTRL lemma with stability (eta_t/2) sqrt K and penalty (4/eta_T)(sqrt K - 1); "
        "cf. Zimmert and Seldin 2021, Theorem 3",
        statement="Reg_T <= 4 sqrt(KT) - 2 sqrt T for importance weighting and eta_t = 2/sqrt t",
        kind="expected",
        constants="explicit",
        hypotheses=_COMMON,
        bound=importance_weighted,
    ),
    Theorem(
        id="tsallis-inf/iw-printed",
        source="Zimmert and Seldin 2021, Theorem 3 at alpha = 1/2",
        statement="Reg_T <= 4 sqrt(KT) + 1 for importance weighting",
        kind="expected",
        constants="explicit",
        hypotheses=_COMMON,
        bound=importance_weighted_printed,
    ),
    Theorem(
        id="tsallis-inf/iw-stochastic",
        source="Zimmert and Seldin 2021, Theorem 1 (importance weighting)",
        statement="Reg_T <= sum_{i!=i*} (4 log T + 12)/D_i + 4 log T + 1/D_min + sqrt K + 8 + C",
        kind="expected",
        constants="explicit",
        hypotheses=_STOCHASTIC,
        bound=importance_weighted_stochastic,
        confirmed=False,
        remarks="self-bounding regime with corruption C (0 if the instance states none)",
    ),
    Theorem(
        id="tsallis-inf/rv",
        source="Zimmert and Seldin 2021, Theorem 1 (reduced variance), constant corrected",
        statement="Reg_T <= 2 sqrt(KT) + 14 K log T + 16 for reduced variance and eta_t = 4/sqrt t",
        kind="expected",
        constants="explicit",
        hypotheses=_COMMON,
        bound=reduced_variance,
        remarks="the paper prints 10 K log T, its proof yields 14 K log T",
    ),
    Theorem(
        id="tsallis-inf/rv-printed",
        source="Zimmert and Seldin 2021, Theorem 1 (reduced variance), as printed",
        statement="Reg_T <= 2 sqrt(KT) + 10 K log T + 16 for reduced variance and eta_t = 4/sqrt t",
        kind="expected",
        constants="explicit",
        hypotheses=_COMMON,
        bound=reduced_variance_printed,
        remarks="the printed constant 10, which the paper's proof does not reach (it yields 14: tsallis-inf/rv)",
    ),
    Theorem(
        id="tsallis-inf/rv-stochastic",
        source="Zimmert and Seldin 2021, Theorem 1 (reduced variance, self-bounding), constant corrected",
        statement="Reg_T <= X + 28 K log T + (3/2) sqrt K + 32 + C, and 2 sqrt(X C) + 28 K log T + (3/2) sqrt K + 32 "
        "if C > X, with X = sum_{i!=i*} (log T + 3)/D_i + 2/D_min",
        kind="expected",
        constants="explicit",
        hypotheses=_STOCHASTIC,
        bound=reduced_variance_stochastic,
        remarks="28 is twice the corrected 14 of tsallis-inf/rv",
    ),
    Theorem(
        id="tsallis-inf/alpha",
        source="Zimmert and Seldin 2021, Theorem 3",
        statement="Reg_T <= 2 sqrt(min{1/(a-a^2), log K/a, log T/(1-a)} K T) + 1 with the theorem's own eta_t",
        kind="expected",
        constants="explicit",
        hypotheses=(*_COMMON, Hypothesis("the Tsallis exponent alpha lies in [0, 1]", _exponent)),
        bound=general_exponent,
        remarks="of the alpha-Tsallis rule with its own learning rates, which are 2/sqrt t only for 1/(a-a^2) = 4",
    ),
)
