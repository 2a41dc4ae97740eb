"""Optimistic Q-learning (Jin, Allen-Zhu, Bubeck, Jordan 2018): what the Hoeffding and Bernstein versions share."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from kernels.jit import inlined
from mdps.model import Float, Int


class QTable(NamedTuple):
    """Q and V of every stage: transitions may depend on the stage, and nothing else is kept of the model.

    Attributes:
        q: shape (H, S, A), starts at H. values: V = min{H, max_a Q}, shape (H + 1, S), the last row zero.
        visits: N_h(s, a), shape (H, S, A).
        greedy_changed: whether a greedy action changed since the last plan, shape (1,).
    """

    q: Float
    values: Float
    visits: Int
    greedy_changed: npt.NDArray[np.bool_]


def allocate_table(problem: Any) -> QTable:
    """Arrays for an :class:`~mdps.loops.EpisodicProblem`."""
    h, s, a = problem.horizon, problem.n_states, problem.n_actions
    return QTable(np.zeros((h, s, a)), np.zeros((h + 1, s)), np.zeros((h, s, a), np.int64), np.zeros(1, np.bool_))


def log_factor(problem: Any, delta: float) -> float:
    """i = log(2 S A T / p), T = K H.

    The paper's logarithm has no factor 2; with it b_t = sqrt(H^3 i / t) suffices for optimism with probability 1 - p:
    Azuma-Hoeffding with range H and sum_i (a_t^i)^2 <= 2H/t for both sides of every (h, s, a, t).
    """
    steps = problem.n_episodes * problem.horizon
    return math.log(2.0 * problem.n_states * problem.n_actions * steps / delta)


@inlined
def reset_table(table, policy):
    """Q = V = H everywhere; the greedy action of lowest index is 0."""
    n_stages = table.q.shape[0]
    table.q[...] = n_stages
    table.values[...] = n_stages
    table.values[n_stages] = 0.0
    table.visits[...] = 0
    policy[...] = 0
    table.greedy_changed[0] = True


@inlined
def step_size(n_stages, t):
    """a_t = (H + 1) / (H + t) (eq. (2.2))."""
    return (n_stages + 1.0) / (n_stages + t)


@inlined
def learn(table, policy, h, s, a, rate, target):
    """Q_h(s,a) <- (1 - a_t) Q_h(s,a) + a_t target; V_h(s) <- min{H, max_a Q_h(s,a)} (eq. (2.1))."""
    table.q[h, s, a] = (1.0 - rate) * table.q[h, s, a] + rate * target
    best = table.q[h, s, 0]
    greedy = 0
    for action in range(1, table.q.shape[2]):
        if table.q[h, s, action] > best:
            best = table.q[h, s, action]
            greedy = action
    table.values[h, s] = min(best, np.float64(table.q.shape[0]))
    if greedy != policy[h, s]:
        policy[h, s] = greedy
        table.greedy_changed[0] = True


@inlined
def policy_changed(table):
    """Whether a greedy action changed since this was last asked."""
    changed = table.greedy_changed[0]
    table.greedy_changed[0] = False
    return changed
