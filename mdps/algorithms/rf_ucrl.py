"""RF-UCRL (Kaufmann, Menard, Domingues, Jonsson, Leurent and Valko 2021): reward-free exploration."""

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


class RFUCRL(NamedTuple):
    """Act greedily in the error bounds E; stop when max_a E_1(s_1, a) <= epsilon / 2.

    E_h = min(H - h, (H - h) sqrt(2 beta(n)/n) + sum_y Ph(y) max_b E_{h+1}(y, b)), H - h where n = 0, h = 1..H;
    beta(n) = log(2SAH/delta) + (S - 1) log(e (1 + n/(S - 1))), the last term 0 for S = 1. Counts are per stage; ties
    go to the lowest action.

    Attributes:
        epsilon: after stopping, the policy that is optimal in the empirical model is epsilon-optimal for every
            reward in [0, 1], > 0.
        delta: failure probability.
        bonus_factor: of the square root, 1 in the theorem; anything else is outside it.
    """

    epsilon: float
    delta: float = 0.1
    bonus_factor: float = 1.0


def allocate(params: RFUCRL, problem: EpisodicProblem) -> ErrorBounds:
    """Arrays of one run.

    Raises:
        InvalidInput: if a hyper-parameter is out of its range.
    """
    check_accuracy(params.epsilon)
    check_confidence(params.delta)
    check_scale("bonus_factor", params.bonus_factor)
    return allocate_bounds(problem, np.arange(problem.horizon - 1.0, -1.0, -1.0))


@inlined
def init(params, state):
    """No visit: E_h = H - h everywhere."""
    reset(state)


@inlined
def threshold(delta, n, n_states, n_pairs, horizon):
    """beta(n, delta)."""
    beta = math.log(2.0 * n_pairs * horizon / delta)
    if n_states > 1:
        beta += (n_states - 1.0) * math.log(math.e * (1.0 + n / (n_states - 1.0)))
    return beta


@inlined
def plan(params, state, episode):
    """E_h and its greedy policy; the stopping rule, which may hold before the first episode (H = 1: E = 0)."""
    answer = CHANGED
    w = state.ceiling[0]
    if episode > 1:
        answer = backward(state, 1.0)
        w = largest_first(state)
    state.certificate[0] = w
    if w <= params.epsilon / 2.0:
        state.certificate[1] = 1.0
        return STOP
    return answer


@inlined
def act(params, state, h, s, rng):
    """Greedy in E."""
    return state.policy[h, s]


@inlined
def observe(params, state, h, s, a, reward, following):
    """Count; the reward is ignored."""
    horizon, n_pairs, n_states = state.transitions.shape
    n = count(state, h, s, a, following)
    beta = threshold(params.delta, n, n_states, n_pairs, horizon)
    state.bonus[h, state.path[h]] = params.bonus_factor * state.ceiling[h] * math.sqrt(2.0 * beta / n)


def summary_shape(params: RFUCRL, state: ErrorBounds) -> tuple[int, ...]:
    """The transition counts: (horizon, n_pairs, n_states)."""
    return state.transitions.shape


@inlined
def summarise(params, state, summary, run):
    """Leave the transition counts, from which the empirical model is read."""
    copy_transitions(state, summary, run)
