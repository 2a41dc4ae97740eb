"""Optimism for logistic bandits: OFULog (Faury et al. 2020; Abeille, Faury and Calauzenes 2021)."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from theory.complexity import elliptic_potential
from theory.hypotheses import at_least
from theory.logistic import curvature_inverse
from theory.theorem import Hypothesis, Theorem
from theory.theorems.glm_ucb import LIPSCHITZ, MODEL
from theory.theorems.sup_lin_ucb import UNIT_FEATURES

Float = npt.NDArray[np.float64]


def score_radius(
    log_det: npt.ArrayLike, dimension: int, delta: float, regularization: float, parameter_bound: float
) -> Float:
    """sqrt(lam)(S + 1/2) + (2/sqrt lam)(log(1/delta) + (1/2) log(det H/lam^d) + d log 2).

    The radius of |g_t(theta) - sum r x| in H_t^{-1}(theta), ``log_det`` = log(det H_t(theta)/lam^d).
    """
    root = np.sqrt(regularization)
    logs = 0.5 * np.asarray(log_det, dtype=np.float64) - np.log(delta) + dimension * np.log(2.0)
    return np.asarray(root * (parameter_bound + 0.5) + 2.0 / root * logs)


def largest_radius(instance: Any, params: Any, horizons: Float) -> Float:
    """The radius with log(det H_T/lam^d) at most d log(1 + T L^2/(4 d lam)), since m' <= 1/4."""
    potential = elliptic_potential(
        horizons, instance.dimension, regularization=params.regularization,
        feature_bound=params.feature_bound * np.sqrt(LIPSCHITZ),
    )  # fmt: skip
    return score_radius(
        0.5 * potential, instance.dimension, params.delta, params.regularization, params.parameter_bound
    )


def regret(instance: Any, params: Any, horizons: Float) -> Float:
    """max(1, (1/2)(1 + 2S) gm_T sqrt(kappa)) sqrt(2 T d log(1 + T L^2/(d lam)))."""
    t, s = np.asarray(horizons, dtype=np.float64), params.parameter_bound
    kappa = curvature_inverse(s, params.feature_bound)
    factor = 2.0 * LIPSCHITZ * (1.0 + 2.0 * s) * largest_radius(instance, params, t) * np.sqrt(kappa)
    potential = elliptic_potential(
        t, instance.dimension, regularization=params.regularization, feature_bound=params.feature_bound
    )
    return np.asarray(np.maximum(1.0, factor) * np.sqrt(t * potential))


def order(instance: Any, params: Any, horizons: Float) -> Float:
    """(d sqrt(T m'(<theta, x*>)) + d^2 kappa) log T."""
    t, d = np.asarray(horizons, dtype=np.float64), instance.dimension
    kappa = curvature_inverse(params.parameter_bound, params.feature_bound)
    return np.asarray((d * np.sqrt(t * instance.best_slope) + d**2 * kappa) * np.log(t))


def _planar(instance: Any, params: Any, horizon: int) -> str | None:
    d = getattr(instance, "dimension", None)
    return None if d == 2 else f"the instance has dimension {d}"


PLANE = Hypothesis("the parameter lies in the plane (the confidence set is enumerated on a grid)", _planar)

THEOREMS = (
    Theorem(
        id="logistic-ofu/regret",
        source="derived from Faury, Abeille, Calauzenes and Fercoq 2020, Theorem 1 and Lemma 1",
        statement="w.p. 1-delta, for all T: R_T <= max(1, (1/2)(1 + 2S) gm_T sqrt(kappa)) "
        "sqrt(2 T d log(1 + T L^2/(d lam))), gm_T = sqrt(lam)(S + 1/2) + (2/sqrt lam)(log(2^d/delta) + "
        "(d/2) log(1 + T L^2/(4 d lam))), L <= 1",
        kind="high-probability",
        constants="explicit",
        hypotheses=(*MODEL, UNIT_FEATURES, PLANE, at_least(1)),
        bound=regret,
        confirmed=False,
        remarks="the crude bound in sqrt(kappa); the constants of the confidence set were not re-read in the paper",
    ),
    Theorem(
        id="logistic-ofu/order",
        source="Abeille, Faury and Calauzenes 2021, Theorem 1",
        statement="w.p. 1-delta: R_T = O~(d sqrt(T m'(<theta, x*>)) + d^2 kappa), with log T for the hidden logarithms",
        kind="high-probability",
        constants="order",
        hypotheses=(*MODEL, UNIT_FEATURES, PLANE, at_least(2)),
        bound=order,
        confirmed=False,
    ),
)
