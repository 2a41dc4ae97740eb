"""Linear Thompson sampling (Agrawal and Goyal 2013; Abeille and Lazaric 2017)."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from theory.hypotheses import at_least, setting
from theory.linear_model import MODEL
from theory.radii import ellipsoid_trace
from theory.theorem import Hypothesis, Theorem

Float = npt.NDArray[np.float64]

#: Least probability that <u, eta> >= 1 for eta ~ N(0, I) and a unit vector u, as the proof bounds it: 1/(4 sqrt(e pi)).
ANTI_CONCENTRATION = 1.0 / (4.0 * np.sqrt(np.e * np.pi))


def split(delta: float, horizons: Float) -> Float:
    """delta' = delta / (4T)."""
    return np.asarray(delta / (4.0 * np.asarray(horizons, dtype=np.float64)))


def concentration(dimension: int, delta: Float) -> Float:
    """sqrt(2 d log(2 d/delta)): |eta| for eta ~ N(0, I), with probability 1 - delta."""
    return np.sqrt(2.0 * dimension * np.log(2.0 * dimension / delta))


def regret(instance: Any, params: Any, horizons: Float) -> Float:
    """(beta + gm (1 + 4/p)) sqrt(2 T d log(1 + T/lam)) + (4 gm/p) sqrt((8T/lam) log(4/delta)), beta, gm at delta'."""
    t, d, lam = np.asarray(horizons, dtype=np.float64), instance.dimension, params.regularization
    small = split(params.delta, t)
    # beta_T(delta') in the trace form; delta' varies with T, which ellipsoid_trace takes one delta at a time.
    beta = np.vectorize(
        lambda rounds, chance: ellipsoid_trace(
            rounds, d, chance, noise=params.noise, regularization=lam, parameter_bound=params.parameter_bound,
            feature_bound=params.feature_bound,
        )
    )(t, small)  # fmt: skip
    gamma = beta * concentration(d, small)
    slope = 4.0 / ANTI_CONCENTRATION
    main = (beta + gamma * (1.0 + slope)) * np.sqrt(2.0 * t * d * np.log1p(t / lam))
    return np.asarray(main + slope * gamma * np.sqrt(8.0 * t / lam * np.log(4.0 / params.delta)))


def order(instance: Any, params: Any, horizons: Float) -> Float:
    """d^{3/2} sqrt(T) (log T + sqrt(log T log(1/delta)))."""
    t = np.asarray(horizons, dtype=np.float64)
    logs = np.log(t)
    return np.asarray(instance.dimension**1.5 * np.sqrt(t) * (logs + np.sqrt(logs * np.log(1.0 / params.delta))))


def _unit_features(instance: Any, params: Any, horizon: int) -> str | None:
    bound = getattr(params, "feature_bound", None)
    if bound is None:
        return "the algorithm does not state its feature_bound"
    return None if bound <= 1.0 + 1e-12 else f"L = {bound:g}"


UNIT = Hypothesis("features have norm at most 1", _unit_features)
INFLATED = setting("scale", 1.0)

THEOREMS = (
    Theorem(
        id="lin-ts/regret",
        source="Abeille and Lazaric 2017, Theorem 1, with N(0, I) perturbations",
        statement="w.p. 1-delta: R_T <= (beta_T + gm_T (1 + 4/p)) sqrt(2 T d log(1 + T/lam)) + (4 gm_T/p) "
        "sqrt((8T/lam) log(4/delta)), delta' = delta/(4T), beta_T = sqrt(beta)(delta'), "
        "gm_T = beta_T sqrt(2 d log(2d/delta')), p = 1/(4 sqrt(e pi))",
        kind="high-probability",
        constants="explicit",
        hypotheses=(*MODEL, UNIT, INFLATED),
        bound=regret,
        confirmed=False,
        remarks="of order d^{3/2} sqrt(T); with 4/p = 47 it exceeds 2T below about T = 10^8",
    ),
    Theorem(
        id="lin-ts/order",
        source="Agrawal and Goyal 2013, Theorem 1",
        statement="w.p. 1-delta: R_T = O(d^{3/2} sqrt(T) (log T + sqrt(log T log(1/delta)))) for "
        "theta~ ~ N(thh, v^2 V^{-1}), v = R sqrt(9 d log(t/delta))",
        kind="high-probability",
        constants="order",
        hypotheses=(*MODEL, UNIT, INFLATED, at_least(2)),
        bound=order,
        confirmed=False,
        remarks="the same order holds for the radius of Abeille and Lazaric, which is the one that is run",
    ),
)
