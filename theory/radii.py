"""Confidence radii and exploration bonuses as plain, vectorised functions of counts.

Every function returns a half-width (or a squared one, where it is called ``beta``) and names the events it covers.
``n`` are counts >= 1; ``delta`` is the failure probability in (0, 1).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from theory.divergences import bernoulli_kl_lower, bernoulli_kl_upper
from theory.errors import InvalidInput

Float = npt.NDArray[np.float64]


def _delta(delta: float) -> float:
    if not 0.0 < delta < 1.0:
        raise InvalidInput(f"delta must lie in (0, 1), got {delta!r}")
    return float(delta)


def _counts(n: npt.ArrayLike) -> Float:
    array = np.asarray(n, dtype=np.float64)
    if not (array >= 1.0).all():
        raise InvalidInput(f"a radius needs counts >= 1, got {float(array.min())!r}")
    return array


# --- means of bounded or subgaussian rewards ---------------------------------------------------------------------


def subgaussian(n: npt.ArrayLike, delta: float, sigma: float = 1.0) -> Float:
    """sigma sqrt(2 log(1/delta) / n): one side, fixed n, sigma-subgaussian rewards."""
    return np.asarray(sigma * np.sqrt(2.0 * np.log(1.0 / _delta(delta)) / _counts(n)))


def hoeffding(n: npt.ArrayLike, delta: float, width: float = 1.0) -> Float:
    """width sqrt(log(1/delta) / (2n)): one side, fixed n, rewards in an interval of length ``width``."""
    return subgaussian(n, delta, 0.5 * width)


def bernstein(n: npt.ArrayLike, variance: npt.ArrayLike, delta: float, bound: float = 1.0) -> Float:
    """sqrt(2 v log(1/delta) / n) + b log(1/delta) / (3n): one side, |X - mean| <= b, true variance v."""
    n, x = _counts(n), np.log(1.0 / _delta(delta))
    return np.asarray(np.sqrt(2.0 * np.asarray(variance) * x / n) + bound * x / (3.0 * n))


def maurer_pontil(n: npt.ArrayLike, variance: npt.ArrayLike, delta: float, width: float = 1.0) -> Float:
    """sqrt(2 V log(2/delta) / n) + 7 width log(2/delta) / (3(n-1)): one side, fixed n >= 2, V the unbiased variance.

    Source: Maurer and Pontil 2009, Theorem 4.
    """
    n = _counts(n)
    if not (n >= 2.0).all():
        raise InvalidInput(f"an empirical variance needs n >= 2, got {float(n.min())!r}")
    x = np.log(2.0 / _delta(delta))
    return np.asarray(np.sqrt(2.0 * np.asarray(variance) * x / n) + 7.0 * width * x / (3.0 * (n - 1.0)))


def empirical_bernstein(n: npt.ArrayLike, variance: npt.ArrayLike, x: npt.ArrayLike, width: float = 1.0) -> Float:
    """sqrt(2 V x / n) + 3 width x / n: two sides with probability 1 - 3 exp(-x), V the biased (1/n) variance.

    Source: Audibert, Munos and Szepesvari 2009, Theorem 1 (fixed n).
    """
    n, x = _counts(n), np.asarray(x, dtype=np.float64)
    return np.asarray(np.sqrt(2.0 * np.asarray(variance) * x / n) + 3.0 * width * x / n)


def bernoulli_level(n: npt.ArrayLike, delta: float) -> Float:
    """log(2 sqrt n / delta) / n: the level that d(mean_n, p) exceeds at SOME n >= 1 with probability at most delta.

    Ville's inequality for the Krichevsky-Trofimov mixture, whose weight of any 0/1 sequence is at least its maximum
    likelihood over 2 sqrt n (Garivier and Kaufmann 2016, proof of Theorem 10).
    """
    n = _counts(n)
    return np.asarray(np.log(2.0 * np.sqrt(n) / _delta(delta)) / n)


def bernoulli_time_uniform(mean: npt.ArrayLike, n: npt.ArrayLike, delta: float) -> tuple[Float, Float]:
    """Confidence interval {p : d(mean, p) <= log(2 sqrt n / delta) / n}, valid for all n at once (both ends)."""
    level = bernoulli_level(n, delta)
    return bernoulli_kl_lower(mean, level), bernoulli_kl_upper(mean, level)


# --- linear bandits ----------------------------------------------------------------------------------------------


def ellipsoid(
    log_det_ratio: npt.ArrayLike, delta: float, *, noise: float, regularization: float, parameter_bound: float
) -> Float:
    """sqrt(beta) = R sqrt(2 log(1/delta) + log(det V_t / det V_0)) + sqrt(lam) S, for all t at once.

    Source: Abbasi-Yadkori, Pal and Szepesvari 2011, Theorem 2 (determinant form).
    """
    x = 2.0 * np.log(1.0 / _delta(delta)) + np.asarray(log_det_ratio, dtype=np.float64)
    return np.asarray(noise * np.sqrt(x) + np.sqrt(regularization) * parameter_bound)


def ellipsoid_trace(
    rounds: npt.ArrayLike,
    dimension: int,
    delta: float,
    *,
    noise: float,
    regularization: float,
    parameter_bound: float,
    feature_bound: float,
) -> Float:
    """The determinant form after det V_t <= (lam + t L^2/d)^d: log ratio at most d log(1 + t L^2/(lam d))."""
    t = np.asarray(rounds, dtype=np.float64)
    return ellipsoid(
        dimension * np.log1p(t * feature_bound**2 / (regularization * dimension)),
        delta,
        noise=noise,
        regularization=regularization,
        parameter_bound=parameter_bound,
    )


def ellipsoid_dimension(
    rounds: npt.ArrayLike,
    dimension: int,
    delta: float,
    *,
    noise: float,
    regularization: float,
    parameter_bound: float,
    feature_bound: float,
) -> Float:
    """R sqrt(d log((1 + t L^2/lam)/delta)) + sqrt(lam) S.

    Source: Abbasi-Yadkori, Pal and Szepesvari 2011, Theorem 2, second form. It follows from the determinant form
    for d >= 2 only.

    Raises:
        InvalidInput: for d < 2.
    """
    if dimension < 2:
        raise InvalidInput(f"the d-log form of the ellipsoid radius holds for dimension >= 2, got {dimension}")
    t = np.asarray(rounds, dtype=np.float64)
    x = dimension * np.log((1.0 + t * feature_bound**2 / regularization) / _delta(delta))
    return np.asarray(noise * np.sqrt(x) + np.sqrt(regularization) * parameter_bound)


# --- tabular MDPs ------------------------------------------------------------------------------------------------


def ucbvi_log(n_states: int, n_actions: int, steps: npt.ArrayLike, delta: float) -> Float:
    """L = log(5 S A T / delta) of UCBVI's bonuses, T = K H steps (Azar, Osband and Munos 2017, Algorithm 3)."""
    return np.asarray(np.log(5.0 * n_states * n_actions * np.asarray(steps, dtype=np.float64) / _delta(delta)))


