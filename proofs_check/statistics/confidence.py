"""Confidence limits for one mean or probability: at a fixed number of runs, and at all numbers of runs at once."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike
from scipy import special, stats

from theory.errors import InvalidInput

from ._inputs import FloatArray, check_open_unit, check_range, unit_interval_values
from .betting import mean_lower_limit


def normal_mixture_radius(v: ArrayLike, alpha: float, rho: float) -> FloatArray:
    """Two-sided normal-mixture boundary for a 1-sub-Gaussian sum S with intrinsic time v.

    P(exists v: |S_v| >= sqrt((v + rho) (log((v + rho)/rho) + 2 log(1/alpha)))) <= alpha
    (Robbins 1970; Howard, Ramdas, McAuliffe and Sekhon 2021, equation (14)). v: any shape, >= 0; rho > 0.
    """
    check_open_unit(alpha, "alpha")
    if not rho > 0.0:
        raise InvalidInput(f"rho = {rho!r}: expected a positive number")
    time = np.asarray(v, dtype=np.float64)
    return np.sqrt((time + rho) * (np.log1p(time / rho) + 2.0 * math.log(1.0 / alpha)))


def best_rho(v_opt: float, alpha: float) -> float:
    """The rho that makes the two-sided normal-mixture boundary (nearly) smallest at intrinsic time v_opt.

    Howard et al. 2021 (tuning of mixture boundaries), with the first-order expansion of Lambert's function. For one
    side replace alpha by 2 alpha.
    """
    check_open_unit(alpha, "alpha")
    twice_log = 2.0 * math.log(1.0 / alpha)
    return v_opt / (twice_log + math.log1p(twice_log))


def stitched_radius(
    v: ArrayLike, alpha: float, *, eta: float = 2.0, s: float = 1.4, c: float = 0.0, v_min: float = 1.0
) -> FloatArray:
    """One-sided polynomial stitched boundary for a sum that is sub-gamma with scale c (sub-Gaussian for c = 0).

    P(exists v: S_v >= radius(v)) <= alpha (Howard et al. 2021, Theorem 1, equation (10)). Below v_min the boundary
    keeps its value at v_min. v: any shape, >= 0; eta > 1, s > 1.
    """
    check_open_unit(alpha, "alpha")
    if not (eta > 1.0 and s > 1.0 and c >= 0.0 and v_min > 0.0):
        raise InvalidInput(
            f"eta = {eta!r}, s = {s!r}, c = {c!r}, v_min = {v_min!r}: expected eta, s > 1, c >= 0, v_min > 0"
        )
    time = np.maximum(np.asarray(v, dtype=np.float64), v_min)
    k1 = (eta**0.25 + eta**-0.25) / math.sqrt(2.0)
    k2 = (math.sqrt(eta) + 1.0) / 2.0
    ell = s * np.log(np.log(eta * time / v_min)) + math.log(float(special.zeta(s)) / (alpha * math.log(eta) ** s))
    return np.asarray(np.sqrt(k1**2 * time * ell + (k2 * c * ell) ** 2) + k2 * c * ell)


def hoeffding_radius(n: ArrayLike, delta: float) -> FloatArray:
    """One-sided: P(mean - sample mean >= sqrt(log(1/delta)/(2n))) <= delta, variables in [0, 1] (Hoeffding 1963)."""
    check_open_unit(delta, "delta")
    return np.sqrt(math.log(1.0 / delta) / (2.0 * np.asarray(n, dtype=np.float64)))


def maurer_pontil_radius(variance: ArrayLike, n: ArrayLike, delta: float) -> FloatArray:
    """One-sided empirical Bernstein radius for variables in [0, 1] at a fixed n >= 2.

    P(mean - sample mean >= sqrt(2 V log(2/delta)/n) + 7 log(2/delta)/(3 (n - 1))) <= delta with V the unbiased sample
    variance (Maurer and Pontil 2009, Theorem 4).
    """
    check_open_unit(delta, "delta")
    runs = np.asarray(n, dtype=np.float64)
    if np.any(runs < 2):
        raise InvalidInput(f"n = {n!r}: the unbiased variance needs at least two runs")
    log_term = math.log(2.0 / delta)
    return np.sqrt(2.0 * np.asarray(variance) * log_term / runs) + 7.0 * log_term / (3.0 * (runs - 1.0))


def _check_counts(k: ArrayLike, n: ArrayLike) -> tuple[FloatArray, FloatArray]:
    ones, runs = np.asarray(k, dtype=np.float64), np.asarray(n, dtype=np.float64)
    if np.any(runs < 1) or np.any(ones < 0) or np.any(ones > runs):
        raise InvalidInput(f"k = {k!r} of n = {n!r}: expected 0 <= k <= n and n >= 1")
    return ones, runs


def clopper_pearson(k: ArrayLike, n: ArrayLike, alpha: float) -> tuple[FloatArray, FloatArray]:
    """Exact two-sided limits (low, high) of a probability from k ones in n runs (Clopper and Pearson 1934).

    Each limit errs with probability at most alpha/2, at a fixed n. k, n: broadcast together.
    """
    check_open_unit(alpha, "alpha")
    ones, runs = _check_counts(k, n)
    # The clipped parameters are those of the degenerate ends, whose limits are 0 and 1.
    low = np.where(ones > 0, stats.beta.ppf(alpha / 2, np.maximum(ones, 1), runs - ones + 1), 0.0)
    high = np.where(ones < runs, stats.beta.isf(alpha / 2, ones + 1, np.maximum(runs - ones, 1)), 1.0)
    return low, high


def clopper_pearson_upper(k: ArrayLike, n: ArrayLike, alpha: float) -> FloatArray:
    """Exact one-sided upper limit, above the probability with probability >= 1 - alpha; 1 - alpha^(1/n) for k = 0."""
    check_open_unit(alpha, "alpha")
    ones, runs = _check_counts(k, n)
    return np.where(ones < runs, stats.beta.isf(alpha, ones + 1, np.maximum(runs - ones, 1)), 1.0)


def runs_to_certify(delta: float, alpha: float) -> int:
    """Fewest runs, all without failure, whose Clopper-Pearson upper limit at level alpha is at most delta."""
    check_open_unit(delta, "delta")
    check_open_unit(alpha, "alpha")
    # (1 - delta)^n <= alpha
    return math.ceil(math.log(alpha) / math.log1p(-delta))


class BettingSequence:
    """Confidence sequence for the mean of a variable bounded in [low, high], by betting.

    ``update(values)`` adds runs; ``interval`` is (low, high), in the units of the data, and
    P(mean in interval after every update) >= 1 - alpha, at any stopping time (Waudby-Smith and Ramdas 2024,
    section 4, with the capital of ``betting.py``, equation (*), for each candidate mean and each side at alpha/2).

    The candidates that survive form exactly an interval, since each side's capital is monotone in the candidate; its
    ends are found by Newton's method. The interval is intersected over updates. An update costs O(n) for n runs so
    far when the ends have to be checked, a few times that when they move, so add runs in batches.

    ``contradicted`` turns True if every mean has been excluded. That has probability at most alpha under the
    assumptions, so it points at a mean that drifts over the runs; the interval then stays at its last value.
    """

    def __init__(self, alpha: float, low: float = 0.0, high: float = 1.0) -> None:
        self.alpha = check_open_unit(alpha, "alpha")
        check_range(low, high)
        self.low, self.high = float(low), float(high)
        self.contradicted = False
        self._data = np.empty(256)
        self.n = 0
        # Lower limits of the mean of X and of 1 - X, on the unit scale.
        self._lower = 0.0
        self._lower_reflected = 0.0

    def update(self, values: ArrayLike) -> None:
        """Add runs. values: shape (n,) in [low, high]. Raises InvalidInput at a value outside."""
        x = unit_interval_values(values, self.low, self.high, self.n)
        if len(x) == 0:
            return
        needed = self.n + len(x)
        if needed > len(self._data):
            self._data = np.concatenate([self._data[: self.n], np.empty(max(needed, 2 * len(self._data)))])
        self._data[self.n : needed] = x
        self.n = needed
        seen = self._data[:needed]
        log_threshold = math.log(2.0 / self.alpha)
        lower = mean_lower_limit(seen, log_threshold, self._lower)
        lower_reflected = mean_lower_limit(1.0 - seen, log_threshold, self._lower_reflected)
        if lower + lower_reflected > 1.0:
            self.contradicted = True
        if not self.contradicted:
            self._lower, self._lower_reflected = lower, lower_reflected

    @property
    def interval(self) -> tuple[float, float]:
        """(low, high): all means not excluded so far."""
        width = self.high - self.low
        return self.low + width * self._lower, self.high - width * self._lower_reflected

    @property
    def estimate(self) -> float:
        """Sample mean of the runs so far, nan before the first."""
        if self.n == 0:
            return math.nan
        return self.low + (self.high - self.low) * float(self._data[: self.n].mean())


class EmpiricalBernsteinSequence:
    """Predictable-mixture empirical Bernstein confidence sequence for the mean of a variable in [low, high].

    Waudby-Smith and Ramdas 2024, Theorem 2: with predictable lambda_i in (0, 1) and mh_i the regularised running mean,
    |sum lambda_i X_i / sum lambda_i - mean| <= (log(2/alpha) + sum (X_i - mh_{i-1})^2 psi(lambda_i)) / sum lambda_i,
    psi(l) = -log(1 - l) - l, for all n at once with probability >= 1 - alpha. The interval is the running intersection
    over every n; O(1) memory, O(1) per run. Wider than ``BettingSequence`` but in closed form.
    ``contradicted`` is as there.
    """

    _LARGEST_BET = 0.5

    def __init__(self, alpha: float, low: float = 0.0, high: float = 1.0) -> None:
        self.alpha = check_open_unit(alpha, "alpha")
        check_range(low, high)
        self.low, self.high = float(low), float(high)
        self.n = 0
        self.contradicted = False
        self._unit_interval = (0.0, 1.0)
        # mh_i = (1/2 + sum X)/(i + 1), sh2_i = (1/4 + sum (X_j - mh_j)^2)/(i + 1)
        self._sum = 0.5
        self._squares = 0.25
        self._sum_bets = 0.0
        self._sum_weighted = 0.0
        self._sum_penalties = 0.0

    def update(self, values: ArrayLike) -> None:
        """Add runs. values: shape (n,) in [low, high]. Raises InvalidInput at a value outside."""
        x = unit_interval_values(values, self.low, self.high, self.n)
        if len(x) == 0:
            return
        i = self.n + np.arange(1, len(x) + 1)
        sums = self._sum + np.cumsum(x)
        means = sums / (i + 1)
        means_before = np.concatenate([[self._sum / (self.n + 1)], means[:-1]])
        squares = self._squares + np.cumsum((x - means) ** 2)
        variances_before = np.concatenate([[self._squares], squares[:-1]]) / i
        log_term = math.log(2.0 / self.alpha)
        bets = np.minimum(np.sqrt(2.0 * log_term / (variances_before * i * np.log1p(i))), self._LARGEST_BET)
        sum_bets = self._sum_bets + np.cumsum(bets)
        sum_weighted = self._sum_weighted + np.cumsum(bets * x)
        penalties = self._sum_penalties + np.cumsum((x - means_before) ** 2 * (-np.log1p(-bets) - bets))
        radius = (log_term + penalties) / sum_bets
        centre = sum_weighted / sum_bets
        low = max(self._unit_interval[0], float(np.max(centre - radius)))
        high = min(self._unit_interval[1], float(np.min(centre + radius)))
        if low > high:
            self.contradicted = True
        if not self.contradicted:
            self._unit_interval = (low, high)
        self.n += len(x)
        self._sum, self._squares = float(sums[-1]), float(squares[-1])
        self._sum_bets, self._sum_weighted = float(sum_bets[-1]), float(sum_weighted[-1])
        self._sum_penalties = float(penalties[-1])

    @property
    def interval(self) -> tuple[float, float]:
        """(low, high): all means not excluded so far."""
        width = self.high - self.low
        return self.low + width * self._unit_interval[0], self.low + width * self._unit_interval[1]
