"""Counts of an episodic run by the rows of the model, and the greedy step of backward induction.

A row is a (state, action) pair if the transitions are the same at every stage, a (stage, state, action) triple if
they may differ, as in :class:`~mdps.model.TabularArrays`. An episode's steps are kept apart and counted after its end.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from kernels.jit import inlined
from mdps.loops import EpisodicProblem
from mdps.model import Float, Int


class RowCounts(NamedTuple):
    """What was seen in the earlier episodes, and the steps of the last one.

    Attributes:
        visits: N, (n_rows,). transitions: N(y), (n_rows, S). reward_sums, square_sums: of the rewards, (n_rows,).
        path, arrivals, gains: row, next state and reward of each stage of the last episode, (H,).
        stride: rows of a stage, or 0 if all stages share them.
    """

    visits: Float
    transitions: Float
    reward_sums: Float
    square_sums: Float
    path: Int
    arrivals: Int
    gains: Float
    stride: int


def row_count(problem: EpisodicProblem) -> int:
    """Number of rows of the model."""
    return problem.n_states * problem.n_actions * (problem.horizon if problem.stage_dependent else 1)


def allocate_counts(problem: EpisodicProblem) -> RowCounts:
    """Arrays for an :class:`~mdps.loops.EpisodicProblem`."""
    n, s, h = row_count(problem), problem.n_states, problem.horizon
    stride = s * problem.n_actions if problem.stage_dependent else 0
    return RowCounts(
        np.zeros(n), np.zeros((n, s)), np.zeros(n), np.zeros(n), np.zeros(h, np.int64), np.zeros(h, np.int64),
        np.zeros(h), stride,
    )  # fmt: skip


@inlined
def reset(counts):
    """Nothing seen."""
    counts.visits[...] = 0.0
    counts.transitions[...] = 0.0
    counts.reward_sums[...] = 0.0
    counts.square_sums[...] = 0.0


@inlined
def remember(counts, h, row, reward, following):
    """Keep a step of the episode."""
    counts.path[h] = row
    counts.arrivals[h] = following
    counts.gains[h] = reward


@inlined
def fold(counts):
    """Count the last episode."""
    for h in range(counts.path.shape[0]):
        row, reward = counts.path[h], counts.gains[h]
        counts.visits[row] += 1.0
        counts.transitions[row, counts.arrivals[h]] += 1.0
        counts.reward_sums[row] += reward
        counts.square_sums[row] += reward * reward


@inlined
def expectation(weights, row, values, h):
    """sum_y weights[row, y] values[h, y]."""
    total = 0.0
    for y in range(weights.shape[1]):
        total += weights[row, y] * values[h, y]
    return total


@inlined
def variance(weights, row, values, h, mean):
    """sum_y weights[row, y] (values[h, y] - mean)^2, for weights of sum one and their mean."""
    total = 0.0
    for y in range(weights.shape[1]):
        total += weights[row, y] * (values[h, y] - mean) ** 2
    return total


@inlined
def take_best(q, values, policy, h, s):
    """V_h(s) = max_a Q_h(s, a) and its action, ties to the lowest; whether the action is a new one."""
    best, greedy = q[h, s, 0], 0
    for a in range(1, q.shape[2]):
        if q[h, s, a] > best:
            best = q[h, s, a]
            greedy = a
    values[h, s] = best
    changed = policy[h, s] != greedy
    policy[h, s] = greedy
    return changed


@inlined
def keep_stream(params, state, rng):
    """The ``randomise`` of algorithms whose ``plan`` draws: keep the stream in ``state.rng``."""
    for i in range(3):
        state.rng[i] = rng[i]