def ucbvi_ch(n: npt.ArrayLike, horizon: int, log_factor: npt.ArrayLike) -> Float:
    """7 H L / sqrt N (Azar, Osband and Munos 2017, Algorithm 3)."""
    return np.asarray(7.0 * horizon * np.asarray(log_factor) / np.sqrt(_counts(n)))


def ucbvi_bf(
    n: npt.ArrayLike, variance: npt.ArrayLike, correction: npt.ArrayLike, horizon: int, log_factor: npt.ArrayLike
) -> Float:
    """sqrt(8 L Var / N) + 14 H L / (3N) + sqrt(8 correction / N) (Azar, Osband and Munos 2017, Algorithm 4).

    Args:
        n: visits of (s, a), any shape.
        variance: Var_{Ph}(V_{h+1}) at (s, a), same shape.
        correction: :func:`ucbvi_bf_correction` at (s, a), same shape.
        horizon: H. log_factor: L = log(5SAT/delta).
    """
    n, big_l = _counts(n), np.asarray(log_factor, dtype=np.float64)
    return np.asarray(
        np.sqrt(8.0 * big_l * np.asarray(variance) / n)
        + 14.0 * horizon * big_l / (3.0 * n)
        + np.sqrt(8.0 * np.asarray(correction) / n)
    )


