"""BPI-UCBVI (Menard, Domingues, Jonsson, Kaufmann, Leurent and Valko 2021): best-policy identification."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from kernels.jit import inlined
from mdps.loops import CHANGED, STOP, EpisodicProblem
from mdps.model import Float, Int
from mdps.optimism import check_accuracy, check_confidence, check_scale


class BPIUCVI(NamedTuple):
    """Act greedily in upper bounds Q; stop when the bound G_1 on the gap of the greedy policy is at most epsilon.

    With v = Var of Vup_{h+1} under Ph, b = log(3SAH/delta) + S log(8e(n+1)), b* = log(3SAH/delta) + log(8e(n+1)),
    w = 3 sqrt(v b*/n) + 14 H^2 b/n + (1/H) Ph(Vup - Vlow):

    Qup_h = min(H, r + w + Ph Vup_{h+1}), Qlow_h = max(0, r - w + Ph Vlow_{h+1}),
    G_h = min(H, 6 sqrt(v b*/n) + 36 H^2 b/n + (1 + 3/H) Ph G_{h+1}(., pi)), pi greedy in Qup;
    (H, 0, H) where n = 0. Vup and Vlow are maxima over actions. Counts are per stage; ties go to the lowest action.

    Attributes:
        epsilon: the recommended policy is epsilon-optimal, > 0. delta: failure probability.
        bonus_factor: of w without its last term, and of G's first two terms; 1 in the theorem.
    """

    epsilon: float
    delta: float = 0.1
    bonus_factor: float = 1.0


class State(NamedTuple):
    """One run; a pair is ``s * n_actions + a``."""

    rewards: Float  # known mean rewards, (H, n_pairs)
    visits: Float  # n, (H, n_pairs)
    transitions: Float  # n(s, a, y), (H, n_pairs, n_states)
    upper: Float  # Qup, (H, n_pairs)
    lower: Float  # Qlow, (H, n_pairs)
    gap: Float  # G, (H, n_pairs)
    values: Float  # Vup, Vlow and G under the policy, (3, H + 1, n_states)
    policy: Int  # (H, n_states)
    first: Int  # the first state, -1 before the first episode, one entry
    certificate: Float  # G_1(s_1), and 1 once the rule has stopped


def allocate(params: BPIUCVI, problem: EpisodicProblem) -> State:
    """Arrays of one run.

    Raises:
        InvalidInput: if a hyper-parameter is out of its range.
    """
    check_accuracy(params.epsilon)
    check_confidence(params.delta)
    check_scale("bonus_factor", params.bonus_factor)
    h, s, n = problem.horizon, problem.n_states, problem.n_states * problem.n_actions
    return State(
        np.ascontiguousarray(problem.rewards.reshape(h, n)), np.zeros((h, n)), np.zeros((h, n, s)), np.zeros((h, n)),
        np.zeros((h, n)), np.zeros((h, n)), np.zeros((3, h + 1, s)), np.zeros((h, s), np.int64), np.zeros(1, np.int64),
        np.zeros(2),
    )  # fmt: skip


@inlined
def init(params, state):
    """No visit."""
    horizon, n_pairs, n_states = state.transitions.shape
    for h in range(horizon):
        for pair in range(n_pairs):
            state.visits[h, pair] = 0.0
            state.upper[h, pair] = float(horizon)
            state.lower[h, pair] = 0.0
            state.gap[h, pair] = float(horizon)
            for y in range(n_states):
                state.transitions[h, pair, y] = 0.0
        for s in range(n_states):
            state.policy[h, s] = 0
    for i in range(3):
        for s in range(n_states):
            state.values[i, horizon, s] = 0.0
    state.first[0] = -1
    state.certificate[0] = math.inf
    state.certificate[1] = 0.0


@inlined
def bound_pair(params, state, h, pair):
    """Qup, Qlow and G of a visited pair."""
    horizon, n_pairs, n_states = state.transitions.shape
    n = state.visits[h, pair]
    up, low, gap, square = 0.0, 0.0, 0.0, 0.0
    for y in range(n_states):
        share = state.transitions[h, pair, y] / n
        up += share * state.values[0, h + 1, y]
        low += share * state.values[1, h + 1, y]
        gap += share * state.values[2, h + 1, y]
    for y in range(n_states):
        square += state.transitions[h, pair, y] / n * (state.values[0, h + 1, y] - up) ** 2
    pairs = math.log(3.0 * n_pairs * horizon / params.delta)
    one = math.log(8.0 * math.e * (n + 1.0))
    root = math.sqrt(square * (pairs + one) / n)
    rest = horizon**2 * (pairs + n_states * one) / n
    width = params.bonus_factor * (3.0 * root + 14.0 * rest) + (up - low) / horizon
    reward = state.rewards[h, pair]
    state.upper[h, pair] = min(float(horizon), reward + width + up)
    state.lower[h, pair] = max(0.0, reward - width + low)
    total = params.bonus_factor * (6.0 * root + 36.0 * rest) + (1.0 + 3.0 / horizon) * gap
    state.gap[h, pair] = min(float(horizon), total)


@inlined
def plan(params, state, episode):
    """Upper and lower values and the gap of the greedy policy, backwards; the stopping rule."""
    horizon, n_pairs, n_states = state.transitions.shape
    n_actions = n_pairs // n_states
    for h in range(horizon - 1, -1, -1):
        for s in range(n_states):
            best, low, best_action = -1.0, -1.0, 0
            for a in range(n_actions):
                pair = s * n_actions + a
                if state.visits[h, pair] > 0.0:
                    bound_pair(params, state, h, pair)
                if state.upper[h, pair] > best:
                    best, best_action = state.upper[h, pair], a
                low = max(low, state.lower[h, pair])
            state.values[0, h, s] = best
            state.values[1, h, s] = low
            state.values[2, h, s] = state.gap[h, s * n_actions + best_action]
            state.policy[h, s] = best_action
    if state.first[0] >= 0:
        state.certificate[0] = state.values[2, 0, state.first[0]]
        if state.certificate[0] <= params.epsilon:
            state.certificate[1] = 1.0
            return STOP
    return CHANGED


@inlined
def act(params, state, h, s, rng):
    """Greedy in the upper bounds."""
    return state.policy[h, s]


@inlined
def observe(params, state, h, s, a, reward, following):
    """Count; rewards are known."""
    pair = s * (state.transitions.shape[1] // state.transitions.shape[2]) + a
    state.visits[h, pair] += 1.0
    state.transitions[h, pair, following] += 1.0
    if h == 0:
        state.first[0] = s


def summary_shape(params: BPIUCVI, state: State) -> tuple[int, ...]:
    """The recommended policy: (horizon, n_states)."""
    return state.policy.shape


@inlined
def summarise(params, state, summary, run):
    """Leave the recommended policy: greedy in the upper bounds when the run ended."""
    for h in range(state.policy.shape[0]):
        for s in range(state.policy.shape[1]):
            summary[run, h, s] = state.policy[h, s]
