"""Q-learning with UCB-Hoeffding bonuses (Jin, Allen-Zhu, Bubeck and Jordan 2018, Algorithm 1)."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from kernels.jit import inlined
from mdps.loops import CHANGED, SAME, EpisodicProblem
from mdps.model import Int
from mdps.optimism import check_confidence, check_scale
from mdps.q_learning import QTable, allocate_table, learn, log_factor, policy_changed, reset_table, step_size


class QLearningHoeffding(NamedTuple):
    """b_t = c sqrt(H^3 i / t), i = log(2SAT/p), step size (H+1)/(H+t), V = min{H, max Q}; ties to the lowest index.

    Attributes:
        delta: p, the failure probability, in (0, 1).
        c: the paper leaves it unspecified; 1 is derived to suffice for optimism. Anything less is outside Theorem 1.
    """

    delta: float = 0.05
    c: float = 1.0


class State(NamedTuple):
    """Q-table, greedy policy (H, S), and c sqrt(H^3 i)."""

    table: QTable
    policy: Int
    level: float


def allocate(params: QLearningHoeffding, problem: EpisodicProblem) -> State:
    """Arrays of one run.

    Raises:
        InvalidInput: if delta is outside (0, 1) or c is negative.
    """
    check_confidence(params.delta)
    check_scale("c", params.c)
    level = params.c * math.sqrt(problem.horizon**3 * log_factor(problem, params.delta))
    return State(allocate_table(problem), np.zeros((problem.horizon, problem.n_states), np.int64), level)


@inlined
def init(params, state):
    """Forget everything."""
    reset_table(state.table, state.policy)


@inlined
def plan(params, state, episode):
    """Nothing to plan: the greedy policy is kept up to date. Updates at a stage do not change later stages' actions."""
    return CHANGED if policy_changed(state.table) else SAME


@inlined
def act(params, state, h, s, rng):
    """argmax_a Q_h(s, a)."""
    return state.policy[h, s]


@inlined
def bonus_of(level, t):
    """b_t = c sqrt(H^3 i / t)."""
    return level / math.sqrt(t)


@inlined
def observe(params, state, h, s, a, reward, following):
    """Algorithm 1, lines 6-9; V_{h+1} is that of the beginning of the episode, because stage h + 1 comes later."""
    table = state.table
    t = table.visits[h, s, a] + 1
    table.visits[h, s, a] = t
    target = reward + table.values[h + 1, following] + bonus_of(state.level, t)
    learn(table, state.policy, h, s, a, step_size(table.q.shape[0], t), target)
