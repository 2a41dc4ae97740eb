"""KL-UCB (Garivier and Cappe 2011) as in Lattimore and Szepesvari 2020, Algorithm 8: Bernoulli rewards."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from bandits.model import BanditProblem
from bandits.policies import highest_index
from kernels.jit import compiled, embedded
from kernels.kl import kl_upper, kl_upper_slope
from theory.errors import InvalidInput

#: Allowance for the rounding of a solved index, relative to 1 + index; the tangent is raised by it.
SLACK = 1e-9


class KLUCB(NamedTuple):
    """Pull each arm once, then the largest q with N_i d(mean_i, q) <= scale * log f(t), f(t) = 1 + t log^2 t.

    Ties go to the lowest index.

    Attributes:
        scale: 1 in Theorem 10.6; anything else is outside the theorem. Must be >= 0.
    """

    scale: float = 1.0


class KLUCBState(NamedTuple):
    """Per arm, shape (K,): pulls, sum of rewards, and a tangent ``intercept + slope * level`` above its index.

    The index is kept as u = -log(1 - q) (see :mod:`kernels.kl`). An arm at rest has an index that increases and is
    concave in the level log f(t): the tangent at the last solution is an upper bound of it. An infinite intercept says
    that there is none.
    """

    pulls: npt.NDArray[np.int64]
    total: npt.NDArray[np.float64]
    intercept: npt.NDArray[np.float64]
    slope: npt.NDArray[np.float64]
    last: npt.NDArray[np.int64]  # the arm pulled last, one entry


def allocate(params: KLUCB, problem: BanditProblem) -> KLUCBState:
    """Arrays of one run.

    Raises:
        InvalidInput: unless scale is a number >= 0.
    """
    if not 0.0 <= params.scale < math.inf:
        raise InvalidInput(f"scale of KL-UCB is {params.scale}; expected a finite number >= 0")
    k = problem.n_arms
    return KLUCBState(np.zeros(k, np.int64), np.zeros(k), np.zeros(k), np.zeros(k), np.zeros(1, np.int64))


@compiled
def init(params, state):
    """Forget everything."""
    state.last[0] = 0
    for arm in range(state.pulls.shape[0]):
        state.pulls[arm] = 0
        state.total[arm] = 0.0
        state.intercept[arm] = np.inf
        state.slope[arm] = 0.0


@embedded
def level(params, t):
    """log f(t), f(t) = 1 + t log^2 t, t the round about to be played."""
    log_t = math.log(np.float64(t))
    return params.scale * math.log1p(t * log_t * log_t)


@compiled
def solve(state, arm, x):
    """The index of ``arm`` at level x, and its tangent for the rounds to come."""
    pulls = np.float64(state.pulls[arm])
    mean = state.total[arm] / pulls
    u = kl_upper(mean, x / pulls)
    if u < np.inf:
        slope = kl_upper_slope(mean, u) / pulls
        if slope < np.inf:
            state.slope[arm] = slope
            state.intercept[arm] = u - slope * x + SLACK * (1.0 + u)
    return u


@embedded
def act(params, state, t, rng):
    """The largest index; only arms whose upper bound reaches the best index found so far are solved."""
    n_arms = state.pulls.shape[0]
    if t <= n_arms:
        return t - 1
    x = level(params, t)
    best, highest, first = -1, -np.inf, -1
    last = state.last[0]
    if state.intercept[last] == np.inf:
        highest = solve(state, last, x)
        best = first = last
    # The largest bound is most often the largest index: with it solved, few other bounds reach it.
    top = highest_index(state.intercept, state.slope, x)
    if top != first:
        u = solve(state, top, x)
        if u > highest or (u == highest and top < best):
            highest = u
            best = top
    for arm in range(n_arms):
        if state.intercept[arm] + state.slope[arm] * x >= highest and arm != top and arm != first:
            u = solve(state, arm, x)
            if u > highest or (u == highest and arm < best):
                highest = u
                best = arm
    return best


@embedded
def observe(params, state, t, arm, reward):
    """Update the arm that was pulled. Its index falls with the mean: only a higher mean voids its upper bound."""
    if reward * state.pulls[arm] > state.total[arm] or state.pulls[arm] == 0:
        state.intercept[arm] = np.inf
        state.slope[arm] = 0.0
    state.pulls[arm] += 1
    state.total[arm] += reward
    state.last[0] = arm


@compiled
def restore(params, state, arm, pulls, total):
    """Put ``arm`` into the state after ``pulls`` pulls that paid ``total`` (see :mod:`bandits.exact`)."""
    state.pulls[arm] = pulls
    state.total[arm] = total
    state.intercept[arm] = np.inf
    state.slope[arm] = 0.0
    state.last[0] = arm
