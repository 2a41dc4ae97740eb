"""Q-learning with UCB-Bernstein bonuses (Jin, Allen-Zhu, Bubeck and Jordan 2018, Algorithm 2)."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from kernels.jit import inlined
from mdps.loops import CHANGED, SAME, EpisodicProblem
from mdps.model import Float, Int
from mdps.optimism import check_confidence, check_scale
from mdps.q_learning import QTable, allocate_table, learn, log_factor, policy_changed, reset_table, step_size


class QLearningBernstein(NamedTuple):
    """Optimistic Q-learning whose bonus adapts to the variance of the next value; ties to the lowest index.

    beta_t = min{c1 (sqrt(H (W_t + H) i / t) + sqrt(H^7 S A) i / t), c2 sqrt(H^3 i / t)} (eq. (3.2)), W_t the
    empirical variance of V_{h+1} at the t successors, and b_t = (beta_t - (1 - a_t) beta_{t-1}) / (2 a_t).

    Attributes:
        delta: p, the failure probability, in (0, 1).
        c1, c2: unspecified in the paper ("absolute constants"). The reading here, with i = log(2SAT/p): c2 = 2, so
            that half of beta_t is the Hoeffding width sqrt(H^3 i / t), which suffices; c1 = 4, so that half of its
            first term is at least 2 sqrt(H W i / t), the leading term of Freedman's inequality at weights a_t^i.
    """

    delta: float = 0.05
    c1: float = 4.0
    c2: float = 2.0


class State(NamedTuple):
    """Q-table, greedy policy (H, S); per row mean and squared deviations of V_{h+1}, and beta; i; sqrt(H^7 SA)."""

    table: QTable
    policy: Int
    mean: Float
    deviations: Float
    beta: Float
    iota: float
    lower_order: float


def allocate(params: QLearningBernstein, problem: EpisodicProblem) -> State:
    """Arrays of one run.

    Raises:
        InvalidInput: if delta is outside (0, 1), or c1 or c2 is negative.
    """
    check_confidence(params.delta)
    check_scale("c1", params.c1)
    check_scale("c2", params.c2)
    h, s, a = problem.horizon, problem.n_states, problem.n_actions
    lower_order = math.sqrt(float(h) ** 7 * s * a)
    per_row = np.zeros((3, h, s, a))
    policy = np.zeros((h, s), np.int64)
    iota = log_factor(problem, params.delta)
    return State(allocate_table(problem), policy, per_row[0], per_row[1], per_row[2], iota, lower_order)


@inlined
def init(params, state):
    """Forget everything."""
    reset_table(state.table, state.policy)
    state.mean[...] = 0.0
    state.deviations[...] = 0.0
    state.beta[...] = 0.0


@inlined
def plan(params, state, episode):
    """Nothing to plan: the greedy policy is kept up to date."""
    return CHANGED if policy_changed(state.table) else SAME


@inlined
def act(params, state, h, s, rng):
    """argmax_a Q_h(s, a)."""
    return state.policy[h, s]


@inlined
def beta_of(params, n_stages, iota, lower_order, variance, t):
    """beta_t (eq. (3.2))."""
    h = np.float64(n_stages)
    bernstein = math.sqrt(h * (variance + h) * iota / t) + lower_order * iota / t
    return min(params.c1 * bernstein, params.c2 * math.sqrt(h**3 * iota / t))


@inlined
def observe(params, state, h, s, a, reward, following):
    """Algorithm 2, lines 6-13; the sums of V and V^2 are kept as mean and squared deviations (Welford)."""
    table = state.table
    n_stages = table.q.shape[0]
    t = table.visits[h, s, a] + 1
    table.visits[h, s, a] = t
    ahead = table.values[h + 1, following]
    away = ahead - state.mean[h, s, a]
    state.mean[h, s, a] += away / t
    state.deviations[h, s, a] += away * (ahead - state.mean[h, s, a])
    rate = step_size(n_stages, t)
    beta = beta_of(params, n_stages, state.iota, state.lower_order, state.deviations[h, s, a] / t, t)
    bonus = (beta - (1.0 - rate) * state.beta[h, s, a]) / (2.0 * rate)
    state.beta[h, s, a] = beta
    learn(table, state.policy, h, s, a, rate, reward + ahead + bonus)