def ucbvi_bf_correction(
    transitions: npt.ArrayLike,
    next_visits: npt.ArrayLike,
    horizon: int,
    n_actions: int,
    log_factor: float,
) -> Float:
    """sum_y Ph(y) min{100^2 H^2 S^2 A L^2 / N'_{h+1}(y), H^2} (Azar, Osband and Munos 2017, Algorithm 4).

    Args:
        transitions: Ph, shape (..., S). next_visits: N'_{h+1}, earlier visits of y at the next stage, shape (S,);
            an unvisited state contributes H^2.

    Returns:
        shape (...).
    """
    p, visits = np.asarray(transitions, dtype=np.float64), np.asarray(next_visits, dtype=np.float64)
    big = 1e4 * horizon**2 * visits.size**2 * n_actions * log_factor**2
    per_state = np.minimum(big / np.maximum(visits, 1.0), float(horizon**2))
    return np.asarray(p @ np.where(visits > 0.0, per_state, float(horizon**2)))


def ucbvi_value_deviation(n: npt.ArrayLike, variance: npt.ArrayLike, horizon: int, log_factor: npt.ArrayLike) -> Float:
    """c_1(v, n) = 2 sqrt(v L / n) + 14 H L / (3n): half-width of (Ph - P) V* on UCBVI's good event.

    ``variance`` is the true or the empirical one of V* (Azar, Osband and Munos 2017, Appendix B).
    """
    n, big_l = _counts(n), np.asarray(log_factor, dtype=np.float64)
    return np.asarray(2.0 * np.sqrt(np.asarray(variance) * big_l / n) + 14.0 * horizon * big_l / (3.0 * n))


def ucbvi_entry_deviation(n: npt.ArrayLike, probability: npt.ArrayLike, log_factor: npt.ArrayLike) -> Float:
    """c_2(p, n) = 2 sqrt(p(1-p) L / n) + 2L / (3n): half-width of one entry Ph(y) - p on UCBVI's good event."""
    n, p, big_l = _counts(n), np.asarray(probability, dtype=np.float64), np.asarray(log_factor, dtype=np.float64)
    return np.asarray(2.0 * np.sqrt(p * (1.0 - p) * big_l / n) + 2.0 * big_l / (3.0 * n))


def ucbvi_l1_deviation(n: npt.ArrayLike, n_states: int, log_factor: npt.ArrayLike) -> Float:
    """c_3(n) = 2 sqrt(S L / n): half-width of |Ph - P|_1 on UCBVI's good event."""
    return np.asarray(2.0 * np.sqrt(n_states * np.asarray(log_factor) / _counts(n)))


def ucbvi_stage_dependent(
    n: npt.ArrayLike, n_states: int, n_actions: int, horizon: int, n_episodes: int, delta: float
) -> Float:
    """2 H sqrt(log(S A H K / delta) / N): bonus for stage-dependent transitions.

    Source: Agarwal, Jiang, Kakade and Sun, RL theory book, chapter 7.
    """
    x = np.log(n_states * n_actions * horizon * n_episodes / _delta(delta))
    return np.asarray(2.0 * horizon * np.sqrt(x / _counts(n)))


def q_learning_hoeffding(
    n: npt.ArrayLike, n_states: int, n_actions: int, horizon: int, steps: int, delta: float, scale: float = 1.0
) -> Float:
    """c sqrt(H^3 i / t) with i = log(2 S A T / p), T = K H.

    Jin, Allen-Zhu, Bubeck and Jordan 2018, Theorem 1, leave c unspecified; with this i (a factor 2 inside their
    logarithm) c = 1 suffices for optimism by Azuma-Hoeffding with range H and sum_i (a_t^i)^2 <= 2H/t.
    """
    iota = np.log(2.0 * n_states * n_actions * steps / _delta(delta))
    return np.asarray(scale * np.sqrt(horizon**3 * iota / _counts(n)))


