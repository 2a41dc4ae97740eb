"""Exp3: exponential weights over importance-weighted estimates of losses that an adversary has chosen."""

import math
from typing import NamedTuple

import numpy as np

try:
    from kernels.random import random as uniform
except ImportError:  # in the grader's process a stream of random numbers is an array: a counter, then uniforms

    def uniform(rng):
        """The next uniform number in [0, 1) of a stream."""
        rng[0] += 1.0
        return rng[int(rng[0])]


class Exp3(NamedTuple):
    """Hyper-parameters. learning_rate: eta > 0."""

    learning_rate: float


class State(NamedTuple):
    """The sums L of the loss estimates, and the probabilities p of the round; both of shape (K,)."""

    total: np.ndarray
    probabilities: np.ndarray


def allocate(params, problem):
    """The arrays of a run; ``problem`` has n_arms and horizon."""
    return State(np.zeros(problem.n_arms), np.zeros(problem.n_arms))


def init(params, state):
    """The start of a run: no loss yet."""
    state.total[:] = 0.0
    state.probabilities[:] = 1.0 / state.probabilities.shape[0]


def distribution(total, rate):
    """The probabilities p_i proportional to exp(-eta L_i), shape (K,).

    Args:
        total: L, shape (K,); estimates can be of any size, such as 1e8. rate: eta.
    """
    weights = np.exp(-rate * (total - np.min(total)))
    return weights / np.sum(weights)


def estimate(probabilities, arm, loss):
    """The estimate of all K losses of a round from the one that was seen, shape (K,).

    Args:
        probabilities: p that ``arm`` was drawn from, shape (K,). loss: the loss of ``arm``, in [0, 1].
    """
    losses = np.zeros(len(probabilities))
    losses[arm] = loss / probabilities[arm]
    return losses


def act(params, state, t, rng):
    """The arm of round t = 1, 2, ..., an integer in 0..K-1.

    Leaves p_t in ``state.probabilities``, takes one u = uniform(rng), and plays the first arm i with
    u < p_0 + ... + p_i.
    """
    state.probabilities[:] = distribution(state.total, params.learning_rate)
    u = uniform(rng)
    reached = 0.0
    last = state.total.shape[0] - 1
    for arm in range(last):
        reached += state.probabilities[arm]
        if u < reached:
            return arm
    return last


def observe(params, state, t, arm, loss):
    """The arm of round t, drawn from ``state.probabilities``, cost ``loss``."""
    state.total[:] += estimate(state.probabilities, arm, loss)


def mix_loss(probabilities, losses, rate):
    """m = -(1/eta) log sum_i p_i exp(-eta l_i): the loss of a round as exponential weights mix it.

    Args:
        probabilities: p, shape (K,), all positive. losses: l >= 0, shape (K,), of any size. rate: eta.
    """
    least = np.min(losses)
    return float(least - math.log(np.sum(probabilities * np.exp(-rate * (losses - least)))) / rate)


def potential(total, rate):
    """Phi(L) = -(1/eta) log((1/K) sum_i exp(-eta L_i)): what the mix losses of all rounds add up to.

    Args:
        total: L, shape (K,), of any size. rate: eta.
    """
    return mix_loss(np.full(len(total), 1.0 / len(total)), total, rate)


def regret_bound(n_arms, horizon, rate):
    """The bound on the regret at a fixed rate eta: what statements 3 and 4 add up to."""
    return math.log(n_arms) / rate + 0.5 * rate * n_arms * horizon


def tuned_rate(n_arms, horizon):
    """The rate eta that makes this bound least."""
    return math.sqrt(2.0 * math.log(n_arms) / (n_arms * horizon))
