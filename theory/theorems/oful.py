"""OFUL / LinUCB (Abbasi-Yadkori, Pal and Szepesvari 2011): optimism over the self-normalised ellipsoid."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from theory.complexity import elliptic_potential
from theory.hypotheses import at_least
from theory.linear_model import GAP, LARGE_LAMBDA, MODEL
from theory.radii import ellipsoid_trace
from theory.theorem import Theorem

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


THEOREMS = (
    Theorem(
        id="oful/regret",
        source="Lattimore and Szepesvari 2020, Theorem 19.2",
        statement="w.p. 1-delta, for all T: R_T <= sqrt(8 T max(beta_T, 1) d log(1 + T L^2/(d lam))), "
        "sqrt(beta_T) = R sqrt(2 log(1/delta) + d log(1 + T L^2/(lam d))) + sqrt(lam) S",
        kind="high-probability",
        constants="explicit",
        hypotheses=(*MODEL, GAP),
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
        hypotheses=(*MODEL, GAP, LARGE_LAMBDA),
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
        hypotheses=(*MODEL, GAP),
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
        hypotheses=MODEL,
        bound=coverage,
        remarks="of the estimation error, not of regret; the determinant form is tighter and is the one to run",
    ),
    Theorem(
        id="oful/gap-dependent",
        source="Abbasi-Yadkori, Pal and Szepesvari 2011, Theorem 5",
        statement="R_T = O(log^2 T / gap) for a fixed finite action set",
        kind="high-probability",
        constants="order",
        hypotheses=(*MODEL, GAP, at_least(2)),
        bound=gap_dependent,
        confirmed=False,
    ),
)
