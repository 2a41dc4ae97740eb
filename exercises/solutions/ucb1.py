"""UCB1: play the arm that would be best if every arm were as good as its data allow."""

import math
from typing import NamedTuple

import numpy as np


class UCB1(NamedTuple):
    """Hyper-parameters. width: 2 in the theorem."""

    width: float = 2.0


class State(NamedTuple):
    """Per arm, shape (K,): the pulls N, the mean of the rewards, and 1/sqrt(N); all 0 before the first pull."""

    pulls: np.ndarray
    mean: np.ndarray
    inverse_root: np.ndarray


def allocate(params, problem):
    """The arrays of a run; ``problem`` has n_arms and horizon."""
    return State(np.zeros(problem.n_arms), np.zeros(problem.n_arms), np.zeros(problem.n_arms))


def init(params, state):
    """The start of a run: forget everything."""
    state.pulls[:] = 0.0
    state.mean[:] = 0.0
    state.inverse_root[:] = 0.0


def observe(params, state, t, arm, reward):
    """The arm of round t paid ``reward``: bring its three numbers up to date."""
    state.pulls[arm] += 1.0
    state.mean[arm] += (reward - state.mean[arm]) / state.pulls[arm]
    state.inverse_root[arm] = 1.0 / math.sqrt(state.pulls[arm])


def radius(width, pulls, plays):
    """c = sqrt(width * log(n) / s) of an arm with s pulls after n plays of all arms together."""
    return math.sqrt(width * math.log(plays) / pulls)


def act(params, state, t, rng):
    """The arm of round t = 1, 2, ..., an integer in 0..K-1.

    Each arm once, in the order of their numbers. Then the arm with the largest index mean + c, ties to the lowest
    number; when round t begins, t - 1 plays have been made. ``rng`` is not needed.
    """
    n_arms = state.pulls.shape[0]
    if t <= n_arms:
        return t - 1
    best, highest = 0, -math.inf
    for arm in range(n_arms):
        index = state.mean[arm] + radius(params.width, state.pulls[arm], t - 1)
        if index > highest:
            best, highest = arm, index
    return best


def failure_probability(pulls, plays):
    """Hoeffding's bound on P(X_s >= mu + c): the mean X_s of s rewards in [0, 1] exceeds its index bound, width 2.

    Hoeffding: P(X_s >= mu + x) <= exp(-2 s x^2).
    """
    return math.exp(-2.0 * pulls * radius(2.0, pulls, plays) ** 2)


def sufficient_pulls(gap, plays):
    """The least whole number s of pulls with 2 c <= gap after n plays, width 2."""
    return math.ceil(8.0 * math.log(plays) / gap**2)


def regret_bound(gaps, horizon):
    """The bound of Theorem 1 on E R_T.

    Args:
        gaps: D_i, shape (K,), zero for the best arms. horizon: T.
    """
    bound = 0.0
    for gap in gaps:
        if gap > 0.0:
            bound += gap * (8.0 * math.log(horizon) / gap**2 + 1.0 + math.pi**2 / 3.0)
    return bound
