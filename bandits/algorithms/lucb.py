"""LUCB (Kalyanakrishnan, Tewari, Auer and Stone 2012): the best arm with confidence 1 - delta, rewards in [0, 1]."""

from __future__ import annotations

import math
from typing import NamedTuple

from bandits.identification import (
    Search,
    allocate_search,
    answer,
    leader,
    require_delta,
    restart,
    summarise,
    summary_shape,
)
from bandits.model import BanditProblem
from bandits.policies import record
from kernels.jit import compiled, embedded
from theory.errors import InvalidInput

__all__ = ["LUCB", "act", "allocate", "init", "observe", "summarise", "summary_shape"]


class LUCB(NamedTuple):
    """In round t let h be the leader and l the other arm of the largest upper bound, bounds
    mean +- sqrt(log(5 K t^4/(4 delta)) / (2 N)); stop and answer h if U_l - L_h < epsilon, else pull both.

    Rounds count from 1, after every arm was pulled once.

    Attributes:
        delta: in (0, 1).
        epsilon: accuracy of the answer, >= 0; 0 asks for the best arm.
        scale: factor of the radius, 1 in the theorem.
    """

    delta: float = 0.05
    epsilon: float = 0.0
    scale: float = 1.0


def allocate(params: LUCB, problem: BanditProblem) -> Search:
    """Arrays of one run.

    Raises:
        InvalidInput: for delta outside (0, 1), negative epsilon, scale <= 0, or fewer than two arms.
    """
    require_delta("LUCB", params.delta)
    if not 0.0 <= params.epsilon < math.inf:
        raise InvalidInput(f"epsilon of LUCB is {params.epsilon}; expected a finite number >= 0")
    if not 0.0 < params.scale < math.inf:
        raise InvalidInput(f"scale of LUCB is {params.scale}; expected a finite number > 0")
    return allocate_search(problem.n_arms)


@compiled
def init(params, state):
    """Forget everything. register: (round, arm h, arm l, arms of the round already pulled)."""
    restart(state)


@embedded
def radius(delta, n_arms, t, pulls):
    """beta(N, t) = sqrt(log(5 K t^4/(4 delta)) / (2 N))."""
    return math.sqrt(math.log(1.25 * n_arms * t**4 / delta) / (2.0 * pulls))


@compiled
def begin_round(params, state, pulls):
    """Choose h and l for the next round, or stop."""
    statistics = state.statistics
    n_arms = state.alive.shape[0]
    state.register[0] += 1
    t = 1.0 * state.register[0]
    h = leader(statistics.mean, state.alive)
    l = -1
    highest = 0.0
    for arm in range(n_arms):
        upper = statistics.mean[arm] + params.scale * radius(params.delta, n_arms, t, 1.0 * statistics.pulls[arm])
        if arm != h and (l < 0 or upper > highest):
            l = arm
            highest = upper
    lower = statistics.mean[h] - params.scale * radius(params.delta, n_arms, t, 1.0 * statistics.pulls[h])
    state.register[1] = h
    state.register[2] = l
    state.register[3] = 0
    if highest - lower < params.epsilon:
        answer(state, h, pulls)


@embedded
def act(params, state, t, rng):
    """Every arm once, then h and l of every round; the answer once there is one."""
    if t <= state.alive.shape[0]:
        return t - 1
    if state.outcome[1] >= 0:
        return state.outcome[1]
    return state.register[1 + state.register[3]]


@embedded
def observe(params, state, t, arm, reward):
    """Update the arm; the next round begins after both were pulled."""
    record(state.statistics, arm, reward)
    if state.outcome[1] >= 0 or t < state.alive.shape[0]:
        return
    if t > state.alive.shape[0]:
        state.register[3] += 1
        if state.register[3] == 1:
            return
    begin_round(params, state, t)
