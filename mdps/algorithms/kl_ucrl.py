"""KL-UCRL (Filippi, Cappe and Garivier 2010): UCRL2's loop with Kullback-Leibler balls around the empirical model."""

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
from mdps.planning.extended import kl_kernel


class KLUCRL(NamedTuple):
    """Plausible: |r - rh| <= sqrt(log(4 S A log T/delta)/(1.99 N)) and KL(ph, p) <= C_P/N, T the number of steps.

    C_P = S (B + log(B + 1/log T) (1 + 1/(B + 1/log T))), B = log(2 e S^2 A log T/delta).
    Rewards, in [0, 1], are learned; optimistic ones are cut at 1.

    Attributes:
        delta: confidence parameter, in (0, 1).
        scale: factor on both radii (C_P and the reward's); 1 in the theorem, anything else is outside it.
    """

    delta: float = 0.05
    scale: float = 1.0


class State(NamedTuple):
    """Counts and planner; the radius of every ball, (S, A); and the numerators of the two radii.

    Attributes:
        reward_level: log(4 S A log T/delta)/1.99. law_level: C_P.
    """

    model: DoublingModel
    radius: Float
    reward_level: float
    law_level: float


def levels(delta: float, n_states: int, n_actions: int, n_steps: int) -> tuple[float, float]:
    """(log(4 S A log T/delta)/1.99, C_P) for T = ``n_steps`` >= 3."""
    log_t = math.log(n_steps)
    b = math.log(2.0 * math.e * n_states**2 * n_actions * log_t / delta)
    inner = b + 1.0 / log_t
    return (
        math.log(4.0 * n_states * n_actions * log_t / delta) / 1.99,
        n_states * (b + math.log(inner) * (1.0 + 1.0 / inner)),
    )


def allocate(params: KLUCRL, problem: ContinuingProblem) -> State:
    """Arrays of one run. Its levels are those of horizons of at least 6, to which the theorem is restricted.

    Raises:
        InvalidInput: if delta is outside (0, 1) or the scale is negative.
    """
    check_confidence(params.delta)
    check_scale("scale", params.scale)
    s, a = problem.n_states, problem.n_actions
    return State(allocate_model(problem), np.zeros((s, a)), *levels(params.delta, s, a, max(6, problem.n_steps)))


@inlined
def init(params, state):
    """Forget everything."""
    reset(state.model)


@inlined
def plan(params, state, t):
    """Extended value iteration over the plausible set, stopped at span 1/sqrt(t_k) (Algorithm 1)."""
    model = state.model
    n_states, n_actions = model.visits.shape
    for s in range(n_states):
        for a in range(n_actions):
            n = model.before[s, a]
            width = params.scale * math.sqrt(state.reward_level / max(1.0, n))
            model.rewards[s, a] = min(1.0, model.reward_sums[s, a] / max(1.0, n) + width)
            state.radius[s, a] = np.inf
            if n > 0.0:
                state.radius[s, a] = params.scale * state.law_level / n
    _, _, sweeps = kl_kernel(
        model.rewards, model.p_hat, state.radius, 1.0, 1.0 / math.sqrt(t), MAX_SWEEPS,
        model.values, model.ahead, model.row, model.policy,
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
