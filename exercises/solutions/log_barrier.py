"""Follow the regularised leader with the log-barrier, on importance-weighted estimates of losses."""

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
    shifts = rate * (total - np.min(total))
    y = 1.0
    for _ in range(100):
        weights = 1.0 / (y + shifts)
        # The sum is convex and decreasing in y: from the left Newton's method climbs and never overshoots.
        step = (np.sum(weights) - 1.0) / np.sum(weights * weights)
        if step <= 1e-15 * y:
            break
        y += step
    return 1.0 / (y + shifts)


def act(params, state, t, rng):
    """The arm of round t = 1, 2, ..., an integer in 0..K-1.

    Leaves w_t in ``state.probabilities``, takes one u = uniform(rng), and plays the first arm i with
    u < w_0 + ... + w_i.
    """
    state.probabilities[:] = leader(state.total, params.learning_rate)
    u = uniform(rng)
    reached = 0.0
    last = state.total.shape[0] - 1
    for arm in range(last):
        reached += state.probabilities[arm]
        if u < reached:
            return arm
    return last


def observe(params, state, t, arm, loss):
    """The arm of round t, drawn from ``state.probabilities``, cost ``loss``: L_arm grows by loss / w_arm."""
    state.total[arm] += loss / state.probabilities[arm]


def local_norm(weights, losses):
    """The square of the dual local norm of l at w, sum_i l_i^2 / psi''(w_i) with psi(w) = -sum_i log w_i.

    Args:
        weights, losses: w and l, shape (K,).
    """
    return float(np.sum((weights * losses) ** 2))


def stability_bound(weights, losses, rate):
    """(1/eta) sum_i (z_i - log(1 + z_i)), z_i = eta w_i l_i; ``math.inf`` if some z_i <= -1.

    Args:
        weights, losses: w and l, shape (K,); losses may be negative. rate: eta.
    """
    z = rate * weights * losses
    if np.min(z) <= -1.0:
        return math.inf
    return float(np.sum(z - np.log1p(z)) / rate)


def comparator(arm, n_arms, horizon):
    """u = (1 - 1/T) e_arm + (1/T) (1/K, ..., 1/K), shape (K,): near a corner, where the barrier is finite."""
    u = np.full(n_arms, 1.0 / (n_arms * horizon))
    u[arm] += 1.0 - 1.0 / horizon
    return u


def penalty(u, rate):
    """(psi(u) - psi(w_1)) / eta, psi(w) = -sum_i log w_i and w_1 = (1/K, ..., 1/K). u: positive, shape (K,)."""
    return float((-np.sum(np.log(u)) - len(u) * math.log(len(u))) / rate)


def regret_bound(n_arms, horizon, rate):
    """The bound on the regret at a fixed rate eta, in T, K and eta: what statements 2, 3 and 4 add up to."""
    return (n_arms - 1) * math.log(horizon) / rate + 0.5 * rate * horizon + 1.0


def refined_bound(weights, losses, u, rate):
    """The refined lemma's bound on sum_t <x_t - u, l_t>, for losses of any sign and size.

    Args:
        weights, losses: x_t and l_t, shape (T, K); weights[0] is uniform. u: positive, shape (K,). rate: eta.
    """
    return penalty(u, rate) + rate * float(np.sum(weights * losses**2))
