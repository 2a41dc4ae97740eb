"""epsilon_t-greedy (Auer, Cesa-Bianchi and Fischer 2002, Figure 3): rewards in [0, 1], the gap is known."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from bandits.model import BanditProblem
from bandits.policies import highest
from kernels.jit import compiled
from kernels.random import random
from theory.errors import InvalidInput


class EpsilonGreedy(NamedTuple):
    """With probability e_t = min(1, cK/(d^2 t)) a uniform arm, otherwise the largest mean; ties to the lowest index.

    Each round reads two private uniforms, whether it explores or not. An arm without a pull has mean 0.

    Attributes:
        gap: d, in the theorem in (0, smallest gap]. Must be > 0.
        c: > 5 in the theorem, 10 by default. Must be >= 0 (0 never explores).
    """

    gap: float
    c: float = 10.0


class EpsilonGreedyState(NamedTuple):
    """Per arm, shape (K,): pulls, sum of rewards, mean; whether the round explored (1 or 0), one entry."""

    pulls: npt.NDArray[np.int64]
    total: npt.NDArray[np.float64]
    mean: npt.NDArray[np.float64]
    explored: npt.NDArray[np.int64]


def allocate(params: EpsilonGreedy, problem: BanditProblem) -> EpsilonGreedyState:
    """Arrays of one run.

    Raises:
        InvalidInput: unless gap is a number > 0 and c a number >= 0.
    """
    if not 0.0 < params.gap < math.inf:
        raise InvalidInput(f"gap of epsilon-greedy is {params.gap}; expected a finite number > 0")
    if not 0.0 <= params.c < math.inf:
        raise InvalidInput(f"c of epsilon-greedy is {params.c}; expected a finite number >= 0")
    k = problem.n_arms
    return EpsilonGreedyState(np.zeros(k, np.int64), np.zeros(k), np.zeros(k), np.zeros(1, np.int64))


@compiled
def init(params, state):
    """Forget everything."""
    state.explored[0] = 0
    for arm in range(state.pulls.shape[0]):
        state.pulls[arm] = 0
        state.total[arm] = 0.0
        state.mean[arm] = 0.0


@compiled
def rate(params, n_arms, t):
    """e_t = min(1, cK/(d^2 t))."""
    return min(1.0, params.c * n_arms / (params.gap * params.gap * t))


@compiled
def act(params, state, t, rng):
    """Figure 3: the coin first, then the arm."""
    n_arms = state.pulls.shape[0]
    coin = random(rng)
    choice = random(rng)
    if coin < rate(params, n_arms, t):
        state.explored[0] = 1
        return min(np.int64(choice * n_arms), n_arms - 1)
    state.explored[0] = 0
    return highest(state.mean)


@compiled
def observe(params, state, t, arm, reward):
    """Update the arm that was pulled."""
    state.pulls[arm] += 1
    state.total[arm] += reward
    state.mean[arm] = state.total[arm] / state.pulls[arm]
