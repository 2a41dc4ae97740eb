"""Tsallis-INF with importance weighting (Zimmert and Seldin 2021, Algorithm 1, (IW))."""

from __future__ import annotations

import math
from typing import NamedTuple

from bandits.ftrl import (
    LeaderWeights,
    allocate_leader,
    draw_leader,
    importance_weighted,
    reset_leader,
    tsallis_weights,
)
from bandits.model import BanditProblem
from kernels.jit import compiled
from theory.errors import InvalidInput


class TsallisINF(NamedTuple):
    """FTRL with -4 sum (sqrt w - w/2) at the rate eta_t = scale / sqrt t and loss estimates 1{A = i} l / p.

    Attributes:
        scale: > 0; 2 in the theorems.
    """

    scale: float = 2.0


def allocate(params: TsallisINF, problem: BanditProblem) -> LeaderWeights:
    """Arrays of one run.

    Raises:
        InvalidInput: unless scale is a finite number > 0.
    """
    if not 0.0 < params.scale < math.inf:
        raise InvalidInput(f"scale of Tsallis-INF is {params.scale}; expected a finite number > 0")
    return allocate_leader(problem.n_arms)


@compiled
def init(params, state):
    """No loss yet."""
    reset_leader(state)


@compiled
def rate(params, t):
    """eta_t."""
    return params.scale / math.sqrt(t)


@compiled
def act(params, state, t, rng):
    """w_t by Newton's method from the solution of the round before; draw A_t from it."""
    state.start[0] = tsallis_weights(state.total, rate(params, t), state.start[0], state.probabilities)
    return draw_leader(state, rng)


@compiled
def observe(params, state, t, arm, loss):
    """Lh_A += l / w_A."""
    state.total[arm] += importance_weighted(loss, state.probabilities[arm])
