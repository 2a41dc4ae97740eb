"""Track-and-Stop with D-tracking (Garivier and Kaufmann 2016): the best arm with confidence 1 - delta."""

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
from kernels.proportions import BERNOULLI, GAUSSIAN, evidence, optimal_proportions
from theory.errors import InvalidInput

__all__ = ["TrackAndStop", "act", "allocate", "init", "observe", "summarise", "summary_shape"]


class TrackAndStop(NamedTuple):
    """Each arm once; then, after t pulls, the least pulled arm if N < sqrt(t) - K/2, else argmax_a t w*_a(mean) - N_a.

    Stop and answer the leader when Z(t) > log(2 t (K - 1)/delta) (Theorem 10, Bernoulli arms).

    Attributes:
        delta: in (0, 1).
        family: :data:`kernels.proportions.BERNOULLI` or :data:`~kernels.proportions.GAUSSIAN`.
        scale: factor of the threshold, 1 in the theorem.
    """

    delta: float = 0.05
    family: int = BERNOULLI
    scale: float = 1.0


def allocate(params: TrackAndStop, problem: BanditProblem) -> Search:
    """Arrays of one run.

    Raises:
        InvalidInput: for delta outside (0, 1), an unknown family, scale <= 0, or fewer than two arms.
    """
    require_delta("TrackAndStop", params.delta)
    if params.family not in (BERNOULLI, GAUSSIAN):
        raise InvalidInput(f"family of TrackAndStop is {params.family}; expected {BERNOULLI} or {GAUSSIAN}")
    if not 0.0 < params.scale < math.inf:
        raise InvalidInput(f"scale of TrackAndStop is {params.scale}; expected a finite number > 0")
    return allocate_search(problem.n_arms)


@compiled
def init(params, state):
    """Forget everything. register: (next arm,)."""
    restart(state)


@embedded
def threshold(delta, n_arms, t):
    """beta(t, delta) = log(2 t (K - 1)/delta), Theorem 10."""
    return math.log(2.0 * t * (n_arms - 1.0) / delta)


@compiled
def track(params, state, t):
    """D-tracking after t pulls: the arm that forced exploration asks for, or the one furthest behind w*."""
    statistics = state.statistics
    n_arms = state.alive.shape[0]
    least = 0
    for arm in range(1, n_arms):
        if statistics.pulls[arm] < statistics.pulls[least]:
            least = arm
    if statistics.pulls[least] < math.sqrt(t) - 0.5 * n_arms:
        return least
    optimal_proportions(params.family, statistics.mean, state.scratch)
    furthest = 0
    for arm in range(1, n_arms):
        behind = t * state.scratch[arm] - statistics.pulls[arm]
        if behind > t * state.scratch[furthest] - statistics.pulls[furthest]:
            furthest = arm
    return furthest


@embedded
def act(params, state, t, rng):
    """Every arm once, then D-tracking; the answer once there is one."""
    if t <= state.alive.shape[0]:
        return t - 1
    if state.outcome[1] >= 0:
        return state.outcome[1]
    return state.register[0]


@embedded
def observe(params, state, t, arm, reward):
    """Update the arm; stop if the evidence suffices, else choose the next arm."""
    record(state.statistics, arm, reward)
    n_arms = state.alive.shape[0]
    if state.outcome[1] >= 0 or t < n_arms:
        return
    best = leader(state.statistics.mean, state.alive)
    z = evidence(params.family, state.statistics.mean, state.statistics.pulls, best)
    if z > params.scale * threshold(params.delta, n_arms, t):
        answer(state, best, t)
    else:
        state.register[0] = track(params, state, 1.0 * t)
