"""KL-UCB++ (Menard and Garivier 2017): the largest q with d(mean, q) <= g(N)/N, the horizon known; Bernoulli arms."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from theory.divergences import bernoulli_kl
from theory.hypotheses import AT_LEAST_ARMS, SOME_GAP, at_least, family, setting
from theory.lower_bounds import lai_robbins
from theory.theorem import Theorem

Float = npt.NDArray[np.float64]

#: V, the largest variance of the family: that of a fair coin.
VARIANCE = 0.25


def exploration(n_arms: int, horizon: float, pulls: npt.ArrayLike) -> Float:
    """g(n) = log+(y (1 + (log+ y)^2)), y = T / (K n), n >= 1."""
    y = horizon / (n_arms * np.asarray(pulls, dtype=np.float64))
    log_plus = np.log(np.maximum(y, 1.0))
    return np.asarray(np.log(np.maximum(y * (1.0 + log_plus**2), 1.0)))


def minimax(instance: Any, params: Any, horizons: Float) -> Float:
    """76 sqrt(V K T) + K, V = 1/4, means in [0, 1]. Shape of ``horizons``."""
    k = instance.n_arms
    return 76.0 * np.sqrt(VARIANCE * k * np.asarray(horizons, dtype=np.float64)) + k


def root(instance: Any, params: Any, horizons: Float) -> Float:
    """sqrt(KT)."""
    return np.sqrt(instance.n_arms * np.asarray(horizons, dtype=np.float64))


def asymptotic(instance: Any, params: Any, horizons: Float) -> Float:
    """log T sum_{D_i > 0} D_i / d(mu_i, mu*)."""
    return lai_robbins(instance.means, bernoulli_kl) * np.log(horizons)


THEOREMS = (
    Theorem(
        id="kl-ucb-plus-plus/minimax",
        source="Menard and Garivier 2017, Theorem 1",
        statement="E R_T <= 76 sqrt(V K T) + (mu_max - mu_min) K, here V = 1/4 and means in [0, 1]",
        kind="expected",
        constants="explicit",
        hypotheses=(family("bernoulli"), setting("scale", 1.0), AT_LEAST_ARMS),
        bound=minimax,
        confirmed=False,
    ),
    Theorem(
        id="kl-ucb-plus-plus/order",
        source="Menard and Garivier 2017, Theorem 1",
        statement="sup E R_T = O(sqrt(KT))",
        kind="expected",
        constants="order",
        hypotheses=(family("bernoulli"), setting("scale", 1.0), AT_LEAST_ARMS),
        bound=root,
        confirmed=False,
    ),
    Theorem(
        id="kl-ucb-plus-plus/asymptotic",
        source="Menard and Garivier 2017, Theorem 2",
        statement="limsup R_T / log T <= sum_{D_i>0} D_i / d(mu_i, mu*)",
        kind="expected",
        constants="order",
        hypotheses=(family("bernoulli"), setting("scale", 1.0), SOME_GAP, at_least(2)),
        bound=asymptotic,
        confirmed=False,
        remarks="the constant is exact in the limit only",
    ),
)
