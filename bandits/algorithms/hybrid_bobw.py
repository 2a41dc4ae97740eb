"""FTRL with Tsallis entropy and entropy of the complements, importance weighting (cf. Zimmert, Luo and Wei 2019)."""

from __future__ import annotations

import math
from typing import NamedTuple

from bandits.algorithms.tsallis_inf import init as init  # the same start
from bandits.algorithms.tsallis_inf import observe as observe  # the same estimates
from bandits.algorithms.tsallis_inf import rate
from bandits.ftrl import LeaderWeights, allocate_leader, draw_leader
from bandits.hybrid import hybrid_weights
from bandits.model import BanditProblem
from kernels.jit import compiled
from theory.errors import InvalidInput


class HybridBOBW(NamedTuple):
    """w_t = argmin <w, Lh> + psi(w)/eta_t, psi = -4 sum (sqrt w - w/2) + 2 sum (1-w) log(1-w), eta_t = scale/sqrt t.

    Attributes:
        scale: > 0; 2 in the theorems.
    """

    scale: float = 2.0


def allocate(params: HybridBOBW, problem: BanditProblem) -> LeaderWeights:
    """Arrays of one run.

    Raises:
        InvalidInput: unless scale is a finite number > 0.
    """
    if not 0.0 < params.scale < math.inf:
        raise InvalidInput(f"scale of the hybrid is {params.scale}; expected a finite number > 0")
    return allocate_leader(problem.n_arms)


@compiled
def act(params, state, t, rng):
    """w_t by Newton's method from the solution of the round before; draw A_t from it."""
    state.start[0] = hybrid_weights(state.total, rate(params, t), state.start[0], state.probabilities)
    return draw_leader(state, rng)
