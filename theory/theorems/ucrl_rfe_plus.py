"""UCRL-RFE+ (Zhang, Zhou and Gu 2021): reward-free exploration with Bernstein bonuses."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from theory.hypotheses import CONFIDENCE, at_least
from theory.theorem import Theorem
from theory.theorems import ucrl_rfe

Float = npt.NDArray[np.float64]


class Radii(NamedTuple):
    """The four radii of UCRL-RFE+."""

    planning: float  # beta
    exploration: float  # betahat
    rough: float  # betacheck
    second: float  # betatil


def radii(n_episodes: float, dimension: int, horizon: int, bound: float, delta: float) -> Radii:
    """beta, betahat, betacheck and betatil, with l1 = log(1 + K H B^2) and l2 = log(48 K^2 H^2/delta).

    betahat = 8 sqrt(d l1 l2) + 4 sqrt(d) l2 + 1, betacheck = 8 d sqrt(l1 l2) + 4 sqrt(d) l2 + 1,
    betatil = 8 H^2 sqrt(d l1 l2) + 4 H^2 l2 + 1, beta = H sqrt(d log(12 (1 + K H^3 B^2)/delta)) + 1.
    """
    d, h = dimension, horizon
    l1, l2 = math.log1p(n_episodes * h * bound**2), math.log(48.0 * n_episodes**2 * h**2 / delta)
    return Radii(
        ucrl_rfe.radius(n_episodes, d, h, bound, delta, events=12.0),
        8.0 * math.sqrt(d * l1 * l2) + 4.0 * math.sqrt(d) * l2 + 1.0,
        8.0 * d * math.sqrt(l1 * l2) + 4.0 * math.sqrt(d) * l2 + 1.0,
        8.0 * h**2 * math.sqrt(d * l1 * l2) + 4.0 * h**2 * l2 + 1.0,
    )


def order(instance: Any, params: Any, episodes: Float) -> Float:
    """sqrt(H^4 d (H + d) / K)."""
    d, h = instance.dimension, instance.horizon
    return np.asarray(np.sqrt(h**4.0 * d * (h + d) / np.asarray(episodes, dtype=float)))


THEOREMS = (
    Theorem(
        id="ucrl-rfe-plus/order",
        source="Zhang, Zhou and Gu 2021, Reward-free model-based RL with linear function approximation, UCRL-RFE+",
        statement="K = O~(H^4 d (H + d)/eps^2) episodes suffice: suboptimality O~(sqrt(H^4 d (H + d)/K))",
        kind="high-probability",
        constants="order",
        hypotheses=(CONFIDENCE, ucrl_rfe.PREPARED, at_least(1)),
        bound=order,
    ),
)
