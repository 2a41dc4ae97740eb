"""RF-Express (Menard, Domingues, Jonsson, Kaufmann, Leurent and Valko 2021): reward-free exploration."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from kernels.jit import inlined
from mdps.error_bounds import (
    ErrorBounds,
    allocate_bounds,
    backward,
    copy_transitions,
    count,
    largest_first,
    reset,
)
from mdps.loops import CHANGED, STOP, EpisodicProblem
from mdps.optimism import check_accuracy, check_confidence, check_scale


class RFExpress(NamedTuple):
    """Act greedily in the error bounds W; stop when 3 e sqrt(w) + w <= epsilon / 2, w = max_a W_1(s_1, a).

    W_h = min(H, 15 H^2 beta(n) / n + (1 + 1/H) sum_y Ph(y) max_a W_{h+1}(y, a)), H where n = 0;
    beta(n) = log(3SAH/delta) + S log(8e(n + 1)). Counts are per stage; ties go to the lowest action.

    Attributes:
        epsilon: after stopping, the policy that is optimal in the empirical model is epsilon-optimal for every
            reward in [0, 1], > 0.
        delta: failure probability.
        bonus_factor: 15 in the theorem; anything else is outside it.
    """

    epsilon: float
    delta: float = 0.1
    bonus_factor: float = 15.0


def allocate(params: RFExpress, problem: EpisodicProblem) -> ErrorBounds:
    """Arrays of one run.

    Raises:
        InvalidInput: if a hyper-parameter is out of its range.
    """
    check_accuracy(params.epsilon)
    check_confidence(params.delta)
    check_scale("bonus_factor", params.bonus_factor)
    return allocate_bounds(problem, np.full(problem.horizon, float(problem.horizon)))


@inlined
def init(params, state):
    """No visit: W = H everywhere."""
    reset(state)


@inlined
def exploration_bonus(params, n, n_states, n_pairs, horizon):
    """15 H^2 beta(n, delta) / n."""
    beta = math.log(3.0 * n_pairs * horizon / params.delta) + n_states * math.log(8.0 * math.e * (n + 1.0))
    return params.bonus_factor * horizon * horizon * beta / n


@inlined
def plan(params, state, episode):
    """W_h and its greedy policy; the stopping rule."""
    horizon = state.transitions.shape[0]
    if episode == 1:
        return CHANGED
    answer = backward(state, 1.0 + 1.0 / horizon)
    w = largest_first(state)
    state.certificate[0] = 3.0 * math.e * math.sqrt(w) + w
    if state.certificate[0] <= params.epsilon / 2.0:
        state.certificate[1] = 1.0
        return STOP
    return answer


@inlined
def act(params, state, h, s, rng):
    """Greedy in W."""
    return state.policy[h, s]


@inlined
def observe(params, state, h, s, a, reward, following):
    """Count; the reward is ignored."""
    horizon, n_pairs, n_states = state.transitions.shape
    n = count(state, h, s, a, following)
    state.bonus[h, state.path[h]] = exploration_bonus(params, n, n_states, n_pairs, horizon)


def summary_shape(params: RFExpress, state: ErrorBounds) -> tuple[int, ...]:
    """The transition counts: (horizon, n_pairs, n_states)."""
    return state.transitions.shape


@inlined
def summarise(params, state, summary, run):
    """Leave the transition counts, from which the empirical model is read."""
    copy_transitions(state, summary, run)
