"""Explore-then-commit: pull every arm m times in turn, then play the best of them for good."""

import math  # noqa: F401 (for the gaps)
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
    raise NotImplementedError("gap 1: the regret as a sum over the arms")


def act(params, state, t, rng):
    """The arm of round t = 1, 2, ..., an integer in 0..K-1.

    Rounds 1 .. mK explore: the arms take turns. From round mK + 1 on, always the arm whose mean of m rewards was
    largest, ties to the lowest index. ``rng`` is not needed.
    """
    raise NotImplementedError("gap 2: take turns, then commit")


def observe(params, state, t, arm, reward):
    """The arm of round t paid ``reward``."""
    raise NotImplementedError("gap 3: remember what the decision needs, and nothing else")


def mistake_probability(gap, m):
    """Bound on the probability that an arm of gap D looks at least as good as a best one after m pulls each.

    Rewards are 1-subgaussian: P(X - E X >= x) <= exp(-x^2/2).
    """
    raise NotImplementedError("gap 4: a subgaussian tail")


def regret_bound(gaps, m, horizon):
    """The bound of Theorem 6.1 on E R_T, 1 <= m <= T/K.

    Args:
        gaps: D_i, shape (K,), zero for the best arms. horizon: T.
    """
    raise NotImplementedError("gap 5: what exploring costs, and what a mistake costs")


def tuned_exploration(gap, horizon):
    """For two arms of known gap D: the m that balances the theorem's two terms, eq. (6.5); an integer >= 1."""
    raise NotImplementedError("gap 6: where the derivative of the bound is zero")
