"""Bounds on the error of the empirical model: what RF-Express and RF-UCRL share.

W_h(s,a) = min(ceiling_h, bonus_h(s,a) + growth sum_y Ph(y) max_b W_{h+1}(y,b)), the ceiling where n = 0; exploration is
greedy in W. Counts are per stage. An algorithm adds its bonus, its growth and its stopping rule.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from kernels.jit import inlined
from mdps.loops import CHANGED, SAME
from mdps.model import Float, Int


class ErrorBounds(NamedTuple):
    """One run; a pair is ``s * n_actions + a``."""

    visits: Float  # n, (H, n_pairs)
    transitions: Float  # n(s, a, y), (H, n_pairs, n_states)
    bonus: Float  # recomputed only for the pairs just visited, (H, n_pairs)
    width: Float  # W_h, (H, n_pairs)
    reach: Float  # max_a W_h, (H + 1, n_states)
    policy: Int  # (H, n_states)
    path: Int  # the pair visited last at each stage, -1 before the first episode, (H,)
    changed: Int  # states whose ``reach`` changed in this planning, for two consecutive stages, (2, n_states)
    first: Int  # number of first states seen, then these states, (n_states + 1,)
    certificate: Float  # what the stopping rule compares with epsilon / 2, and 1 once the rule has stopped
    ceiling: Float  # (H,)


def allocate_bounds(problem: Any, ceiling: Float) -> ErrorBounds:
    """Arrays of one run for an :class:`~mdps.loops.EpisodicProblem`; ``ceiling``: the largest W_h, (H,)."""
    h, s, n = problem.horizon, problem.n_states, problem.n_states * problem.n_actions
    return ErrorBounds(
        np.zeros((h, n)), np.zeros((h, n, s)), np.zeros((h, n)), np.zeros((h, n)), np.zeros((h + 1, s)),
        np.zeros((h, s), np.int64), np.zeros(h, np.int64), np.zeros((2, s), np.int64), np.zeros(s + 1, np.int64),
        np.zeros(2), np.ascontiguousarray(ceiling, dtype=np.float64),
    )  # fmt: skip


@inlined
def reset(state):
    """No visit: W is at its ceiling everywhere."""
    horizon, n_pairs, n_states = state.transitions.shape
    for h in range(horizon):
        for pair in range(n_pairs):
            state.visits[h, pair] = 0.0
            state.width[h, pair] = state.ceiling[h]
            for y in range(n_states):
                state.transitions[h, pair, y] = 0.0
        for s in range(n_states):
            state.reach[h, s] = state.ceiling[h]
            state.policy[h, s] = 0
        state.path[h] = -1
    for s in range(n_states):
        state.reach[horizon, s] = 0.0
    state.first[0] = 0
    state.certificate[0] = math.inf
    state.certificate[1] = 0.0


@inlined
def follows_change(state, h, pair, n_changed):
    """Whether a state whose ``reach`` changed at stage h + 1 has been seen after this pair."""
    for i in range(n_changed):
        if state.transitions[h, pair, state.changed[(h + 1) % 2, i]] > 0.0:
            return True
    return False


@inlined
def backward(state, growth):
    """W_h and its greedy policy, recomputed exactly where a count or a successor's value changed."""
    horizon, n_pairs, n_states = state.transitions.shape
    n_actions = n_pairs // n_states
    answer = SAME
    n_changed = 0
    for h in range(horizon - 1, -1, -1):
        visited = state.path[h]
        n_now = 0
        for s in range(n_states):
            if n_changed == 0 and visited // n_actions != s:
                continue
            touched = False
            for pair in range(s * n_actions, (s + 1) * n_actions):
                if pair == visited or follows_change(state, h, pair, n_changed):
                    ahead = 0.0
                    for y in range(n_states):
                        ahead += state.transitions[h, pair, y] * state.reach[h + 1, y]
                    bound = state.bonus[h, pair] + growth * ahead / state.visits[h, pair]
                    state.width[h, pair] = min(bound, state.ceiling[h])
                    touched = True
            if touched:
                best, best_action = -1.0, 0
                for a in range(n_actions):
                    if state.width[h, s * n_actions + a] > best:
                        best, best_action = state.width[h, s * n_actions + a], a
                if state.policy[h, s] != best_action:
                    state.policy[h, s] = best_action
                    answer = CHANGED
                if state.reach[h, s] != best:
                    state.reach[h, s] = best
                    state.changed[h % 2, n_now] = s
                    n_now += 1
        n_changed = n_now
    return answer


@inlined
def largest_first(state):
    """max over a and over the first states seen so far of W_1(s_1, a)."""
    w = 0.0
    for i in range(state.first[0]):
        w = max(w, state.reach[0, state.first[i + 1]])
    return w


@inlined
def count(state, h, s, a, following):
    """Count a transition; returns n of the pair."""
    n_pairs, n_states = state.transitions.shape[1], state.transitions.shape[2]
    pair = s * (n_pairs // n_states) + a
    state.visits[h, pair] += 1.0
    state.transitions[h, pair, following] += 1.0
    state.path[h] = pair
    if h == 0:
        known = state.first[0]
        new = True
        for i in range(known):
            if state.first[i + 1] == s:
                new = False
        if new:
            state.first[known + 1] = s
            state.first[0] = known + 1
    return state.visits[h, pair]


@inlined
def copy_transitions(state, summary, run):
    """Leave the transition counts, from which the empirical model is read: (horizon, n_pairs, n_states)."""
    horizon, n_pairs, n_states = state.transitions.shape
    for h in range(horizon):
        for pair in range(n_pairs):
            for y in range(n_states):
                summary[run, h, pair, y] = state.transitions[h, pair, y]
