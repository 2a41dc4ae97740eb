"""Weighted OFUL+ (Zhou and Gu 2022): linear bandits with known noise variances."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from theory.complexity import elliptic_potential
from theory.hypotheses import at_least
from theory.linear_model import CONFIDENCE, FEATURES, GAP, PARAMETER, REGULARIZED, dominates
from theory.theorem import Theorem

Float = npt.NDArray[np.float64]


def floors(noise_bound: float, dimension: int, horizon: float) -> tuple[float, float]:
    """(alpha, gm) = (1/sqrt T, sqrt(R)/d^{1/4}): least weight, and its growth with the uncertainty."""
    return float(1.0 / np.sqrt(horizon)), float(np.sqrt(noise_bound) / dimension**0.25)


def logarithm(rounds: npt.ArrayLike, alpha: float, gm: float, delta: float) -> Float:
    """log(32 (log(gm^2/alpha) + 1) t^2/delta); the inner logarithm not below 0, which only widens the radius."""
    t = np.asarray(rounds, dtype=np.float64)
    return np.asarray(np.log(32.0 * (max(np.log(gm**2 / alpha), 0.0) + 1.0) * t**2 / delta))


def deviation(rounds: npt.ArrayLike, dimension: int, params: Any, alpha: float, gm: float) -> Float:
    """12 sqrt(d log(1 + t L^2/(alpha^2 d lam)) iota) + 30 iota R/gm^2, iota as :func:`logarithm`."""
    iota = logarithm(rounds, alpha, gm, params.delta)
    potential = elliptic_potential(
        rounds, dimension, regularization=params.regularization, feature_bound=params.feature_bound / alpha
    )
    return np.asarray(12.0 * np.sqrt(0.5 * potential * iota) + 30.0 * iota * params.noise_bound / gm**2)


def coverage(instance: Any, params: Any, horizons: Float) -> Float:
    """The radius of the ellipsoid at round T, with the floors of a run of T rounds."""

    def at(t: float) -> float:
        alpha, gm = floors(params.noise_bound, instance.dimension, t)
        bias = np.sqrt(params.regularization) * params.parameter_bound
        return float(deviation(t, instance.dimension, params, alpha, gm) + bias)

    return np.asarray(np.vectorize(at, otypes=[float])(np.asarray(horizons, dtype=np.float64)))


def regret_from(radius: npt.ArrayLike, variance: npt.ArrayLike, potential: npt.ArrayLike, gm: float) -> Float:
    """2 beta (sqrt(2 l (sum s_t^2 + 1)) + 2 gm^2 l) + 4 l, l >= log det S_T/S_0, gaps at most 2.

    With w = |x/sb|: at most 2l rounds have w >= 1, of regret 2 each. Else 2 beta |x| = 2 beta sb w: where sb is s or
    alpha, Cauchy and Schwarz with sum w^2 <= 2l and sum alpha^2 <= 1; where sb = gm |x|^{1/2}, |x| = gm^2 w^2.
    """
    beta, total, log_det = (np.asarray(v, dtype=np.float64) for v in (radius, variance, potential))
    return np.asarray(2.0 * beta * (np.sqrt(2.0 * log_det * (total + 1.0)) + 2.0 * gm**2 * log_det) + 4.0 * log_det)


def regret(instance: Any, params: Any, horizons: Float) -> Float:
    """:func:`regret_from` with sum s_t^2 <= T max v and l = d log(1 + T L^2/(alpha^2 d lam)), for a run of T rounds."""
    t, d = np.asarray(horizons, dtype=np.float64), instance.dimension
    # T/alpha^2 = T^2.
    potential = 0.5 * elliptic_potential(
        t * t, d, regularization=params.regularization, feature_bound=params.feature_bound
    )
    gm = floors(params.noise_bound, d, 1.0)[1]
    return regret_from(coverage(instance, params, t), t * instance.largest_variance, potential, gm)


def order(instance: Any, params: Any, horizons: Float) -> Float:
    """(d sqrt(sum s_t^2) + d R + d) log^{3/2} T, sum s_t^2 at its largest mean."""
    t, d = np.asarray(horizons, dtype=np.float64), instance.dimension
    leading = d * np.sqrt(t * instance.mean_variance) + d * params.noise_bound + d
    return np.asarray(leading * np.log(t) ** 1.5)


BOUNDED = dominates("noise_bound", "noise_bound", "the noise is bounded by the R given to the algorithm")

THEOREMS = (
    Theorem(
        id="weighted-oful/coverage",
        source="Zhou and Gu 2022, confidence set of weighted OFUL+",
        statement="w.p. 1-delta, for all t: |thh_t - theta| in S_t <= 12 sqrt(d log(1 + t L^2/(alpha^2 d lam)) iota) + "
        "30 iota R/gm^2 + sqrt(lam) B, iota = log(32 (log(gm^2/alpha) + 1) t^2/delta), alpha = 1/sqrt T, "
        "gm = sqrt(R)/d^{1/4}",
        kind="high-probability",
        constants="explicit",
        hypotheses=(REGULARIZED, CONFIDENCE, FEATURES, PARAMETER, BOUNDED, at_least(2)),
        bound=coverage,
        confirmed=False,
        remarks="of the estimation error, not of regret",
    ),
    Theorem(
        id="weighted-oful/regret",
        source="derived from the confidence set of Zhou and Gu 2022 along their proof",
        statement="w.p. 1-delta: R_T <= 2 beta_T (sqrt(2 l (sum s_t^2 + 1)) + 2 gm^2 l) + 4 l, "
        "l = d log(1 + T L^2/(alpha^2 d lam)), beta_T the radius of the confidence set",
        kind="high-probability",
        constants="explicit",
        hypotheses=(REGULARIZED, CONFIDENCE, FEATURES, PARAMETER, BOUNDED, GAP, at_least(2)),
        bound=regret,
        confirmed=False,
        remarks="the constants of the confidence set were not re-read in the paper; sum s_t^2 at its largest, T max v",
    ),
    Theorem(
        id="weighted-oful/order",
        source="Zhou and Gu 2022, regret of weighted OFUL+",
        statement="w.p. 1-delta: R_T = O~(d sqrt(sum s_t^2) + d R + d), with log^{3/2} T for the hidden logarithms",
        kind="high-probability",
        constants="order",
        hypotheses=(REGULARIZED, CONFIDENCE, FEATURES, PARAMETER, BOUNDED, GAP, at_least(2)),
        bound=order,
        confirmed=False,
    ),
)