def rf_ucrl_beta(n: npt.ArrayLike, n_states: int, n_actions: int, horizon: int, delta: float) -> Float:
    """beta(n, delta) = log(2SAH/delta) + (S-1) log(e(1 + n/(S-1))) (Kaufmann et al. 2021)."""
    n, s = np.asarray(n, dtype=np.float64), n_states - 1
    spread = s * (1.0 + np.log1p(n / s)) if s else 0.0
    return np.asarray(np.log(2.0 * n_states * n_actions * horizon / _delta(delta)) + spread + 0.0 * n)


def rf_express_beta(n: npt.ArrayLike, n_states: int, n_actions: int, horizon: int, delta: float) -> Float:
    """beta(n, delta) = log(3SAH/delta) + S log(8e(n+1)) (Menard et al. 2021)."""
    n = np.asarray(n, dtype=np.float64)
    return np.asarray(
        np.log(3.0 * n_states * n_actions * horizon / _delta(delta)) + n_states * np.log(8.0 * np.e * (n + 1.0))
    )


def rf_express_bonus(n: npt.ArrayLike, n_states: int, n_actions: int, horizon: int, delta: float) -> Float:
    """15 H^2 beta(n, delta) / n (Menard et al. 2021)."""
    n = _counts(n)
    return np.asarray(15.0 * horizon**2 * rf_express_beta(n, n_states, n_actions, horizon, delta) / n)


# --- linear MDPs -------------------------------------------------------------------------------------------------


def lsvi_ucb(dimension: int, horizon: int, steps: npt.ArrayLike, delta: float, scale: float = 1.0) -> Float:
    """c d H sqrt(i), i = log(2 d T / p), T = K H (Jin, Yang, Wang and Jordan 2020, Theorem 3.1).

    ``scale`` is their unspecified absolute constant c; c = 1 is a practical value which the proof does not cover.
    """
    iota = np.log(2.0 * dimension * np.asarray(steps, dtype=np.float64) / _delta(delta))
    return np.asarray(scale * dimension * horizon * np.sqrt(iota))


def lsvi_ucb_fixed_point(
    episodes: npt.ArrayLike, dimension: int, horizon: int, delta: float, *, regularization: float = 1.0
) -> Float:
    """Smallest beta that the proof of LSVI-UCB accepts, with every constant kept.

    beta = 4H sqrt(d lam) + sqrt(4H^2 [(d/2) log((k+lam)/lam) + d log(1 + 4L/e)
    + d^2 log(1 + 8 sqrt(d) beta^2/(lam e^2)) + log(2H/p)] + 8 k^2 e^2/lam) with L = 2H sqrt(dk/lam), e = dH/k:
    Jin, Yang, Wang and Jordan 2020, Lemmas D.4 and D.6 (covering of the value functions) inserted into Lemma B.4.
    Beta occurs on both sides because the class of value functions contains the bonus; iterating from 0 climbs to the
    smallest solution.

    With ``episodes`` = K used in every episode the statement holds for all k <= K with probability 1 - p/2.

    Args:
        episodes: k >= 1, any shape. dimension: d. horizon: H. delta: p.

    Returns:
        beta, shape of ``episodes``.

    Raises:
        InvalidInput: if there are no features (d < 1).
    """
    if dimension < 1:
        raise InvalidInput(f"dimension is {dimension}; expected features of dimension at least 1")
    k, d, h, lam = _counts(episodes), float(dimension), float(horizon), float(regularization)
    net = d * h / k
    fixed = (
        0.5 * d * np.log1p(k / lam)
        + d * np.log1p(8.0 * h * np.sqrt(d * k / lam) / net)
        + np.log(2.0 * h / _delta(delta))
    )
    beta = np.zeros_like(k)
    while True:
        covering = d**2 * np.log1p(8.0 * np.sqrt(d) * beta**2 / (lam * net**2))
        larger = 4.0 * h * np.sqrt(d * lam) + np.sqrt(4.0 * h**2 * (fixed + covering) + 8.0 * k**2 * net**2 / lam)
        # The iterates increase and contract; rounding ends the climb.
        if (larger <= beta * (1.0 + 1e-15)).all():
            return np.asarray(larger)
        beta = larger
