"""UCBVI-BF (Azar, Osband and Munos 2017): optimistic value iteration with Bernstein-Freedman bonuses."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from kernels.jit import inlined
from kernels.lanes import weighted_means, weighted_variances
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


class UCBVIBF(NamedTuple):
    """Bonus sqrt(8 L Var_{Ph}(V_{h+1})/N) + 14HL/(3N) + sqrt((8/N) sum_y Ph(y) min{100^2 H^2 S^2 A L^2/N'(y), H^2}).

    L = log(5 S A T / delta), T = K H; N'_{h+1}(y) counts the visits of y at stage h + 1, also after the last stage;
    counts of transitions are pooled over stages; rewards known (Algorithm 4).

    Attributes:
        delta: confidence parameter of Theorem 2, in (0, 1).
        scale: factor on the whole bonus; 1 in the theorem, anything else is outside it.
    """

    delta: float = 0.05
    scale: float = 1.0


class State(NamedTuple):
    """Counts and values, the greedy policy (H, S), L, and of every stage and state N' and min{.../N', H^2}.

    Attributes:
        arrivals: N'_h(y), shape (H + 1, S'). caps: min{100^2 H^2 S^2 A L^2 / N'_h(y), H^2}, shape (H + 1, S').
        variance, correction: of the block at hand, shape (8,).
    """

    model: OptimisticModel
    policy: Int
    log_factor: float
    arrivals: Float
    caps: Float
    variance: Float
    correction: Float


def allocate(params: UCBVIBF, problem: EpisodicProblem) -> State:
    """Arrays of one run.

    Raises:
        InvalidInput: if delta is outside (0, 1) or the scale is negative.
    """
    check_confidence(params.delta)
    check_scale("scale", params.scale)
    h = problem.horizon
    log_factor = float(ucbvi_log(problem.n_states, problem.n_actions, problem.n_episodes * h, params.delta))
    model = allocate_model(problem)
    arrivals, caps = np.zeros((2, *model.values.shape))
    policy = np.zeros((h, problem.n_states), np.int64)
    return State(model, policy, log_factor, arrivals, caps, np.zeros(LANES), np.zeros(LANES))


@inlined
def init(params, state):
    """Forget everything; the cap of an unvisited state is H^2."""
    reset(state.model, state.policy)
    state.arrivals[...] = 0.0
    state.caps[...] = np.float64(state.policy.shape[0]) ** 2


@inlined
def cap_of(n_stages, n_states, n_actions, log_factor, arrivals):
    """min{100^2 H^2 S^2 A L^2 / N'_h(y), H^2} for N' >= 1."""
    h = np.float64(n_stages)
    return min(1e4 * h**2 * n_states**2 * n_actions * log_factor**2 / arrivals, h**2)


@inlined
def bonus_of(params, n_stages, log_factor, variance, correction, visits):
    """The bonus of Algorithm 4 for N >= 1; ``correction`` is the sum over y."""
    total = math.sqrt(8.0 * log_factor * variance / visits) + 14.0 * n_stages * log_factor / (3.0 * visits)
    return params.scale * (total + math.sqrt(8.0 * correction / visits))


@inlined
def fill_bonus(params, state, h, action, block):
    """The bonuses of eight states; infinite for unvisited pairs."""
    model = state.model
    n_stages, padded = model.q.shape[0], model.q.shape[2]
    n_states = model.leads.shape[1]
    row = action * padded + block * LANES
    first = (h + 1) * padded
    weighted_variances(
        model.transitions, row * n_states, model.values, first, n_states, model.inverse, row, model.mean, 0,
        state.variance, 0,
    )  # fmt: skip
    weighted_means(
        model.transitions, row * n_states, state.caps, first, n_states, model.inverse, row, state.correction, 0
    )
    for lane in range(LANES):
        visits = model.visits[action, block * LANES + lane]
        model.bonus[lane] = np.inf
        if visits > 0.0:
            model.bonus[lane] = bonus_of(
                params, n_stages, state.log_factor, state.variance[lane], state.correction[lane], visits
            )


improve = planner(fill_bonus)


@inlined
def count_arrivals(state):
    """N'_h of the last episode. A cap below H^2 changes every bonus that looks at it, so all blocks become stale."""
    model = state.model
    n_stages, n_actions, n_states = model.q.shape[0], model.q.shape[1], model.leads.shape[1]
    for h in range(n_stages + 1):
        s = model.states[h]
        state.arrivals[h, s] += 1.0
        cap = cap_of(n_stages, n_states, n_actions, state.log_factor, state.arrivals[h, s])
        if cap != state.caps[h, s]:
            state.caps[h, s] = cap
            model.stale[...] = True


@inlined
def plan(params, state, episode):
    """Algorithm 1: count the last episode, then Algorithm 2 for h = H, ..., 1."""
    if episode == 1:
        return CHANGED
    fold(state.model)
    count_arrivals(state)
    return CHANGED if improve(params, state) else SAME


@inlined
def act(params, state, h, s, rng):
    """The greedy action, ties to the lowest index."""
    return state.policy[h, s]


@inlined
def observe(params, state, h, s, a, reward, following):
    """Keep the step; it is counted after the episode."""
    remember(state.model, h, s, a, following)
