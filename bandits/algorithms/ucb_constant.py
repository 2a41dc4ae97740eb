"""UCB of constant regret (Abbasi-Yadkori, Pal and Szepesvari 2011, Section 5): 1-subgaussian rewards, no horizon."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from bandits.model import BanditProblem
from bandits.policies import highest
from kernels.jit import compiled
from theory.errors import InvalidInput


class UCBConstant(NamedTuple):
    """Pull each arm once, then argmax of mean_i + c_i; ties to the lowest index.

    c_i = sqrt( ((1 + N_i)/N_i^2) (1 + 2 log(K sqrt(1 + N_i) / delta)) ): nothing depends on the round.

    Attributes:
        delta: failure probability of the whole run, in (0, 1).
        scale: factor of c_i, 1 in the theorem, >= 0.
    """

    delta: float = 0.1
    scale: float = 1.0


class UCBConstantState(NamedTuple):
    """Per arm, shape (K,): pulls, sum of rewards, and index ``upper``, which changes only by a pull."""

    pulls: npt.NDArray[np.int64]
    total: npt.NDArray[np.float64]
    upper: npt.NDArray[np.float64]


def allocate(params: UCBConstant, problem: BanditProblem) -> UCBConstantState:
    """Arrays of one run.

    Raises:
        InvalidInput: unless delta lies in (0, 1) and scale is a number >= 0.
    """
    if not 0.0 < params.delta < 1.0:
        raise InvalidInput(f"delta of the UCB of constant regret is {params.delta}; expected a number in (0, 1)")
    if not 0.0 <= params.scale < math.inf:
        raise InvalidInput(f"scale of the UCB of constant regret is {params.scale}; expected a finite number >= 0")
    return UCBConstantState(np.zeros(problem.n_arms, np.int64), np.zeros(problem.n_arms), np.zeros(problem.n_arms))


@compiled
def init(params, state):
    """Forget everything."""
    for arm in range(state.pulls.shape[0]):
        state.pulls[arm] = 0
        state.total[arm] = 0.0
        state.upper[arm] = 0.0


@compiled
def act(params, state, t, rng):
    """Every arm once, then the largest index."""
    return t - 1 if t <= state.pulls.shape[0] else highest(state.upper)


@compiled
def observe(params, state, t, arm, reward):
    """Update the arm that was pulled: no other index changes."""
    state.pulls[arm] += 1
    state.total[arm] += reward
    n = np.float64(state.pulls[arm])
    log_term = 1.0 + 2.0 * math.log(state.pulls.shape[0] * math.sqrt(1.0 + n) / params.delta)
    state.upper[arm] = state.total[arm] / n + params.scale * math.sqrt((1.0 + n) / (n * n) * log_term)
