"""Explore-then-commit: pull every arm m times in turn, then play the best of them for good."""

import math
from typing import NamedTuple

import numpy as np


class ExploreThenCommit(NamedTuple):
    """Hyper-parameters. exploration: m >= 1, the pulls of each arm before the decision."""

    exploration: int


class State(NamedTuple):
    """Sum of the rewards of each arm while exploring, shape (K,), and the arm committed to (-1: none), one entry."""

    total: np.ndarray
    committed: np.ndarray


def allocate(params, problem):
    """The arrays of a run; ``problem`` has n_arms and horizon."""
    return State(np.zeros(problem.n_arms), np.zeros(1, np.int64))


def init(params, state):
    """The start of a run: forget everything."""
    state.total[:] = 0.0
    state.committed[0] = -1


def regret(means, pulls):
    """The regret of N_i pulls of arm i, sum_i D_i N_i, D_i the gap of arm i.

    Args:
        means: mean rewards, shape (K,). pulls: N_i, or their expectations, shape (K,).
    """
    return float(np.sum((np.max(means) - means) * pulls))


def act(params, state, t, rng):
    """The arm of round t = 1, 2, ..., an integer in 0..K-1.

    Rounds 1 .. mK explore: the arms take turns. From round mK + 1 on, always the arm whose mean of m rewards was
    largest, ties to the lowest index. ``rng`` is not needed.
    """
    n_arms = state.total.shape[0]
    if t <= params.exploration * n_arms:
        return (t - 1) % n_arms
    if state.committed[0] < 0:
        state.committed[0] = np.argmax(state.total)  # m pulls each: totals are ordered as the means
    return state.committed[0]


def observe(params, state, t, arm, reward):
    """The arm of round t paid ``reward``."""
    if t <= params.exploration * state.total.shape[0]:
        state.total[arm] += reward


def mistake_probability(gap, m):
    """Bound on the probability that an arm of gap D looks at least as good as a best one after m pulls each.

    Rewards are 1-subgaussian: P(X - E X >= x) <= exp(-x^2/2).
    """
    return math.exp(-m * gap**2 / 4.0)


def regret_bound(gaps, m, horizon):
    """The bound of Theorem 6.1 on E R_T, 1 <= m <= T/K.

    Args:
        gaps: D_i, shape (K,), zero for the best arms. horizon: T.
    """
    bound = 0.0
    for gap in gaps:
        bound += m * gap + (horizon - m * len(gaps)) * gap * mistake_probability(gap, m)
    return bound


def tuned_exploration(gap, horizon):
    """For two arms of known gap D: the m that balances the theorem's two terms, eq. (6.5); an integer >= 1."""
    return max(1, math.ceil(4.0 / gap**2 * math.log(horizon * gap**2 / 4.0)))
