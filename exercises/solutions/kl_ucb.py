"""KL-UCB: the index is the largest mean that a Bernoulli arm's data do not contradict."""

import math
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
    value = 0.0
    if p > 0.0:
        if q <= 0.0:
            return math.inf
        value += p * math.log(p / q)
    if p < 1.0:
        if q >= 1.0:
            return math.inf
        value += (1.0 - p) * math.log((1.0 - p) / (1.0 - q))
    return value


def upper(mean, level):
    """The largest q in [mean, 1] with d(mean, q) <= level, to 1e-9; level > 0."""
    low, high = mean, 1.0
    for _ in range(60):
        middle = 0.5 * (low + high)
        if kl(mean, middle) <= level:
            low = middle
        else:
            high = middle
    return low


def pinsker_upper(mean, level):
    """The largest q in [mean, 1] that Pinsker's inequality d(p, q) >= 2 (p - q)^2 leaves: a bound in closed form."""
    return min(1.0, mean + math.sqrt(level / 2.0))


def exploration(t):
    """log f(t), f(t) = 1 + t log^2 t, for round t >= 1."""
    return math.log(1.0 + t * math.log(t) ** 2)


def act(params, state, t, rng):
    """The arm of round t = 1, 2, ..., an integer in 0..K-1.

    Each arm once, in the order of their numbers. Then the arm with the largest index
    max {q : N d(mean, q) <= scale * log f(t)}, ties to the lowest number. ``rng`` is not needed.
    """
    n_arms = state.pulls.shape[0]
    if t <= n_arms:
        return t - 1
    best, highest = 0, -1.0
    for arm in range(n_arms):
        level = params.scale * exploration(t) / state.pulls[arm]
        index = upper(state.total[arm] / state.pulls[arm], level)
        if index > highest:
            best, highest = arm, index
    return best


def pulls_bound(mean, best, e1, e2, horizon):
    """The bound of Theorem 10.6 on E N_i(T) at given slacks e1, e2 > 0, e1 + e2 < gap.

    Args:
        mean, best: mu_i and mu*. horizon: T.
    """
    return exploration(horizon) / kl(mean + e1, best - e2) + 1.0 / (2.0 * e1**2) + 2.0 / e2**2
