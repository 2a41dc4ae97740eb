"""Bayes-UCB (Kaufmann, Cappe and Garivier 2012): Bernoulli rewards, uniform prior, the horizon is known."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from bandits.model import BanditProblem
from kernels.beta import beta_upper_quantile, log_upper_tail
from kernels.jit import compiled
from theory.errors import InvalidInput

#: Allowance for the rounding of a tail, relative to 1 + |log p|: within it an arm's quantile is solved and compared.
SLACK = 1e-9


class BayesUCB(NamedTuple):
    """Pull each arm once, then the largest quantile of order 1 - 1/(t log^c T) of Beta(S_i + 1, N_i - S_i + 1).

    t is the round about to be played; ties to the lowest index. (For T < 3, where log T < 1, the factor is 1.)

    Attributes:
        power: c; at least 5 in the theorem, 0 in the paper's experiments. Must be >= 0.
    """

    power: float = 5.0


class BayesUCBState(NamedTuple):
    """Per arm, shape (K,): pulls, sum of rewards, the last index -log(1 - q) solved; c log log T; the last arm."""

    pulls: npt.NDArray[np.int64]
    total: npt.NDArray[np.float64]
    upper: npt.NDArray[np.float64]
    offset: npt.NDArray[np.float64]
    last: npt.NDArray[np.int64]


def allocate(params: BayesUCB, problem: BanditProblem) -> BayesUCBState:
    """Arrays of one run.

    Raises:
        InvalidInput: unless power is a number >= 0.
    """
    if not 0.0 <= params.power < math.inf:
        raise InvalidInput(f"power of Bayes-UCB is {params.power}; expected a finite number >= 0")
    k = problem.n_arms
    offset = params.power * math.log(max(1.0, math.log(problem.horizon)))
    return BayesUCBState(np.zeros(k, np.int64), np.zeros(k), np.zeros(k), np.array([offset]), np.zeros(1, np.int64))


@compiled
def init(params, state):
    """The uniform prior for every arm."""
    state.last[0] = 0
    for arm in range(state.pulls.shape[0]):
        state.pulls[arm] = 0
        state.total[arm] = 0.0
        state.upper[arm] = 0.0


@compiled
def solve(state, arm, log_p):
    """The index of ``arm``, kept."""
    successes = state.total[arm]
    state.upper[arm] = beta_upper_quantile(successes + 1.0, state.pulls[arm] - successes + 1.0, log_p)
    return state.upper[arm]


@compiled
def act(params, state, t, rng):
    """Algorithm 1. Only an arm whose posterior exceeds the best index so far with probability p is solved."""
    n_arms = state.pulls.shape[0]
    if t <= n_arms:
        return t - 1
    log_p = -math.log(np.float64(t)) - state.offset[0]
    best = state.last[0]
    highest = solve(state, best, log_p)
    for arm in range(n_arms):
        if arm != state.last[0]:
            successes = state.total[arm]
            tail = log_upper_tail(successes + 1.0, state.pulls[arm] - successes + 1.0, highest)
            if tail >= log_p - SLACK * (1.0 - log_p):
                u = solve(state, arm, log_p)
                if u > highest or (u == highest and arm < best):
                    highest = u
                    best = arm
    return best


@compiled
def observe(params, state, t, arm, reward):
    """The posterior of the arm that was pulled."""
    state.pulls[arm] += 1
    state.total[arm] += reward
    state.last[0] = arm


@compiled
def restore(params, state, arm, pulls, total):
    """Put ``arm`` into the state after ``pulls`` pulls that paid ``total`` (see :mod:`bandits.exact`)."""
    state.pulls[arm] = pulls
    state.total[arm] = total
    state.last[0] = arm
