"""How many runs a decision takes: planning numbers, and exact powers of the binomial tests."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from theory.divergences import bernoulli_kl
from theory.errors import InvalidInput

from ._inputs import BoolArray, FloatArray, check_open_unit, check_range, unit_interval_values
from .betting import BET_WEIGHTS, log_increments


def runs_for_mean(mean: float, sd: float, bound: float, alpha: float, power: float) -> int:
    """Runs for a one-sided z-test to tell ``mean`` from ``bound``: ((z_alpha + z_power) sd / (bound - mean))^2, up.

    A planning device: the anytime-valid test needs about 1.5 to 2 times as many, and never fewer than
    ``fewest_runs_to_verify``.
    """
    check_open_unit(alpha, "alpha")
    check_open_unit(power, "power")
    if mean == bound:
        raise InvalidInput(f"mean = bound = {bound!r}: no number of runs tells them apart")
    z = stats.norm.isf(alpha) + stats.norm.ppf(power)
    return max(1, math.ceil((z * sd / (bound - mean)) ** 2))


def runs_for_probability(p: float, delta: float, alpha: float) -> float:
    """Expected runs log(1/alpha) / kl(p, delta) of the best binomial e-process to tell p from delta (Wald 1945)."""
    check_open_unit(delta, "delta")
    check_open_unit(alpha, "alpha")
    divergence = float(bernoulli_kl(p, delta))
    if divergence == 0.0:
        raise InvalidInput(f"p = delta = {delta!r}: no number of runs tells them apart")
    return math.log(1.0 / alpha) / divergence


def fewest_runs_to_verify(mean: float, bound: float, high: float, alpha: float, power: float = 1.0) -> int:
    """Runs that every valid test needs to verify "mean <= bound" for variables that can reach ``high``.

    n >= log(power/alpha) / -log(1 - p) with p = (bound - mean)/(high - mean). For let the data have law P of the given
    mean; the law (1 - p) P + p (point mass at ``high``) has mean ``bound``, must be verified with probability at
    most alpha, and looks like P for n runs with probability (1 - p)^n: alpha >= (1 - p)^n power.
    """
    check_open_unit(alpha, "alpha")
    if not mean < bound < high:
        raise InvalidInput(f"mean = {mean!r}, bound = {bound!r}, high = {high!r}: expected mean < bound < high")
    p = (bound - mean) / (high - mean)
    return max(1, math.ceil(math.log(power / alpha) / -math.log1p(-p)))


def runs_for_mean_test(pilot: ArrayLike, bound: float, low: float, high: float, alpha: float) -> float:
    """Runs that ``MeanTest`` is expected to take to decide between a pilot's mean and ``bound`` at level alpha.

    min_j (log(1/alpha) + log(1/w_j)) / g_j over the stakes f_j, with g_j = E log(1 + lambda_j (X - m)) (signed towards
    the side of the pilot's mean) averaged over the pilot sample, shape (n,). inf if no stake grows. Plan with
    it; a pilot without the rare bad runs is optimistic.
    """
    check_open_unit(alpha, "alpha")
    check_range(low, high)
    x = unit_interval_values(pilot, low, high, 0)
    m = (bound - low) / (high - low)
    if not 0.0 < m < 1.0:
        raise InvalidInput(f"bound {bound!r}: expected a value strictly inside ({low!r}, {high!r})")
    increments = log_increments(1.0 - x, 1.0 - m) if x.mean() < m else log_increments(x, m)
    growth = increments.mean(axis=0)
    growing = growth > 0.0
    if not growing.any():
        return math.inf
    return float(np.min((math.log(1.0 / alpha) - np.log(BET_WEIGHTS[growing])) / growth[growing]))


def crossing_probability(p: float, n_runs: int, crossed: Callable[[NDArray[np.int64], int], BoolArray]) -> FloatArray:
    """Exact probability that a test on Bernoulli(p) runs has stopped by each run, shape (n_runs,).

    ``crossed(k, n)`` says for an array of counts k of ones among n runs whether the test stops there. Forward dynamic
    programming over the counts of the paths still alive; counts that carry less than 1e-30 are treated
    as stopped, so the answer is never too small by more than rounding.
    """
    if not 0.0 <= p <= 1.0:
        raise InvalidInput(f"p = {p!r}: expected a probability")
    stopped = np.empty(n_runs)
    total = 0.0
    offset = 0  # alive[j] is the probability of offset + j ones, not stopped
    alive = np.ones(1)
    for n in range(1, n_runs + 1):
        grown = np.zeros(len(alive) + 1)
        grown[:-1] = alive * (1.0 - p)
        grown[1:] += alive * p
        stops = crossed(offset + np.arange(len(grown)), n) | (grown < 1e-30)
        total += float(grown[stops].sum())
        grown[stops] = 0.0
        kept = np.flatnonzero(grown)
        if len(kept) == 0:
            stopped[n - 1 :] = total
            break
        alive = grown[kept[0] : kept[-1] + 1]
        offset += int(kept[0])
        stopped[n - 1] = total
    return stopped
