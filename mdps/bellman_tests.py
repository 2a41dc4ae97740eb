"""Sufficient statistics of a function class, and the compiled tests of its Bellman errors against weight functions.

For a function f, stage h and pair z = (s, a) everything is a function of n(z) and of the summed sample errors
e_f(z) = sum f_h(s, a) - r - max_a' f_{h+1}(s', a') over the tuples of z.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from mdps.function_classes import Walks
from mdps.model import Float, Int


class Statistics(NamedTuple):
    """What is kept of the data.

    Attributes:
        errors: e_f(z), (|F|, H, S, A). counts: n(z), (H, S, A). starts: how often each first state came up, (S,).
    """

    errors: Float
    counts: Float
    starts: Float


def no_data(functions: Float) -> Statistics:
    """Empty statistics of a class (|F|, H, S, A)."""
    return Statistics(np.zeros(functions.shape), np.zeros(functions.shape[1:]), np.zeros(functions.shape[2]))


@njit(nogil=True, error_model="numpy", cache=True)
def _add(
    errors: Float,
    counts: Float,
    starts: Float,
    functions: Float,
    values: Float,
    states: Int,
    actions: Int,
    rewards: Float,
) -> None:
    for i in range(states.shape[0]):
        starts[states[i, 0]] += 1.0
        for h in range(actions.shape[1]):
            s, a, y = states[i, h], actions[i, h], states[i, h + 1]
            counts[h, s, a] += 1.0
            for f in range(functions.shape[0]):
                errors[f, h, s, a] += functions[f, h, s, a] - rewards[i, h] - values[f, h + 1, y]


def add_walks(data: Statistics, functions: Float, values: Float, walks: Walks) -> None:
    """Episodes: their tuples of every stage and their first states.

    Args:
        functions: (|F|, H, S, A). values: max_a f, (|F|, H + 1, S).
    """
    _add(data.errors, data.counts, data.starts, functions, values, *walks)


@njit(nogil=True, error_model="numpy", cache=True)
def version_space(
    errors: Float,
    counts: Float,
    weights: Float,
    n_samples: float,
    clip: float,
    alpha: float,
    beta: float,
    members: npt.NDArray[np.bool_],
) -> None:
    """members[f] = whether for all h: sup_w Eh[Dh f wc - alpha wc^2] <= beta (Amortila et al. 2024, Algorithm 1).

    wc = min(w, clip) and Eh averages over the ``n_samples`` tuples of a stage, so that the left side is
    (1/M) sum_z (e_f(z) wc(z) - alpha n(z) wc(z)^2). A function is dropped at the first stage that it violates.

    Args:
        errors: (|F|, H, S, A). counts: (H, S, A). weights: (|W|, H, S, A), >= 0, may be infinite if ``clip`` is finite.
        n_samples: M, > 0. members: out, (|F|,).
    """
    n_functions, horizon, n_states, n_actions = errors.shape
    n_weights = weights.shape[0]
    # Weights last: the sums for all weights advance together, which the compiler turns into vector instructions.
    clipped = np.zeros((horizon, n_states, n_actions, n_weights))
    penalties = np.zeros((horizon, n_weights))
    for w in range(n_weights):
        for h in range(horizon):
            for s in range(n_states):
                for a in range(n_actions):
                    if counts[h, s, a] > 0.0:  # where there is no data, a weight tests nothing
                        value = min(weights[w, h, s, a], clip)
                        clipped[h, s, a, w] = value
                        penalties[h, w] += alpha * counts[h, s, a] * value * value
    sums = np.empty(n_weights)
    for f in range(n_functions):
        inside = True
        for h in range(horizon):
            for w in range(n_weights):
                sums[w] = -penalties[h, w]
            for s in range(n_states):
                for a in range(n_actions):
                    error = errors[f, h, s, a]
                    if error != 0.0:
                        row = clipped[h, s, a]
                        for w in range(n_weights):
                            sums[w] += error * row[w]
            for w in range(n_weights):
                if sums[w] > beta * n_samples:
                    inside = False
            if not inside:
                break
        members[f] = inside


def box_suprema(errors: Float, counts: Float, n_samples: float, clip: float, alpha: float) -> Float:
    """sup over all w: S x A -> [0, clip] of Eh[Dh f w - alpha w^2] for every f and h, (|F|, H), in closed form.

    The best weight of a pair is w* = min(max(ebar, 0) / (2 alpha), clip) with ebar = e/n; with alpha = 8/gamma_t and
    clip = gamma_t it is inside, and the supremum is (1/M) sum_z n max(ebar, 0)^2 / (4 alpha).
    """
    return (errors * (w := box_weights(errors, counts, clip, alpha)) - alpha * counts * w**2).sum(
        axis=(2, 3)
    ) / n_samples


def box_weights(errors: Float, counts: Float, clip: float, alpha: float) -> Float:
    """The maximisers w* of :func:`box_suprema`, (|F|, H, S, A)."""
    mean = np.where(counts > 0.0, errors / np.maximum(counts, 1.0), 0.0)
    return np.minimum(np.maximum(mean, 0.0) / (2.0 * alpha), clip)
