"""Complexity measures: best-arm characteristic times and elliptic potentials."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.optimize import brentq

from theory.errors import InvalidInput

Float = npt.NDArray[np.float64]


class CharacteristicTime(NamedTuple):
    """T* and the optimal proportions w* of best-arm identification.

    Attributes:
        time: T*(mu) >= 0; E tau >= T* kl(delta, 1 - delta).
        weights: w*(mu), shape (n_arms,), sums to one.
    """

    time: float
    weights: Float


def characteristic_time(
    means: npt.ArrayLike, divergence: Callable[[npt.ArrayLike, npt.ArrayLike], npt.ArrayLike]
) -> CharacteristicTime:
    """Characteristic time 1/T* = sup_w inf_alt sum_i w_i d(mu_i, lambda_i) (Garivier and Kaufmann 2016, Theorem 5).

    For the best arm 1 and a != 1 let m_a(x) = (mu_1 + x mu_a)/(1 + x), g_a(x) = d(mu_1, m_a) + x d(mu_a, m_a) and x_a
    the inverse of g_a. Then y* solves F(y) = sum_a d(mu_1, m_a(x_a(y))) / d(mu_a, m_a(x_a(y))) = 1 on
    [0, min_a d(mu_1, mu_a)), w is proportional to (1, x_2(y*), ...) and T* = (1 + sum_a x_a(y*)) / y*.

    Args:
        means: shape (n_arms,), n_arms >= 2, with a unique largest entry.
        divergence: d of a single-parameter exponential family, e.g. :func:`theory.divergences.bernoulli_kl`.

    Raises:
        InvalidInput: for fewer than two arms or a best arm that is not unique.
    """
    mu = np.asarray(means, dtype=np.float64)
    if mu.ndim != 1 or mu.size < 2:
        raise InvalidInput(f"means must be a vector of at least two arms, got shape {mu.shape}")
    best = int(mu.argmax())
    if np.count_nonzero(mu == mu[best]) > 1:
        arms = np.flatnonzero(mu == mu[best]).tolist()
        raise InvalidInput(f"the characteristic time needs a unique best arm, arms {arms} all have mean {mu[best]!r}")
    others = np.delete(mu, best)

    def parts(arm: float, x: float) -> tuple[float, float]:
        middle = (mu[best] + x * arm) / (1.0 + x)
        return float(divergence(mu[best], middle)), float(divergence(arm, middle))  # type: ignore[arg-type]

    def inverse(arm: float, y: float) -> float:
        """x with g_a(x) = y, for 0 <= y < d(mu_1, mu_a) = sup g_a."""

        def excess(x: float) -> float:
            first, second = parts(arm, x)
            return first + x * second - y

        high = 1.0
        while excess(high) < 0.0:
            high *= 2.0
        return float(brentq(excess, 0.0, high, xtol=1e-15 * high, rtol=4 * np.finfo(float).eps, maxiter=500))

    def balance(y: float) -> float:
        total = -1.0
        for arm in others:
            first, second = parts(arm, inverse(arm, y))
            total += first / second
        return total

    top = min(float(divergence(mu[best], arm)) for arm in others)  # type: ignore[arg-type]
    # F climbs from 0 to infinity on [0, top); close in on the end until F exceeds one there.
    share = 0.5
    while balance(top * (1.0 - share)) < 0.0:
        share *= 0.5
    y = float(brentq(balance, 0.0, top * (1.0 - share), xtol=1e-15 * top, rtol=4 * np.finfo(float).eps, maxiter=500))
    x = np.array([inverse(arm, y) for arm in others])
    weights = np.insert(x, best, 1.0)
    return CharacteristicTime(float(weights.sum() / y), weights / weights.sum())


def gaussian_equal_gaps(n_arms: int, gap: float) -> CharacteristicTime:
    """Closed form for N(., 1) with n_arms - 1 arms at distance ``gap``: T* = (2/gap^2)(1 + sqrt(K-1))^2."""
    root = np.sqrt(n_arms - 1.0)
    weights = np.full(n_arms, (1.0 - 1.0 / (1.0 + root)) / (n_arms - 1.0))
    weights[0] = 1.0 / (1.0 + root)
    return CharacteristicTime(float(2.0 / gap**2 * (1.0 + root) ** 2), weights)


def _sorted_gaps(means: npt.ArrayLike) -> Float:
    mu = np.sort(np.asarray(means, dtype=np.float64))[::-1]
    if mu.ndim != 1 or mu.size < 2 or mu[0] == mu[1]:
        raise InvalidInput(f"hardness needs at least two arms and a unique best one, got means {mu.tolist()}")
    return mu[0] - mu


def hardness_h1(means: npt.ArrayLike, epsilon: float = 0.0) -> float:
    """H_1 = sum_i 1 / max(D_i, epsilon)^2 with D_1 := the smallest gap (Kalyanakrishnan et al. 2012, H_{eps/2})."""
    gaps = _sorted_gaps(means)
    gaps[0] = gaps[1]
    return float(np.sum(1.0 / np.maximum(gaps, epsilon) ** 2))


def hardness_h2(means: npt.ArrayLike) -> float:
    """H_2 = max_{i > 1} i / D_(i)^2, gaps in increasing order (Karnin et al. 2013)."""
    gaps = _sorted_gaps(means)
    return float(np.max(np.arange(2, gaps.size + 1) / gaps[1:] ** 2))


def elliptic_potential(
    rounds: npt.ArrayLike, dimension: int, *, regularization: float = 1.0, feature_bound: float = 1.0
) -> Float:
    """2 d log(1 + T L^2/(d lam)) >= 2 log(det V_T / det V_0) >= sum_t min(1, |x_t|^2 in V_{t-1}^{-1}).

    Source: Abbasi-Yadkori, Pal and Szepesvari 2011, Lemma 11.
    """
    t = np.asarray(rounds, dtype=np.float64)
    return np.asarray(2.0 * dimension * np.log1p(t * feature_bound**2 / (dimension * regularization)))


def rounds_of_large_width(
    width: npt.ArrayLike, dimension: int, *, regularization: float = 1.0, feature_bound: float = 1.0
) -> Float:
    """Rounds with |x_t| >= u in the norm of V_t^{-1}: at most (3d/log(1+u^2)) log(1 + L^2/(lam log(1+u^2))).

    Source: Lattimore and Szepesvari 2020, Exercise 19.3.
    """
    logs = np.log1p(np.asarray(width, dtype=np.float64) ** 2)
    return np.asarray(3.0 * dimension / logs * np.log1p(feature_bound**2 / (regularization * logs)))


def rare_switches(
    rounds: npt.ArrayLike, dimension: int, growth: float, *, regularization: float = 1.0, feature_bound: float = 1.0
) -> Float:
    """Recomputations of a rule that waits for det V to grow by 1 + C: at most d log(1 + TL^2/(d lam))/log(1 + C).

    Source: Abbasi-Yadkori, Pal and Szepesvari 2011, Section 5.1.
    """
    potential = elliptic_potential(rounds, dimension, regularization=regularization, feature_bound=feature_bound)
    return np.asarray(0.5 * potential / np.log1p(growth))


def count_potential(episodes: npt.ArrayLike, n_states: int, n_actions: int, horizon: int) -> tuple[Float, Float]:
    """Pigeonhole bounds on sum_k sum_h 1/sqrt(max(1, N)) and sum_k sum_h 1/max(1, N), counts pooled over stages.

    N is frozen within an episode: 2 sqrt(SAKH) + HSA and SA(1 + log T) + HSA with T = KH.
    """
    steps = np.asarray(episodes, dtype=np.float64) * horizon
    pairs = n_states * n_actions
    return (
        np.asarray(2.0 * np.sqrt(pairs * steps) + horizon * pairs),
        np.asarray(pairs * (1.0 + np.log(steps)) + horizon * pairs),
    )
