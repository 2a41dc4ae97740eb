"""KL-UCB++ (Menard and Garivier 2017): Bernoulli rewards, the horizon is known."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from bandits.model import BanditProblem
from bandits.policies import highest
from kernels.jit import compiled
from kernels.kl import kl_upper
from theory.errors import InvalidInput


class KLUCBPlusPlus(NamedTuple):
    """Pull each arm once, then the largest q with d(mean_i, q) <= scale g(N_i) / N_i; ties to the lowest index.

    g(n) = log+(y (1 + (log+ y)^2)), y = T / (K n).

    Attributes:
        scale: 1 in the theorems, >= 0.
    """

    scale: float = 1.0


class KLUCBPlusPlusState(NamedTuple):
    """Per arm: pulls, sum of rewards, and index ``upper`` = -log(1 - q), which changes only by a pull; T / K."""

    pulls: npt.NDArray[np.int64]
    total: npt.NDArray[np.float64]
    upper: npt.NDArray[np.float64]
    share: npt.NDArray[np.float64]


def allocate(params: KLUCBPlusPlus, problem: BanditProblem) -> KLUCBPlusPlusState:
    """Arrays of one run.

    Raises:
        InvalidInput: unless scale is a number >= 0.
    """
    if not 0.0 <= params.scale < math.inf:
        raise InvalidInput(f"scale of KL-UCB++ is {params.scale}; expected a finite number >= 0")
    k = problem.n_arms
    return KLUCBPlusPlusState(np.zeros(k, np.int64), np.zeros(k), np.zeros(k), np.array([problem.horizon / k]))


@compiled
def init(params, state):
    """Forget everything."""
    for arm in range(state.pulls.shape[0]):
        state.pulls[arm] = 0
        state.total[arm] = 0.0
        state.upper[arm] = 0.0


@compiled
def exploration(y):
    """g as a function of y = T / (K n)."""
    if y <= 1.0:
        return 0.0
    log_y = math.log(y)
    return log_y + math.log1p(log_y * log_y)


@compiled
def act(params, state, t, rng):
    """Every arm once, then the largest index."""
    return t - 1 if t <= state.pulls.shape[0] else highest(state.upper)


@compiled
def restore(params, state, arm, pulls, total):
    """Put ``arm`` into the state after ``pulls`` >= 0 pulls that paid ``total``."""
    state.pulls[arm] = pulls
    state.total[arm] = total
    if pulls > 0:
        n = np.float64(pulls)
        state.upper[arm] = kl_upper(total / n, params.scale * exploration(state.share[0] / n) / n)


@compiled
def observe(params, state, t, arm, reward):
    """Update the arm that was pulled: no other index changes."""
    restore(params, state, arm, state.pulls[arm] + 1, state.total[arm] + reward)
