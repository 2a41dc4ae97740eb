"""UCBVI-CH (Azar, Osband and Munos 2017): optimistic value iteration with Chernoff-Hoeffding bonuses."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from kernels.jit import inlined
from mdps.loops import CHANGED, SAME, EpisodicProblem
from mdps.model import Float, Int
from mdps.optimism import (
    LANES,
    OptimisticModel,
    allocate_model,
    check_confidence,
    check_scale,
    fold,
    planner,
    remember,
    reset,
)
from theory.radii import ucbvi_log


class UCBVICH(NamedTuple):
    """Bonus 7 H L / sqrt(N), L = log(5 S A T / delta), T = K H; counts pooled over stages; rewards known.

    Attributes:
        delta: confidence parameter of Theorem 1, in (0, 1).
        scale: factor on the bonus; 1 in the theorem, anything else is outside it.
    """

    delta: float = 0.05
    scale: float = 1.0


class State(NamedTuple):
    """Counts and values, the greedy policy (H, S), 7 H L, and the bonus of each pair, (A, S')."""

    model: OptimisticModel
    policy: Int
    level: float
    width: Float


def allocate(params: UCBVICH, problem: EpisodicProblem) -> State:
    """Arrays of one run.

    Raises:
        InvalidInput: if delta is outside (0, 1) or the scale is negative.
    """
    check_confidence(params.delta)
    check_scale("scale", params.scale)
    h = problem.horizon
    log_factor = float(ucbvi_log(problem.n_states, problem.n_actions, problem.n_episodes * h, params.delta))
    model = allocate_model(problem)
    policy = np.zeros((h, problem.n_states), np.int64)
    return State(model, policy, params.scale * 7.0 * h * log_factor, np.zeros(model.visits.shape))


@inlined
def init(params, state):
    """Forget everything."""
    reset(state.model, state.policy)
    state.width[...] = np.inf


@inlined
def bonus_of(level, visits):
    """7 H L / sqrt(N) (Algorithm 3)."""
    return level / math.sqrt(visits)


@inlined
def fill_bonus(params, state, h, action, block):
    """The bonuses of a block, kept since the last change of its counts."""
    for lane in range(LANES):
        state.model.bonus[lane] = state.width[action, block * LANES + lane]


improve = planner(fill_bonus)


@inlined
def plan(params, state, episode):
    """Algorithm 1: count the last episode, then Algorithm 2 for h = H, ..., 1."""
    if episode == 1:
        return CHANGED
    model = state.model
    fold(model)
    for h in range(model.actions.shape[0]):
        s, a = model.states[h], model.actions[h]
        state.width[a, s] = bonus_of(state.level, model.visits[a, s])
    return CHANGED if improve(params, state) else SAME


@inlined
def act(params, state, h, s, rng):
    """The greedy action, ties to the lowest index."""
    return state.policy[h, s]


@inlined
def observe(params, state, h, s, a, reward, following):
    """Keep the step; it is counted after the episode."""
    remember(state.model, h, s, a, following)
