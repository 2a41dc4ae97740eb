"""Successive elimination (Even-Dar, Mannor and Mansour 2006), for sigma-subgaussian rewards."""

from __future__ import annotations

import math
from typing import NamedTuple

from bandits.identification import (
    Search,
    act_in_turn,
    allocate_search,
    answer,
    leader,
    require_delta,
    restart,
    summarise,
    summary_shape,
    turn,
)
from bandits.model import BanditProblem
from bandits.policies import record
from kernels.jit import compiled, embedded
from theory.errors import InvalidInput

__all__ = ["SuccessiveElimination", "act", "allocate", "init", "observe", "summarise", "summary_shape"]


class SuccessiveElimination(NamedTuple):
    """Pull every candidate once a phase; after phase t drop arm i when mean_best - mean_i > 2 U(t),
    U(t) = sigma sqrt(2 log(4 K t^2/delta) / t). The last candidate is the answer.

    Attributes:
        delta: the best arm is dropped with at most this probability, in (0, 1).
        sigma: rewards are sigma-subgaussian, > 0 (1/2 for rewards in [0, 1]).
    """

    delta: float = 0.05
    sigma: float = 0.5


def allocate(params: SuccessiveElimination, problem: BanditProblem) -> Search:
    """Arrays of one run.

    Raises:
        InvalidInput: for delta outside (0, 1), sigma <= 0 or fewer than two arms.
    """
    require_delta("SuccessiveElimination", params.delta)
    if not 0.0 < params.sigma < math.inf:
        raise InvalidInput(f"sigma of SuccessiveElimination is {params.sigma}; expected a finite number > 0")
    return allocate_search(problem.n_arms)


@compiled
def init(params, state):
    """Forget everything. register: (next arm of the phase, candidates left)."""
    restart(state)
    state.register[1] = state.alive.shape[0]


@embedded
def radius(sigma, delta, n_arms, t):
    """U(t), the confidence radius after t pulls of every candidate."""
    return sigma * math.sqrt(2.0 * math.log(4.0 * n_arms * t * t / delta) / t)


act = act_in_turn


@compiled
def eliminate(params, state, pulls):
    """The end of a phase: drop what is 2 U(t) behind the leader."""
    statistics = state.statistics
    n_arms = state.alive.shape[0]
    best = leader(statistics.mean, state.alive)
    gap = 2.0 * radius(params.sigma, params.delta, n_arms, 1.0 * statistics.pulls[best])
    for arm in range(n_arms):
        if state.alive[arm] and statistics.mean[best] - statistics.mean[arm] > gap:
            state.alive[arm] = False
            state.register[1] -= 1
    if state.register[1] == 1:
        answer(state, best, pulls)


@embedded
def observe(params, state, t, arm, reward):
    """Update the arm; eliminate after the phase's last candidate."""
    record(state.statistics, arm, reward)
    if state.outcome[1] >= 0:
        return
    if not turn(state, arm):
        eliminate(params, state, t)
