"""Tsallis-INF with reduced variance (Zimmert and Seldin 2021, Algorithm 1, (RV))."""

from __future__ import annotations

import math
from typing import NamedTuple

from bandits.algorithms.tsallis_inf import init as init  # the same start
from bandits.algorithms.tsallis_inf import rate
from bandits.ftrl import (
    LeaderWeights,
    allocate_leader,
    baseline,
    draw_leader,
    reduced_variance,
    tsallis_weights,
)
from bandits.model import BanditProblem
from kernels.jit import compiled
from theory.errors import InvalidInput


class TsallisINFRV(NamedTuple):
    """FTRL with -4 sum (sqrt w - w/2) at the rate eta_t = scale / sqrt t and the reduced-variance loss estimates

    1{A = i} (l - B_i)/p_i + B_i, B_i = 1/2 if p_i >= eta_t^2, else 0.

    Attributes:
        scale: > 0; 4 in the theorem.
    """

    scale: float = 4.0


def allocate(params: TsallisINFRV, problem: BanditProblem) -> LeaderWeights:
    """Arrays of one run.

    Raises:
        InvalidInput: unless scale is a finite number > 0.
    """
    if not 0.0 < params.scale < math.inf:
        raise InvalidInput(f"scale of Tsallis-INF (RV) is {params.scale}; expected a finite number > 0")
    return allocate_leader(problem.n_arms)


@compiled
def act(params, state, t, rng):
    """w_t by Newton's method from the solution of the round before; draw A_t from it."""
    state.start[0] = tsallis_weights(state.total, rate(params, t), state.start[0], state.probabilities)
    return draw_leader(state, rng)


@compiled
def observe(params, state, t, arm, loss):
    """Every estimate moves: by its baseline, and that of the arm played by its loss."""
    eta = rate(params, t)
    p = state.probabilities
    for i in range(p.shape[0]):
        if i == arm:
            state.total[i] += reduced_variance(loss, p[i], eta)
        else:
            state.total[i] += baseline(p[i], eta)
