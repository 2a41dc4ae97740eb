"""OFUL / LinUCB (Abbasi-Yadkori, Pal and Szepesvari 2011): optimism over the self-normalised ellipsoid."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from theory.complexity import elliptic_potential
from theory.hypotheses import CONFIDENCE, at_least
from theory.radii import ellipsoid_trace
from theory.theorem import Hypothesis, Theorem

Float = npt.NDArray[np.float64]


def coverage(instance: Any, params: Any, horizons: Float) -> Float:
    """sqrt(beta_T) in the trace form: R sqrt(2 log(1/delta) + d log(1 + T L^2/(lam d))) + sqrt(lam) S."""
    return ellipsoid_trace(
        horizons,
        instance.dimension,
        params.delta,
        noise=params.noise,
        regularization=params.regularization,
        parameter_bound=params.parameter_bound,
        feature_bound=params.feature_bound,
    )


def regret(instance: Any, params: Any, horizons: Float) -> Float:
    """sqrt(8 T max(beta_T, 1) d log(1 + T L^2/(lam d)))."""
    horizons = np.asarray(horizons, dtype=np.float64)
    beta = np.maximum(coverage(instance, params, horizons) ** 2, 1.0)
    # elliptic_potential is 2 d log(1 + T L^2/(lam d)).
    potential = elliptic_potential(
        horizons, instance.dimension, regularization=params.regularization, feature_bound=params.feature_bound
    )
    return np.sqrt(4.0 * horizons * beta * potential)


def regret_aps(instance: Any, params: Any, horizons: Float) -> Float:
    """4 sqrt(T d log(lam + T L^2/d)) (sqrt(lam) S + R sqrt(2 log(1/delta) + d log(1 + T L^2/(lam d))))."""
    d, horizons = instance.dimension, np.asarray(horizons, dtype=np.float64)
    logs = np.log(params.regularization + horizons * params.feature_bound**2 / d)
    return 4.0 * np.sqrt(horizons * d * logs) * coverage(instance, params, horizons)


def regret_aps_printed(instance: Any, params: Any, horizons: Float) -> Float:
    """4 sqrt(T d log(lam + T L/d)) (sqrt(lam) S + R sqrt(2 log(1/delta) + d log(1 + T L/(lam d))))."""
    d, lam, horizons = instance.dimension, params.regularization, np.asarray(horizons, dtype=np.float64)
    steps = horizons * params.feature_bound / d
    radius = np.sqrt(lam) * params.parameter_bound + params.noise * np.sqrt(
        2.0 * np.log(1.0 / params.delta) + d * np.log1p(steps / lam)
    )
    # For lam < 1 the first logarithm can be negative; then the printed bound is not a number.
    with np.errstate(invalid="ignore"):
        return 4.0 * np.sqrt(horizons * d * np.log(lam + steps)) * radius


def gap_dependent(instance: Any, params: Any, horizons: Float) -> Float:
    """log^2 T."""
    return np.log(horizons) ** 2


def _dominates(name: str, parameter: str, text: str) -> Hypothesis:
    """The bound the algorithm is given holds for the instance."""

    def violation(instance: Any, params: Any, horizon: int) -> str | None:
        true, assumed = getattr(instance, name, None), getattr(params, parameter, None)
        if true is None or assumed is None:
            return f"the {'instance' if true is None else 'algorithm'} does not state it"
        excess = true - assumed
        return None if excess <= 1e-12 * assumed else f"the instance has {true:g}, {excess:g} above {assumed:g}"

    return Hypothesis(text, violation)


def _gap_at_most_two(instance: Any, params: Any, horizon: int) -> str | None:
    gap = getattr(instance, "max_gap", None)
    if gap is None:
        return "the instance does not state its max_gap"
    return None if gap <= 2.0 else f"the largest gap is {gap:g}, {gap - 2.0:g} too large"


def _regularized(instance: Any, params: Any, horizon: int) -> str | None:
    lam = getattr(params, "regularization", None)
    if lam is None:
        return "the algorithm does not state its regularization"
    return None if lam > 0.0 else f"lam = {lam:g}"


def _regularized_above_one(instance: Any, params: Any, horizon: int) -> str | None:
    lam, least = params.regularization, max(1.0, params.feature_bound**2)
    return None if lam >= least else f"lam = {lam:g} is below {least:g}"


_MODEL = (
    Hypothesis("the regularisation lam is positive", _regularized),
    CONFIDENCE,
    _dominates("feature_bound", "feature_bound", "features have norm at most the L given to the algorithm"),
    _dominates("parameter_bound", "parameter_bound", "the parameter has norm at most the S given to the algorithm"),
    _dominates("noise_subgaussian", "noise", "the noise is R-subgaussian for the R given to the algorithm"),
    at_least(1),
)
_GAP = Hypothesis("mean rewards lie in [-1, 1], so that no gap exceeds 2", _gap_at_most_two)
_LARGE_LAMBDA = Hypothesis("lam >= max(1, L^2)", _regularized_above_one)

THEOREMS = (
    Theorem(
        id="oful/regret",
        source="Lattimore and Szepesvari 2020, Theorem 19.2",
        statement="w.p. 1-delta, for all T: R_T <= sqrt(8 T max(beta_T, 1) d log(1 + T L^2/(d lam))), "
        "sqrt(beta_T) = R sqrt(2 log(1/delta) + d log(1 + T L^2/(lam d))) + sqrt(lam) S",
        kind="high-probability",
        constants="explicit",
        hypotheses=(*_MODEL, _GAP),
        bound=regret,
        remarks="from 2 min(1, sqrt(beta) |x|) a round and the elliptic potential; holds for all T at once",
    ),
    Theorem(
        id="oful/regret-aps",
        source="Abbasi-Yadkori, Pal and Szepesvari 2011, Theorem 3, corrected",
        statement="w.p. 1-delta, for all T: R_T <= 4 sqrt(T d log(lam + T L^2/d)) "
        "(sqrt(lam) S + R sqrt(2 log(1/delta) + d log(1 + T L^2/(lam d))))",
        kind="high-probability",
        constants="explicit",
        hypotheses=(*_MODEL, _GAP, _LARGE_LAMBDA),
        bound=regret_aps,
        remarks="the printed version has T L/d for T L^2/d, twice, and no lower bound on lam",
    ),
    Theorem(
        id="oful/regret-aps-printed",
        source="Abbasi-Yadkori, Pal and Szepesvari 2011, Theorem 3, as printed",
        statement="w.p. 1-delta, for all T: R_T <= 4 sqrt(T d log(lam + T L/d)) "
        "(sqrt(lam) S + R sqrt(2 log(1/delta) + d log(1 + T L/(lam d))))",
        kind="high-probability",
        constants="explicit",
        hypotheses=(*_MODEL, _GAP),
        bound=regret_aps_printed,
        remarks="false as printed for lam < 1 (the first logarithm can be negative) and for L > 1; "
        "kept to be compared with oful/regret-aps",
    ),
    Theorem(
        id="oful/coverage",
        source="Abbasi-Yadkori, Pal and Szepesvari 2011, Theorem 2 (trace form)",
        statement="w.p. 1-delta, for all t: |thh_t - theta|_{V_t} <= "
        "R sqrt(2 log(1/delta) + d log(1 + t L^2/(lam d))) + sqrt(lam) S",
        kind="high-probability",
        constants="explicit",
        hypotheses=_MODEL,
        bound=coverage,
        remarks="of the estimation error, not of regret; the determinant form is tighter and is the one to run",
    ),
    Theorem(
        id="oful/gap-dependent",
        source="Abbasi-Yadkori, Pal and Szepesvari 2011, Theorem 5",
        statement="R_T = O(log^2 T / gap) for a fixed finite action set",
        kind="high-probability",
        constants="order",
        hypotheses=(*_MODEL, _GAP, at_least(2)),
        bound=gap_dependent,
        confirmed=False,
    ),
)
