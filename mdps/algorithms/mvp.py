"""MVP, monotonic value propagation (Zhang, Ji and Du 2021; as in Zhang, Chen, Lee and Du 2023, Algorithm 1)."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from kernels.jit import inlined
from mdps.loops import CHANGED, SAME, EpisodicProblem
from mdps.model import Float, Int
from mdps.optimism import check_confidence, check_scale
from mdps.rows import expectation, take_best, variance

#: Constants of the bonus.
C1, C2, C3 = 460.0 / 9.0, 2.0 * math.sqrt(2.0), 544.0 / 9.0


class MVP(NamedTuple):
    """Q_h = min{rh + Ph V_{h+1} + b, H}, b = c1 sqrt(Var_Ph(V) i/N) + c2 sqrt((s2 - rh^2) i/N) + c3 H i/N.

    c1 = 460/9, c2 = 2 sqrt 2, c3 = 544/9, i = log(1/delta'), delta' = delta/(200 S A H^2 K^2). Every (h, s, a) has an
    estimate of its own, from its last complete batch: when it has been visited 2^j times, the visits since 2^(j-1).

    Attributes:
        delta: confidence parameter, in (0, 1).
        scale: factor on the bonus; 1 in the theorem, anything else is outside it.
    """

    delta: float = 0.05
    scale: float = 1.0


class State(NamedTuple):
    """A row is (h, s, a), stage by stage, whatever the model.

    Attributes:
        total: all visits, (n_rows,). fresh, sums, squares, moves: visits, rewards, their squares and next states since
            the last batch was closed, (n_rows,) and (n_rows, S).
        visits, means, spreads, laws: N, rh, s2 - rh^2 and Ph of the last closed batch.
        q, values, policy: (H, S, A), (H + 1, S), (H, S).
        flags: whether a batch was closed since the last planning; number of plannings, (2,).
        level: i. longest: the largest power of two up to K.
    """

    total: Int
    fresh: Float
    sums: Float
    squares: Float
    moves: Float
    visits: Float
    means: Float
    spreads: Float
    laws: Float
    q: Float
    values: Float
    policy: Int
    flags: Int
    level: float
    longest: int


def log_factor(n_states: int, n_actions: int, horizon: int, n_episodes: int, delta: float) -> float:
    """i = log(1/delta') = log(200 S A H^2 K^2/delta)."""
    return math.log(200.0 * n_states * n_actions * horizon**2 * float(n_episodes) ** 2 / delta)


def allocate(params: MVP, problem: EpisodicProblem) -> State:
    """Arrays of one run.

    Raises:
        InvalidInput: if delta is outside (0, 1) or the scale is negative.
    """
    check_confidence(params.delta)
    check_scale("scale", params.scale)
    s, a, h = problem.n_states, problem.n_actions, problem.horizon
    n = h * s * a
    return State(
        np.zeros(n, np.int64), np.zeros(n), np.zeros(n), np.zeros(n), np.zeros((n, s)), np.zeros(n), np.zeros(n),
        np.zeros(n), np.zeros((n, s)), np.zeros((h, s, a)), np.zeros((h + 1, s)), np.zeros((h, s), np.int64),
        np.zeros(2, np.int64), log_factor(s, a, h, problem.n_episodes, params.delta),
        2 ** (problem.n_episodes.bit_length() - 1),
    )  # fmt: skip


@inlined
def init(params, state):
    """No data: Q = H, action 0."""
    n_stages = state.policy.shape[0]
    state.total[...] = 0
    state.fresh[...] = 0.0
    state.sums[...] = 0.0
    state.squares[...] = 0.0
    state.moves[...] = 0.0
    state.visits[...] = 0.0
    state.means[...] = 0.0
    state.spreads[...] = 0.0
    state.laws[...] = 0.0
    state.q[...] = n_stages
    state.values[...] = n_stages
    state.values[n_stages] = 0.0
    state.policy[...] = 0
    state.flags[...] = 0


@inlined
def bonus_of(params, level, n_stages, spread_of_values, spread_of_rewards, visits):
    """c1 sqrt(Var_Ph(V) i/N) + c2 sqrt((s2 - rh^2) i/N) + c3 H i/N for N >= 1 (eq. 18)."""
    share = level / visits
    root = C1 * math.sqrt(spread_of_values * share) + C2 * math.sqrt(spread_of_rewards * share)
    return params.scale * (root + C3 * n_stages * share)


@inlined
def plan(params, state, episode):
    """After an episode that closed a batch: the optimistic recursion on the closed batches (lines 10-13)."""
    if episode == 1:
        return CHANGED
    if state.flags[0] == 0:
        return SAME
    state.flags[0] = 0
    state.flags[1] += 1
    n_stages, n_states, n_actions = state.q.shape
    changed = False
    for h in range(n_stages - 1, -1, -1):
        for s in range(n_states):
            for a in range(n_actions):
                row = (h * n_states + s) * n_actions + a
                if state.visits[row] > 0.0:  # else Q = H, as at the beginning
                    mean = expectation(state.laws, row, state.values, h + 1)
                    spread = variance(state.laws, row, state.values, h + 1, mean)
                    bonus = bonus_of(params, state.level, n_stages, spread, state.spreads[row], state.visits[row])
                    state.q[h, s, a] = min(state.means[row] + mean + bonus, np.float64(n_stages))
            if take_best(state.q, state.values, state.policy, h, s):
                changed = True
    return CHANGED if changed else SAME


@inlined
def act(params, state, h, s, rng):
    """The greedy action, ties to the lowest index."""
    return state.policy[h, s]


@inlined
def close_batch(state, row):
    """Estimates from the visits since the last batch was closed; a new batch begins (lines 7-8)."""
    n = state.fresh[row]
    state.visits[row] = n
    state.means[row] = state.sums[row] / n
    state.spreads[row] = max(0.0, state.squares[row] / n - state.means[row] ** 2)
    for y in range(state.laws.shape[1]):
        state.laws[row, y] = state.moves[row, y] / n
        state.moves[row, y] = 0.0
    state.fresh[row] = 0.0
    state.sums[row] = 0.0
    state.squares[row] = 0.0
    state.flags[0] = 1


@inlined
def observe(params, state, h, s, a, reward, following):
    """Line 6; a batch is closed when the number of visits is 1, 2, 4, ..., up to K (line 7)."""
    n_states, n_actions = state.q.shape[1], state.q.shape[2]
    row = (h * n_states + s) * n_actions + a
    n = state.total[row] + 1
    state.total[row] = n
    state.fresh[row] += 1.0
    state.sums[row] += reward
    state.squares[row] += reward * reward
    state.moves[row, following] += 1.0
    if n & (n - 1) == 0 and n <= state.longest:
        close_batch(state, row)
