"""KL-UCB: the index is the largest mean that a Bernoulli arm's data do not contradict."""

import math  # noqa: F401 (for the gaps)
from typing import NamedTuple

import numpy as np


class KLUCB(NamedTuple):
    """Hyper-parameters. scale: factor of the level, 1 in the theorem."""

    scale: float = 1.0


class State(NamedTuple):
    """Per arm, shape (K,): the pulls N, and the sum of the rewards."""

    pulls: np.ndarray
    total: np.ndarray


def allocate(params, problem):
    """The arrays of a run; ``problem`` has n_arms and horizon."""
    return State(np.zeros(problem.n_arms), np.zeros(problem.n_arms))


def init(params, state):
    """The start of a run: forget everything."""
    state.pulls[:] = 0.0
    state.total[:] = 0.0


def observe(params, state, t, arm, reward):
    """The arm of round t paid ``reward``."""
    state.pulls[arm] += 1.0
    state.total[arm] += reward


def kl(p, q):
    """d(p, q) = p log(p/q) + (1-p) log((1-p)/(1-q)) for p, q in [0, 1], in nats; ``math.inf`` where it is infinite.

    0 log 0 = 0; the divergence is infinite if q excludes what p allows.
    """
    raise NotImplementedError("gap 1: the divergence of two Bernoulli laws, with its four edges")


def upper(mean, level):
    """The largest q in [mean, 1] with d(mean, q) <= level, to 1e-9; level > 0."""
    raise NotImplementedError("gap 2: halve the interval in which the root lies")


def pinsker_upper(mean, level):
    """The largest q in [mean, 1] that Pinsker's inequality d(p, q) >= 2 (p - q)^2 leaves: a bound in closed form."""
    raise NotImplementedError("gap 3: solve 2 (q - mean)^2 = level")


def exploration(t):
    """log f(t), f(t) = 1 + t log^2 t, for round t >= 1."""
    raise NotImplementedError("gap 4: the level of round t")


def act(params, state, t, rng):
    """The arm of round t = 1, 2, ..., an integer in 0..K-1.

    Each arm once, in the order of their numbers. Then the arm with the largest index
    max {q : N d(mean, q) <= scale * log f(t)}, ties to the lowest number. ``rng`` is not needed.
    """
    raise NotImplementedError("gap 5: each arm once, then the largest index")


def pulls_bound(mean, best, e1, e2, horizon):
    """The bound of Theorem 10.6 on E N_i(T) at given slacks e1, e2 > 0, e1 + e2 < gap.

    Args:
        mean, best: mu_i and mu*. horizon: T.
    """
    raise NotImplementedError("gap 6: pulls until the index is too low, and the failures of the two means")
