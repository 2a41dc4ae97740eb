"""Lower bounds: no algorithm does better. Asymptotic constants, minimax engines, two-point and Bayes certificates."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import cache
from math import comb, factorial

import numpy as np
import numpy.typing as npt
from scipy.optimize import brentq, minimize_scalar
from scipy.stats import binom

from theory.divergences import bernoulli_kl, kl_to_larger_mean
from theory.errors import InvalidInput

Float = npt.NDArray[np.float64]


# --- stochastic bandits ------------------------------------------------------------------------------------------


def lai_robbins(means: npt.ArrayLike, divergence: Callable[[npt.ArrayLike, npt.ArrayLike], npt.ArrayLike]) -> float:
    """sum_{D_i > 0} D_i / d(mu_i, mu*): liminf R_T / log T of every consistent policy is at least this.

    Args:
        means: shape (n_arms,). divergence: of the family the arms are known to belong to.

    Source: Lai and Robbins 1985; Burnetas and Katehakis 1996.
    """
    mu = np.asarray(means, dtype=np.float64)
    worse = mu[mu < mu.max()]
    return float(np.sum((mu.max() - worse) / np.asarray(divergence(worse, mu.max()))))


def lai_robbins_of_sets(means: npt.ArrayLike, size: int) -> float:
    """liminf R_T / log T where an action is any set of ``size`` Bernoulli items, each of which shows its reward.

    sum over the items i below the size-th best m of (mu_m - mu_i) / d(mu_i, mu_m).

    Args:
        means: shape (n_items,), in [0, 1].

    Source: Anantharam, Varaiya and Walrand 1987, Theorem 3.1.
    """
    mu = np.sort(np.asarray(means, dtype=np.float64))[::-1]
    last = mu[size - 1]
    worse = mu[mu < last]
    return float(np.sum((last - worse) / bernoulli_kl(worse, last)))


def lai_robbins_of_paths(means: npt.ArrayLike) -> float:
    """liminf R_T / log T where an action is one of some disjoint paths of Bernoulli items, which show their rewards.

    sum over the worse paths p of D_p / min{sum_j d(mu_pj, x_j) : sum_j x_j >= value of the best path}: a path has to be
    played until no means that would make it the best are plausible. A path that could not be the best costs nothing.

    Args:
        means: shape (n_paths, length), in [0, 1].

    Source: Combes, Talebi, Proutiere and Lelarge 2015, Theorem 1, whose program has this solution for disjoint actions.
    """
    paths = np.asarray(means, dtype=np.float64)
    values = paths.sum(axis=1)
    best = float(values.max())
    worse = paths[(values < best) & (best < paths.shape[1])]
    return float(sum((best - path.sum()) / bernoulli_kl(path, _raised(path, best)).sum() for path in worse))


def _raised(means: Float, total: float) -> Float:
    """argmin sum_j d(mu_j, x_j) with sum_j x_j = total, for sum_j mu_j < total < length.

    (x - mu)/(x (1 - x)) is the same number r for all items, the multiplier: x solves r x^2 + (1 - r) x - mu = 0.
    """

    def at(r: float) -> Float:
        root = np.sqrt((1.0 - r) ** 2 + 4.0 * r * means)
        return (r - 1.0 + root) / (2.0 * r) if r > 1.0 else 2.0 * means / (1.0 - r + root)

    largest = 2.0
    while at(largest).sum() < total:
        largest *= 2.0
    return np.asarray(at(brentq(lambda r: float(at(r).sum()) - total, 0.0, largest, xtol=1e-14)))


def finite_time_gaussian(
    gaps: npt.ArrayLike, horizons: npt.ArrayLike, *, epsilon: float, constant: float, power: float
) -> Float:
    """(2/(1+e)^2) sum_{D_i > 0} ( ((1-p) log T + log(e D_i/(8C))) / D_i )^+ for N(., 1) arms.

    Holds for a policy with R_T(nu') <= C T^p on all nu' with means in [mu_i, mu_i + 2 D_i], any e in (0, 1].

    Source: Lattimore and Szepesvari 2020, Theorem 16.4.
    """
    if not 0.0 < epsilon <= 1.0:
        raise InvalidInput(f"epsilon must lie in (0, 1], got {epsilon!r}")
    d = np.asarray(gaps, dtype=np.float64)
    d = d[d > 0.0]
    log_t = np.log(np.asarray(horizons, dtype=np.float64))[..., None]
    terms = ((1.0 - power) * log_t + np.log(epsilon * d / (8.0 * constant))) / d
    return np.asarray(2.0 / (1.0 + epsilon) ** 2 * np.maximum(terms, 0.0).sum(axis=-1))


def _at_least(horizons: npt.ArrayLike, least: float, what: str) -> Float:
    t = np.asarray(horizons, dtype=np.float64)
    if not (t >= least).all():
        raise InvalidInput(f"{what} holds for horizons of at least {least:g}, got {float(t.min()):g}")
    return t


def minimax_gaussian(n_arms: int, horizons: npt.ArrayLike) -> Float:
    """sqrt((K-1) T) / 27 for N(., 1) arms and T >= K - 1 (Lattimore and Szepesvari 2020, Theorem 15.2)."""
    t = _at_least(horizons, n_arms - 1, "the Gaussian minimax bound")
    return np.asarray(np.sqrt((n_arms - 1.0) * t) / 27.0)


def minimax_bernoulli(n_arms: int, horizons: npt.ArrayLike) -> Float:
    """sqrt(KT) / 20 for Bernoulli arms and T >= K (Bubeck and Cesa-Bianchi 2012, Theorem 3.5; false for T << K)."""
    t = _at_least(horizons, n_arms, "the Bernoulli minimax bound")
    return np.asarray(np.sqrt(n_arms * t) / 20.0)


def minimax_engine(n_arms: int, horizon: float, epsilon: npt.ArrayLike) -> Float:
    """T e (1 - 1/K - sqrt(e log((1+e)/(1-e))) sqrt(T/(2K))), for any e in [0, 1).

    Some instance of 'all arms Ber((1-e)/2) except one Ber((1+e)/2)' costs every policy at least this regret.

    Source: Bubeck and Cesa-Bianchi 2012, Lemma 3.2.
    """
    e = np.asarray(epsilon, dtype=np.float64)
    if not ((e >= 0.0) & (e < 1.0)).all():
        raise InvalidInput(f"epsilon must lie in [0, 1), got {e.tolist()}")
    spread = np.sqrt(e * (np.log1p(e) - np.log1p(-e))) * np.sqrt(horizon / (2.0 * n_arms))
    return np.asarray(horizon * e * (1.0 - 1.0 / n_arms - spread))


def minimax_engine_best(n_arms: int, horizon: float) -> tuple[float, float]:
    """(bound, epsilon): :func:`minimax_engine` at its best epsilon. About (1 - 1/K)^2 sqrt(KT)/4 for T >> K.

    Any epsilon gives a valid bound; the search only decides how good it is.
    """
    found = minimize_scalar(
        lambda e: -float(minimax_engine(n_arms, horizon, e)),
        bounds=(0.0, min(1.0 - 1e-12, 2.0 * np.sqrt(n_arms / horizon))),
        method="bounded",
        options={"xatol": 1e-12},
    )
    return max(0.0, -float(found.fun)), float(found.x)


def two_point(expected_pulls: float, divergence: float, gap: float, horizon: float) -> float:
    """(T D/4) exp(-E_nu N_j KL_j): at most R(nu) + R(nu') for ANY policy whose E_nu N_j was measured.

    nu' differs from nu in arm j only, KL_j = KL(nu_j || nu'_j), and D is such that a policy that plays the best arm
    of nu at most T/2 times loses at least T D/2 on nu, and one that plays it more often as much on nu'.

    Source: Bretagnolle-Huber inequality and divergence decomposition; Lattimore and Szepesvari 2020, Theorems 14.2
    and 15.1.
    """
    return float(0.25 * horizon * gap * np.exp(-expected_pulls * divergence))


def bayes_floor(horizon: int, prior: tuple[int, int] = (1, 1)) -> tuple[Fraction, Fraction]:
    """(regret, value): least Bayes regret and largest Bayes reward over ALL policies, two Bernoulli arms, exactly.

    Args:
        horizon: T >= 0. Cost O(T^4) rational operations.
        prior: integers (a, b) >= 1 of the independent Beta(a, b) priors of both arms.

    Returns:
        rationals (T E max(mu_1, mu_2) - V*(T), V*(T)).
    """
    a, b = prior
    if horizon < 0 or a < 1 or b < 1:
        raise InvalidInput(f"need a horizon >= 0 and integer prior parameters >= 1, got {horizon} and {prior}")

    @cache
    def value(left: int, s1: int, f1: int, s2: int, f2: int) -> Fraction:
        if left == 0:
            return Fraction(0)
        if (s1, f1) > (s2, f2):  # the arms are exchangeable
            return value(left, s2, f2, s1, f1)
        p1, p2 = Fraction(a + s1, a + b + s1 + f1), Fraction(a + s2, a + b + s2 + f2)
        first = p1 * (1 + value(left - 1, s1 + 1, f1, s2, f2)) + (1 - p1) * value(left - 1, s1, f1 + 1, s2, f2)
        second = p2 * (1 + value(left - 1, s1, f1, s2 + 1, f2)) + (1 - p2) * value(left - 1, s1, f1, s2, f2 + 1)
        return max(first, second)

    reward = value(horizon, 0, 0, 0, 0)
    return horizon * _expected_maximum(a, b) - reward, reward


def _expected_maximum(a: int, b: int) -> Fraction:
    """E max of two independent Beta(a, b) variables: 1 - int F(x)^2 dx, F a polynomial with rational coefficients."""
    # density x^(a-1) (1-x)^(b-1) / B(a, b), expanded; F integrates it term by term.
    n = a + b - 1
    inverse_beta = Fraction(factorial(n), factorial(a - 1) * factorial(b - 1))
    cdf = [Fraction(0)] * (n + 1)
    for j in range(b):
        cdf[a + j] = inverse_beta * comb(b - 1, j) * (-1) ** j / (a + j)
    total = Fraction(0)
    for i, u in enumerate(cdf):
        for j, v in enumerate(cdf):
            total += u * v / (i + j + 1)
    return 1 - total


# --- experts -----------------------------------------------------------------------------------------------------


def experts_coin_flips(n_arms: int, horizon: int) -> float:
    """T/2 - E min of K independent Binomial(T, 1/2): the exact regret of EVERY algorithm when losses are fair coins.

    It is sqrt(T log K / 2) (1 - o(1)) for K, T to infinity, so the constant of Hedge is optimal
    (Cesa-Bianchi and Lugosi 2006, Theorem 3.7).
    """
    if n_arms < 1 or horizon < 1:
        raise InvalidInput(f"need at least one arm and one round, got {n_arms} and {horizon}")
    # E min = sum_{x >= 0} P(min > x) = sum_x P(B > x)^K.
    tail = binom.sf(np.arange(horizon), horizon, 0.5)
    return float(horizon / 2.0 - np.sum(tail**n_arms))


# --- linear bandits ----------------------------------------------------------------------------------------------


def linear_hypercube(dimension: int, horizons: npt.ArrayLike) -> Float:
    """(e^{-2}/8) d sqrt T: actions [-1, 1]^d, theta in {-1/sqrt T, 1/sqrt T}^d (Lattimore-Szepesvari, Thm 24.1)."""
    return np.asarray(np.exp(-2.0) / 8.0 * dimension * np.sqrt(np.asarray(horizons, dtype=np.float64)))


def linear_ball(dimension: int, horizons: npt.ArrayLike) -> Float:
    """d sqrt T / (16 sqrt 3): actions the unit ball, d <= 2T (Lattimore and Szepesvari 2020, Theorem 24.2)."""
    t = _at_least(horizons, 0.5 * dimension, "the unit-ball lower bound")
    return np.asarray(dimension * np.sqrt(t) / (16.0 * np.sqrt(3.0)))


def linear_book(dimension: int, horizons: npt.ArrayLike) -> Float:
    """d sqrt T / 2500 for T >= max(256, d^2/16) (Agarwal, Jiang, Kakade and Sun, RL theory book, Theorem 6.4)."""
    t = _at_least(horizons, max(256.0, dimension**2 / 16.0), "the lower bound d sqrt(T)/2500")
    return np.asarray(dimension * np.sqrt(t) / 2500.0)


def end_of_optimism(epsilon: npt.ArrayLike) -> Float:
    """min(8, 2/e): liminf R_T / log T of consistent policies; actions (1,0), (0,1), (1-e,2e), theta = (1,0), N(0,1).

    c(theta) = min sum_x a(x) gap_x over allocations with |x|^2 in H(a)^{-1} <= gap_x^2/2, H = sum a x x'. The best
    action is free, which leaves the second coordinate: a_2 + 4 e^2 a_3 >= 8 at the costs 1 and e. Optimism hardly plays
    (0,1) and pays about 2/e.

    Source: Lattimore and Szepesvari 2017, The end of optimism?, Theorem 1 and Section 8.
    """
    e = np.asarray(epsilon, dtype=np.float64)
    if not ((e > 0.0) & (e < 0.5)).all():
        raise InvalidInput(f"epsilon must lie in (0, 1/2), got {e.tolist()}")
    return np.asarray(np.minimum(8.0, 2.0 / e))


# --- tabular MDPs ------------------------------------------------------------------------------------------------


def episodic(n_states: int, n_actions: int, horizon: int, episodes: npt.ArrayLike) -> Float:
    """(1/(48 sqrt 6)) sqrt(H^3 S A K), stage-dependent transitions, K >= H S A (Domingues et al. 2021, Theorem 9).

    The hard family has horizon H >= 3d for a tree of depth d with about S leaves.
    """
    k = _at_least(episodes, horizon * n_states * n_actions, "the episodic lower bound")
    return np.asarray(np.sqrt(float(horizon) ** 3 * n_states * n_actions * k) / (48.0 * np.sqrt(6.0)))


def average_reward(n_states: int, n_actions: int, diameter: float, horizons: npt.ArrayLike) -> Float:
    """.015 sqrt(D S A T) for S, A >= 10, D >= 20 log_A S and T >= D S A (Jaksch, Ortner and Auer 2010, Theorem 5)."""
    if n_states < 10 or n_actions < 10:
        raise InvalidInput(f"the bound holds for S, A >= 10, got S = {n_states}, A = {n_actions}")
    if diameter < 20.0 * np.log(n_states) / np.log(n_actions):
        raise InvalidInput(f"the bound holds for D >= 20 log_A S, got D = {diameter!r}")
    t = _at_least(horizons, diameter * n_states * n_actions, "the average-reward lower bound")
    return np.asarray(0.015 * np.sqrt(diameter * n_states * n_actions * t))


def best_policy(n_states: int, n_actions: int, horizon: int, epsilon: float, delta: float) -> float:
    """(1/3456) (H^3 S A/eps^2) log(1/delta) expected episodes to find an eps-optimal policy w.p. 1 - delta.

    Source: Domingues et al. 2021 (best-policy identification, stage-dependent transitions, small eps and delta).
    """
    return float(horizon**3 * n_states * n_actions / epsilon**2 * np.log(1.0 / delta) / 3456.0)


def burnetas_katehakis(
    transitions: npt.ArrayLike, rewards: npt.ArrayLike, bias: npt.ArrayLike, *, tolerance: float = 1e-9
) -> float:
    """Gap-dependent constant of an ergodic average-reward MDP with known rewards: liminf R_T / log T >= this.

    sum over suboptimal pairs of gap(s,a) / K(s,a), gap = max_b [r + P h](s,b) - [r + P h](s,a) and K the least
    KL(P(.|s,a) || q) over q with r(s,a) + q h > max_b [r + P h](s,b). Pairs that no q could make optimal contribute
    nothing.

    Args:
        transitions: P, shape (S, A, S). rewards: r, shape (S, A). bias: optimal bias h, shape (S,).
        tolerance: gaps up to this are taken as zero.

    Source: Burnetas and Katehakis 1997, Theorem 1; Ok, Proutiere and Tranos 2018, Theorem 1.
    """
    p, r, h = (np.asarray(x, dtype=np.float64) for x in (transitions, rewards, bias))
    if p.ndim != 3 or p.shape[0] != p.shape[2] or r.shape != p.shape[:2] or h.shape != p.shape[:1]:
        raise InvalidInput(
            f"need transitions (S, A, S), rewards (S, A), bias (S,), got {p.shape}, {r.shape} and {h.shape}"
        )
    backup = r + p @ h
    total = 0.0
    for s, a in np.argwhere(backup < backup.max(axis=1, keepdims=True) - tolerance):
        needed = float(backup[s].max() - r[s, a])
        if needed < h.max():
            total += float(backup[s].max() - backup[s, a]) / kl_to_larger_mean(h, p[s, a], needed, float(h.max()))
    return total


def inverse_gap_sum(gaps: npt.ArrayLike, *, tolerance: float = 1e-9) -> float:
    """sum of 1/gap over the pairs (or triples) with a positive gap: the order of log T terms of episodic MDPs.

    A measure, not a bound: its constant depends on H and on the class (Simchowitz and Jamieson 2019).
    """
    g = np.asarray(gaps, dtype=np.float64)
    return float(np.sum(1.0 / g[g > tolerance]))
