"""GLM-UCB (Filippi, Cappe, Garivier and Szepesvari 2010; Li, Lu and Zhou 2017) for the logistic link."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from theory.complexity import elliptic_potential
from theory.hypotheses import CONFIDENCE, at_least
from theory.linear_model import FEATURES, PARAMETER, REGULARIZED
from theory.logistic import curvature_inverse
from theory.radii import ellipsoid_trace
from theory.theorem import Hypothesis, Theorem
from theory.theorems.phased_elimination import FIXED_ACTIONS

Float = npt.NDArray[np.float64]

#: sup m' of the logistic link, its Lipschitz constant.
LIPSCHITZ = 0.25
#: Rewards in [0, 1] are 1/2-subgaussian (Hoeffding's lemma).
NOISE = 0.5


def score_radius(instance: Any, params: Any, horizons: Float) -> Float:
    """(1/2) sqrt(2 log(1/delta) + d log(1 + T L^2/(d lam))) + sqrt(lam) S."""
    return ellipsoid_trace(
        horizons, instance.dimension, params.delta, noise=NOISE, regularization=params.regularization,
        parameter_bound=params.parameter_bound, feature_bound=params.feature_bound,
    )  # fmt: skip


def regret(instance: Any, params: Any, horizons: Float) -> Float:
    """sqrt(2 T d log(1 + T L^2/(d lam))) max(1, (kappa/2) rho_T), rho the score radius."""
    t = np.asarray(horizons, dtype=np.float64)
    kappa = curvature_inverse(params.parameter_bound, params.feature_bound)
    factor = np.maximum(1.0, 2.0 * LIPSCHITZ * kappa * score_radius(instance, params, t))
    potential = elliptic_potential(
        t, instance.dimension, regularization=params.regularization, feature_bound=params.feature_bound
    )
    return np.asarray(factor * np.sqrt(t * potential))


def order(instance: Any, params: Any, horizons: Float) -> Float:
    """kappa d sqrt(T) log T."""
    t = np.asarray(horizons, dtype=np.float64)
    kappa = curvature_inverse(params.parameter_bound, params.feature_bound)
    return np.asarray(kappa * instance.dimension * np.sqrt(t) * np.log(t))


def _logistic(instance: Any, params: Any, horizon: int) -> str | None:
    link = getattr(instance, "link", "identity")
    return None if link == "logistic" else f"its link is the {link}"


LOGISTIC = Hypothesis("rewards are Bernoulli with mean 1/(1 + exp(-<theta, x>))", _logistic)
MODEL = (LOGISTIC, REGULARIZED, CONFIDENCE, FEATURES, PARAMETER, FIXED_ACTIONS)

THEOREMS = (
    Theorem(
        id="glm-ucb/regret",
        source="derived along Filippi, Cappe, Garivier and Szepesvari 2010, the estimate constrained to |theta| <= S",
        statement="w.p. 1-delta, for all T: R_T <= max(1, (kappa/2) rho_T) sqrt(2 T d log(1 + T L^2/(d lam))), "
        "rho_T = (1/2) sqrt(2 log(1/delta) + d log(1 + T L^2/(d lam))) + sqrt(lam) S, kappa = 1/m'(SL)",
        kind="high-probability",
        constants="explicit",
        hypotheses=(*MODEL, at_least(1)),
        bound=regret,
        remarks="m is 1/4-Lipschitz; linear in kappa, which grows like exp(SL)",
    ),
    Theorem(
        id="glm-ucb/order",
        source="Li, Lu and Zhou 2017, Theorem 2 (UCB-GLM)",
        statement="R_T = O((k_m s/kappa_min) d sqrt(T) log T)",
        kind="high-probability",
        constants="order",
        hypotheses=(*MODEL, at_least(2)),
        bound=order,
        confirmed=False,
        remarks="of their rule, which begins with random pulls and has another radius of the same order",
    ),
)
