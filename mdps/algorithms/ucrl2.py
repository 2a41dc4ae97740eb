"""UCRL2 (Jaksch, Ortner and Auer 2010): optimism over l1 balls around the empirical model, average reward."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from kernels.jit import inlined
from mdps.doubling import (
    MAX_SWEEPS,
    SWEEPS,
    DoublingModel,
    allocate_model,
    count,
    episode_over,
    open_episode,
    reset,
)
from mdps.loops import ContinuingProblem
from mdps.model import Float
from mdps.optimism import check_confidence, check_scale
from mdps.planning.extended import l1_kernel


class UCRL2(NamedTuple):
    """Plausible: |r - rh| <= sqrt(7 log(2SAt/delta)/(2 max(1,N))), |p - ph|_1 <= sqrt(14 S log(2At/delta)/max(1,N)).

    Rewards, in [0, 1], are learned; optimistic ones are cut at 1, since plausible models have rewards in [0, 1].

    Attributes:
        delta: confidence parameter of Theorem 2, in (0, 1).
        scale: factor on both radii; 1 in the theorem, anything else is outside it.
    """

    delta: float = 0.05
    scale: float = 1.0


class State(NamedTuple):
    """Counts and planner, and the radius of every l1 ball, (S, A)."""

    model: DoublingModel
    radius: Float


def allocate(params: UCRL2, problem: ContinuingProblem) -> State:
    """Arrays of one run.

    Raises:
        InvalidInput: if delta is outside (0, 1) or the scale is negative.
    """
    check_confidence(params.delta)
    check_scale("scale", params.scale)
    return State(allocate_model(problem), np.zeros((problem.n_states, problem.n_actions)))


@inlined
def init(params, state):
    """Forget everything."""
    reset(state.model)


@inlined
def reward_radius(delta, n_states, n_actions, t, n):
    """sqrt(7 log(2 S A t / delta) / (2 max(1, N))) (eq. 3)."""
    return math.sqrt(3.5 * math.log(2.0 * n_states * n_actions * t / delta) / max(1.0, n))


@inlined
def law_radius(delta, n_states, n_actions, t, n):
    """sqrt(14 S log(2 A t / delta) / max(1, N)) (eq. 4); above 2, so every law, for N = 0."""
    return math.sqrt(14.0 * n_states * math.log(2.0 * n_actions * t / delta) / max(1.0, n))


@inlined
def plan(params, state, t):
    """Extended value iteration over the plausible set, stopped at span 1/sqrt(t_k) (fig. 1, step 5, and eq. 12)."""
    model = state.model
    n_states, n_actions = model.visits.shape
    for s in range(n_states):
        for a in range(n_actions):
            n = model.before[s, a]
            width = params.scale * reward_radius(params.delta, n_states, n_actions, t, n)
            model.rewards[s, a] = min(1.0, model.reward_sums[s, a] / max(1.0, n) + width)
            state.radius[s, a] = 2.0
            if n > 0.0:
                state.radius[s, a] = params.scale * law_radius(params.delta, n_states, n_actions, t, n)
    _, _, sweeps = l1_kernel(
        model.rewards, model.p_hat, state.radius, 1.0, 1.0 / math.sqrt(t), MAX_SWEEPS,
        model.values, model.ahead, model.order, model.row, model.policy,
    )  # fmt: skip
    model.clock[SWEEPS] = sweeps


@inlined
def act(params, state, t, s, rng):
    """The policy of the episode; a new episode when a count has doubled."""
    if episode_over(state.model, t, s):
        open_episode(state.model, t)
        plan(params, state, t)
    return state.model.policy[s]


@inlined
def observe(params, state, t, s, a, reward, following):
    """Count the step."""
    count(state.model, s, a, reward, following)
