"""UCRL2B (Fruit, Pirotta and Lazaric 2020): UCRL2's loop with an empirical Bernstein interval for every probability."""

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
from mdps.planning.extended import box_kernel


class UCRL2B(NamedTuple):
    """Plausible: means and probabilities within 2 sqrt(V L/N) + 6 L/N of their estimates, L = log(6 S A N/delta).

    V is the empirical variance, ph (1 - ph) for a probability. Rewards, in [0, 1], are learned; optimistic ones are
    cut at 1.

    Attributes:
        delta: confidence parameter, in (0, 1).
        scale: factor on all radii; 1 in the theorem, anything else is outside it.
    """

    delta: float = 0.05
    scale: float = 1.0


class State(NamedTuple):
    """Counts and planner; sums of squared rewards, (S, A); the ends of the intervals, (S, A, S)."""

    model: DoublingModel
    square_sums: Float
    lower: Float
    upper: Float


def allocate(params: UCRL2B, problem: ContinuingProblem) -> State:
    """Arrays of one run.

    Raises:
        InvalidInput: if delta is outside (0, 1) or the scale is negative.
    """
    check_confidence(params.delta)
    check_scale("scale", params.scale)
    s, a = problem.n_states, problem.n_actions
    return State(allocate_model(problem), np.zeros((s, a)), np.zeros((s, a, s)), np.zeros((s, a, s)))


@inlined
def init(params, state):
    """Forget everything."""
    reset(state.model)
    state.square_sums[...] = 0.0


@inlined
def bernstein_radius(delta, n_states, n_actions, variance, n):
    """2 sqrt(V log(6 S A N/delta)/N) + 6 log(6 S A N/delta)/N, N read as max(1, N)."""
    n = max(1.0, n)
    level = math.log(6.0 * n_states * n_actions * n / delta) / n
    return 2.0 * math.sqrt(variance * level) + 6.0 * level


@inlined
def reward_variance(total, squares, n):
    """Empirical variance (1/N) of the rewards from their sum and sum of squares; rounding may not make it negative."""
    mean = total / max(1.0, n)
    return max(0.0, squares / max(1.0, n) - mean * mean)


@inlined
def plan(params, state, t):
    """Extended value iteration over the boxes, stopped at span 1/sqrt(t_k)."""
    model = state.model
    n_states, n_actions = model.visits.shape
    for s in range(n_states):
        for a in range(n_actions):
            n = model.before[s, a]
            variance = reward_variance(model.reward_sums[s, a], state.square_sums[s, a], n)
            width = params.scale * bernstein_radius(params.delta, n_states, n_actions, variance, n)
            model.rewards[s, a] = min(1.0, model.reward_sums[s, a] / max(1.0, n) + width)
            for y in range(n_states):
                state.lower[s, a, y] = 0.0
                state.upper[s, a, y] = 1.0
                if n > 0.0:
                    p = model.p_hat[s, a, y]
                    width = params.scale * bernstein_radius(params.delta, n_states, n_actions, p * (1.0 - p), n)
                    state.lower[s, a, y] = max(0.0, p - width)
                    state.upper[s, a, y] = min(1.0, p + width)
    _, _, sweeps = box_kernel(
        model.rewards, state.lower, state.upper, 1.0, 1.0 / math.sqrt(t), MAX_SWEEPS,
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
    state.square_sums[s, a] += reward * reward
