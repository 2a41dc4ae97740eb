"""Follow the regularised leader with the log-barrier, on importance-weighted estimates of losses."""

import math  # noqa: F401 (for the gaps)
from typing import NamedTuple

import numpy as np

try:
    from kernels.random import random as uniform
except ImportError:  # in the grader's process a stream of random numbers is an array: a counter, then uniforms

    def uniform(rng):
        """The next uniform number in [0, 1) of a stream."""
        rng[0] += 1.0
        return rng[int(rng[0])]


class LogBarrier(NamedTuple):
    """Hyper-parameters. learning_rate: eta > 0."""

    learning_rate: float


class State(NamedTuple):
    """The sums L of the loss estimates, and the probabilities w of the round; both of shape (K,)."""

    total: np.ndarray
    probabilities: np.ndarray


def allocate(params, problem):
    """The arrays of a run; ``problem`` has n_arms and horizon."""
    return State(np.zeros(problem.n_arms), np.zeros(problem.n_arms))


def init(params, state):
    """The start of a run: no loss yet."""
    state.total[:] = 0.0
    state.probabilities[:] = 1.0 / state.probabilities.shape[0]


def leader(total, rate):
    """w = argmin over the simplex of <w, L> - (1/eta) sum_i log w_i, shape (K,), to 1e-10.

    w_i = 1/(y + eta (L_i - min L)), with the y in [1, K] that makes the sum one.

    Args:
        total: L, shape (K,), of any size and sign. rate: eta.
    """
    raise NotImplementedError("gap 1: solve for the multiplier y, by Newton's method or by halving")


def act(params, state, t, rng):
    """The arm of round t = 1, 2, ..., an integer in 0..K-1.

    Leaves w_t in ``state.probabilities``, takes one u = uniform(rng), and plays the first arm i with
    u < w_0 + ... + w_i.
    """
    raise NotImplementedError("gap 2: w_t, and an arm drawn from it")


def observe(params, state, t, arm, loss):
    """The arm of round t, drawn from ``state.probabilities``, cost ``loss``: L_arm grows by loss / w_arm."""
    raise NotImplementedError("gap 3: importance weighting")


def local_norm(weights, losses):
    """The square of the dual local norm of l at w, sum_i l_i^2 / psi''(w_i) with psi(w) = -sum_i log w_i.

    Args:
        weights, losses: w and l, shape (K,).
    """
    raise NotImplementedError("gap 4: the Hessian of the log-barrier")


def stability_bound(weights, losses, rate):
    """(1/eta) sum_i (z_i - log(1 + z_i)), z_i = eta w_i l_i; ``math.inf`` if some z_i <= -1.

    Args:
        weights, losses: w and l, shape (K,); losses may be negative. rate: eta.
    """
    raise NotImplementedError("gap 5: what one round costs at most")


def comparator(arm, n_arms, horizon):
    """u = (1 - 1/T) e_arm + (1/T) (1/K, ..., 1/K), shape (K,): near a corner, where the barrier is finite."""
    raise NotImplementedError("gap 6: a little of the uniform law")


def penalty(u, rate):
    """(psi(u) - psi(w_1)) / eta, psi(w) = -sum_i log w_i and w_1 = (1/K, ..., 1/K). u: positive, shape (K,)."""
    raise NotImplementedError("gap 7: how far the comparator is from the start")


def regret_bound(n_arms, horizon, rate):
    """The bound on the regret at a fixed rate eta, in T, K and eta: what statements 2, 3 and 4 add up to."""
    raise NotImplementedError("gap 8: penalty, stability, and the price of the comparator")


def refined_bound(weights, losses, u, rate):
    """The refined lemma's bound on sum_t <x_t - u, l_t>, for losses of any sign and size.

    Args:
        weights, losses: x_t and l_t, shape (T, K); weights[0] is uniform. u: positive, shape (K,). rate: eta.
    """
    raise NotImplementedError("gap 9: penalty, and the second moment of the losses under the weights")
