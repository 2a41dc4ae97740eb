"""Discounted UCB (Kocsis and Szepesvari 2006; Garivier and Moulines 2011): rewards in [0, B] with changing means."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from bandits.model import BanditProblem
from bandits.policies import highest
from kernels.jit import compiled, embedded
from theory.errors import InvalidInput


class DiscountedUCB(NamedTuple):
    """argmax of the discounted mean + 2 B sqrt(xi log n(g) / N_i(g)), N_i(g) = sum_s g^(t-s) 1{A_s = i},
    n(g) = sum_i N_i(g), over the t past rounds; every arm once first, ties to the lowest index.

    Attributes:
        discount: g in (0, 1).
        xi: > 1/2 in the theorem; must be >= 0.
        largest: B, rewards lie in [0, B], > 0.
    """

    discount: float
    xi: float = 0.6
    largest: float = 1.0


def tuned_discount(horizon: int, n_changes: int, largest: float = 1.0) -> float:
    """g = 1 - sqrt(changes/T) / (4 B) (Garivier and Moulines 2011, Theorem 3)."""
    return 1.0 - math.sqrt(max(n_changes, 1) / horizon) / (4.0 * largest)


class State(NamedTuple):
    """Discounted pulls N_i(g) and rewards of every arm, (K,); indices, (K,)."""

    pulls: npt.NDArray[np.float64]
    total: npt.NDArray[np.float64]
    indices: npt.NDArray[np.float64]


def allocate(params: DiscountedUCB, problem: BanditProblem) -> State:
    """Arrays of one run.

    Raises:
        InvalidInput: unless 0 < discount < 1, xi >= 0 and largest > 0.
    """
    if not 0.0 < params.discount < 1.0:
        raise InvalidInput(f"discount of DiscountedUCB is {params.discount}; expected a number in (0, 1)")
    if not 0.0 <= params.xi < math.inf:
        raise InvalidInput(f"xi of DiscountedUCB is {params.xi}; expected a finite number >= 0")
    if not 0.0 < params.largest < math.inf:
        raise InvalidInput(f"largest of DiscountedUCB is {params.largest}; expected a finite number > 0")
    return State(np.zeros(problem.n_arms), np.zeros(problem.n_arms), np.zeros(problem.n_arms))


@compiled
def init(params, state):
    """Forget everything."""
    for arm in range(state.pulls.shape[0]):
        state.pulls[arm] = 0.0
        state.total[arm] = 0.0


@embedded
def act(params, state, t, rng):
    """Every arm once, then the definition of the policy."""
    n_arms = state.pulls.shape[0]
    if t <= n_arms:
        return t - 1
    together = 0.0
    for arm in range(n_arms):
        together += state.pulls[arm]
    level = params.xi * math.log(max(1.0, together))
    for arm in range(n_arms):
        n = state.pulls[arm]
        state.indices[arm] = state.total[arm] / n + 2.0 * params.largest * math.sqrt(level / n)
    return highest(state.indices)


@embedded
def observe(params, state, t, arm, reward):
    """Everything ages by one round."""
    for i in range(state.pulls.shape[0]):
        state.pulls[i] *= params.discount
        state.total[i] *= params.discount
    state.pulls[arm] += 1.0
    state.total[arm] += reward
