"""UCB1: play the arm that would be best if every arm were as good as its data allow."""

import math  # noqa: F401 (for the gaps)
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
    raise NotImplementedError("gap 1: pulls, mean and 1/sqrt(pulls) of the arm")


def radius(width, pulls, plays):
    """c = sqrt(width * log(n) / s) of an arm with s pulls after n plays of all arms together."""
    raise NotImplementedError("gap 2: how far the mean of s rewards may be from the truth")


def act(params, state, t, rng):
    """The arm of round t = 1, 2, ..., an integer in 0..K-1.

    Each arm once, in the order of their numbers. Then the arm with the largest index mean + c, ties to the lowest
    number; when round t begins, t - 1 plays have been made. ``rng`` is not needed.
    """
    raise NotImplementedError("gap 3: each arm once, then the largest index")


def failure_probability(pulls, plays):
    """Hoeffding's bound on P(X_s >= mu + c): the mean X_s of s rewards in [0, 1] exceeds its index bound, width 2.

    Hoeffding: P(X_s >= mu + x) <= exp(-2 s x^2).
    """
    raise NotImplementedError("gap 4: Hoeffding's inequality at x = c")


def sufficient_pulls(gap, plays):
    """The least whole number s of pulls with 2 c <= gap after n plays, width 2."""
    raise NotImplementedError("gap 5: when the interval is too short for a mistake")


def regret_bound(gaps, horizon):
    """The bound of Theorem 1 on E R_T.

    Args:
        gaps: D_i, shape (K,), zero for the best arms. horizon: T.
    """
    raise NotImplementedError("gap 6: the pulls of statement 4, each at the price of its gap")
