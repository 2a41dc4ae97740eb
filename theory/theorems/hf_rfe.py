"""HF-UCRL-RFE++ (Zhang, Zhang and Gu 2023): horizon-free reward-free exploration of linear mixture MDPs."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from theory.hypotheses import CONFIDENCE, at_least, setting
from theory.theorem import Hypothesis, Theorem

Float = npt.NDArray[np.float64]


def n_moments(n_episodes: float, horizon: int) -> int:
    """M = ceil(log2(7 K H)), the number of moments followed."""
    return max(2, math.ceil(math.log2(7.0 * n_episodes * horizon)))


def level(n_episodes: float, horizon: int, delta: float) -> float:
    """delta / (4 M): the theorem holds with probability 1 - 4 M delta', so each of its parts gets this delta'."""
    return delta / (4.0 * n_moments(n_episodes, horizon))


def weight_floors(dimension: int, horizon: int) -> tuple[float, float]:
    """alpha = H^{-1/2} and gamma = d^{-1/4}."""
    return horizon**-0.5, dimension**-0.25


def radius(k: float, dimension: int, horizon: int, bound: float, delta: float, factor: float = 1.0) -> float:
    """beta_k = 12 sqrt(d eta tau) + 30 tau / gamma^2 + sqrt(lambda) B at level ``delta`` of a single part.

    eta = log(1 + k H / (alpha^2 d lambda)), tau = log(32 (log(gamma^2/alpha) + 1) k^2 H^2 / delta), lambda = d / B^2.
    ``factor`` multiplies the first two terms, which chance accounts for; the last is the bias of the ridge, known.
    Where log(gamma^2/alpha) + 1 is below e (it is not even positive for H <= d/e^2) e takes its place: a larger radius.
    """
    alpha, gamma = weight_floors(dimension, horizon)
    lam = dimension / bound**2
    eta = math.log1p(k * horizon / (alpha**2 * dimension * lam))
    layers = max(math.log(gamma**2 / alpha) + 1.0, math.e)
    tau = math.log(32.0 * layers * k**2 * horizon**2 / delta)
    chance = 12.0 * math.sqrt(dimension * eta * tau) + 30.0 * tau / gamma**2
    return factor * chance + math.sqrt(lam) * bound


def log_potential(k: Any, dimension: int, horizon: int, bound: float) -> Any:
    """iota = log(1 + K H / (d lambda alpha^2))."""
    return np.log1p(k * horizon * horizon / (dimension * (dimension / bound**2)))


def log_deviation(k: Any, horizon: int, delta: float) -> Any:
    """zeta = 4 log(4 log(K H) / delta)."""
    return 4.0 * np.log(4.0 * np.log(np.maximum(k * horizon, math.e)) / delta)


def suboptimality(instance: Any, params: Any, episodes: Float) -> Float:
    """The theorem's bound after K episodes, delta/(4M) for delta; M and beta are those of ``params.n_episodes``.

    (4/K) [896 max{64 beta^2 d iota, 2 zeta} + 24 zeta + 240 d iota + 240 beta gamma^2 d iota + 120 beta d iota sqrt(M)
    + 24 sqrt(zeta M d iota) + M d iota] + (4/sqrt K) [64 max{8 beta sqrt(d iota), sqrt(2 zeta)}
    + 120 beta sqrt(d iota H alpha^2)].
    """
    d, h, b = instance.dimension, instance.horizon, instance.parameter_bound
    k = np.asarray(episodes, dtype=float)
    m = n_moments(params.n_episodes, h)
    part = level(params.n_episodes, h, params.delta)
    beta = radius(params.n_episodes, d, h, b, part)
    alpha, gamma = weight_floors(d, h)
    di, zeta = d * log_potential(k, d, h, b), log_deviation(k, h, part)
    fast = (
        896.0 * np.maximum(64.0 * beta**2 * di, 2.0 * zeta) + 24.0 * zeta + 240.0 * di + 240.0 * beta * gamma**2 * di
        + 120.0 * beta * di * math.sqrt(m) + 24.0 * np.sqrt(zeta * m * di) + m * di
    )  # fmt: skip
    slow = 64.0 * np.maximum(8.0 * beta * np.sqrt(di), np.sqrt(2.0 * zeta)) + 120.0 * beta * np.sqrt(di * h * alpha**2)
    return np.asarray(4.0 / k * fast + 4.0 / np.sqrt(k) * slow)


def order(instance: Any, params: Any, episodes: Float) -> Float:
    """d / sqrt(K) + d^2 / K."""
    d = instance.dimension
    return np.asarray(d / np.sqrt(episodes) + d**2 / np.asarray(episodes, dtype=float))


def lower(instance: Any, params: Any, episodes: Float) -> Float:
    """d / (16 sqrt(3) sqrt(K))."""
    return np.asarray(instance.dimension / (16.0 * math.sqrt(3.0) * np.sqrt(episodes)))


def _total(instance: Any, params: Any, horizon: int) -> str | None:
    total = instance.total_reward
    return None if total <= 1.0 + 1e-9 else f"a trajectory can earn {total:g}"


def _prepared(instance: Any, params: Any, horizon: int) -> str | None:
    k = params.n_episodes
    return None if k >= horizon else f"it was prepared for {k} episodes and is run for {horizon}"


TOTAL_REWARD_ONE = Hypothesis("sum_h r_h <= 1 on every trajectory, for every r in R", _total)
PREPARED = Hypothesis("the radius is that of K episodes or more", _prepared)
THEORY_RADIUS = setting("c_beta", 1.0)
CAPPED = setting("value_cap", 1.0)

_SOURCE = "Zhang, Zhang and Gu 2023, Optimal horizon-free reward-free exploration for linear mixture MDPs"

THEOREMS = (
    Theorem(
        id="hf-rfe/suboptimality",
        source=f"{_SOURCE}, upper bound",
        statement="w.p. 1-delta, for all r in R: V*_1(s_1; r) - V_1(s_1; pi_r) <= (4/K)[896 max{64 beta^2 d iota, "
        "2 zeta} + ...] + (4/sqrt K)[64 max{8 beta sqrt(d iota), sqrt(2 zeta)} + 120 beta sqrt(d iota H alpha^2)]",
        kind="high-probability",
        constants="explicit",
        hypotheses=(TOTAL_REWARD_ONE, CONFIDENCE, PREPARED, THEORY_RADIUS, CAPPED, at_least(1)),
        bound=suboptimality,
        remarks="of the suboptimality of the planned policies, not of regret; the level is delta because each part is "
        "fed delta/(4M)",
    ),
    Theorem(
        id="hf-rfe/order",
        source=f"{_SOURCE}, upper bound without logarithms",
        statement="suboptimality = O~(d/sqrt(K) + d^2/K), with no power of H",
        kind="high-probability",
        constants="order",
        hypotheses=(TOTAL_REWARD_ONE, CONFIDENCE, PREPARED, at_least(1)),
        bound=order,
    ),
    Theorem(
        id="hf-rfe/lower",
        source=f"{_SOURCE}, lower bound",
        statement="for K >= 3 d^2 some instance makes any algorithm's expected regret at least d sqrt(K)/(16 sqrt 3), "
        "so its average suboptimality at least d/(16 sqrt(3 K))",
        kind="lower bound",
        constants="explicit",
        hypotheses=(at_least(1),),
        bound=lower,
        remarks="over the signs of mu in the three-state instance with the gap Delta = sqrt(delta/K)/(4 sqrt 2) of "
        "that very K; the first state's value scales with (H - 1)/H there",
    ),
)  # fmt: skip
