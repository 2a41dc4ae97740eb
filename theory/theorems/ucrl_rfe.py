"""UCRL-RFE (Zhang, Zhou and Gu 2021): reward-free exploration with Hoeffding bonuses."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from theory.hypotheses import CONFIDENCE, at_least, setting
from theory.theorem import Hypothesis, Theorem

Float = npt.NDArray[np.float64]


def radius(n_episodes: float, dimension: int, horizon: int, bound: float, delta: float, events: float = 3.0) -> float:
    """beta = H sqrt(d log(3 (1 + K H^3 B^2) / delta)) + 1; ``events`` is the 3."""
    inside = events * (1.0 + n_episodes * horizon**3 * bound**2) / delta
    return horizon * math.sqrt(dimension * math.log(inside)) + 1.0


def values_of_exploration(k: Any, dimension: int, horizon: int, bound: float, beta: float, delta: float) -> Any:
    """8 beta sqrt(H K d log(1 + K H^3 B^2/d)) + 8 beta H d log(1 + K H^3 B^2) + 2 H sqrt(2 H K log(1/delta))."""
    h, d = horizon, dimension
    return (
        8.0 * beta * np.sqrt(h * k * d * np.log1p(k * h**3 * bound**2 / d))
        + 8.0 * beta * h * d * np.log1p(k * h**3 * bound**2)
        + 2.0 * h * np.sqrt(2.0 * h * k * math.log(1.0 / delta))
    )


def suboptimality(instance: Any, params: Any, episodes: Float) -> Float:
    """(H/K) times :func:`values_of_exploration`, at beta of ``params.n_episodes``."""
    d, h, b = instance.dimension, instance.horizon, instance.parameter_bound
    k = np.asarray(episodes, dtype=float)
    beta = radius(params.n_episodes, d, h, b, params.delta)
    return np.asarray(h / k * values_of_exploration(k, d, h, b, beta, params.delta / 3.0))


def order(instance: Any, params: Any, episodes: Float) -> Float:
    """sqrt(H^5 d^2 / K)."""
    return np.asarray(np.sqrt(instance.horizon**5.0 * instance.dimension**2.0 / np.asarray(episodes, dtype=float)))


def _prepared(instance: Any, params: Any, horizon: int) -> str | None:
    k = params.n_episodes
    return None if k >= horizon else f"it was prepared for {k} episodes and is run for {horizon}"


PREPARED = Hypothesis("the radius is that of K episodes or more", _prepared)
THEORY_RADIUS = setting("c_beta", 1.0)

_SOURCE = "Zhang, Zhou and Gu 2021, Reward-free model-based RL with linear function approximation"

THEOREMS = (
    Theorem(
        id="ucrl-rfe/suboptimality",
        source=f"{_SOURCE}, proof of the upper bound for UCRL-RFE",
        statement="w.p. 1-delta, for all r in R: V*_1(s_1; r) - V_1(s_1; pi_r) <= (H/K) [8 beta sqrt(HKd log(1 + "
        "KH^3B^2/d)) + 8 beta H d log(1 + KH^3B^2) + 2H sqrt(2HK log(3/delta))]",
        kind="high-probability",
        constants="explicit",
        hypotheses=(CONFIDENCE, PREPARED, THEORY_RADIUS, at_least(1)),
        bound=suboptimality,
        confirmed=False,
        remarks="put together from the proof's steps: the loss is at most H V*_1(r^{K+1}) by optimism, r^k does not "
        "rise, and the sum of V^k_1 is bounded; the paper states the number of episodes up to logarithms. The first of "
        "these needs V_{h+1} <= H - h, which PLAN's cut at H does not give",
    ),
    Theorem(
        id="ucrl-rfe/order",
        source=f"{_SOURCE}, Theorem for UCRL-RFE",
        statement="K = O~(H^5 d^2/eps^2) episodes suffice: suboptimality O~(sqrt(H^5 d^2/K))",
        kind="high-probability",
        constants="order",
        hypotheses=(CONFIDENCE, PREPARED, at_least(1)),
        bound=order,
    ),
)
