"""What the watches of PSRL, RLSVI, MVP and EULER share: counts by the rows of the model, kept independently.

Rows are those of :mod:`mdps.rows`. The true laws are read from the model when a run begins, so that every run may
have a model of its own.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from kernels.jit import inlined
from kernels.steps import Step, check
from mdps.model import Float, Int
from proofs_check.episodes import PLACE, expected_first_value, expected_residual, returns_width

PIGEONHOLE_STEP = Step(
    "pigeonhole",
    "sum_k sum_h 1/sqrt(max(1, N_k)) <= 2 sqrt(rows K H) + H rows, the rows being those of the model",
    "counts frozen within an episode; Azar, Osband and Munos 2017, eq. (9)",
    place=PLACE,
)


class Ledger(NamedTuple):
    """What is known of a run from outside the algorithm.

    Attributes:
        visits, transitions, reward_sums, square_sums: of the earlier episodes, (n_rows,) and (n_rows, S).
        laws, means: true P, (n_rows, S), and mean rewards, (n_rows,).
        path, arrivals, gains: row, next state and reward of each stage of the current episode, (H,).
        chosen: Q_h(s, pi_h(s)), (H, S). scratch: (6, S).
        sums: [V^pi of the episode, return so far, sum of V^pi - returns, pigeonhole sum, slug's own, slug's own], (6,).
    """

    visits: Float
    transitions: Float
    reward_sums: Float
    square_sums: Float
    laws: Float
    means: Float
    path: Int
    arrivals: Int
    gains: Float
    chosen: Float
    scratch: Float
    sums: Float


def allocate_ledger(instance: Any) -> Ledger:
    """Arrays for an episodic instance, or for a prior over such."""
    s, a, h = instance.n_states, instance.n_actions, instance.horizon
    n = s * a * (h if instance.stage_dependent else 1)
    return Ledger(
        np.zeros(n), np.zeros((n, s)), np.zeros(n), np.zeros(n), np.zeros((n, s)), np.zeros(n), np.zeros(h, np.int64),
        np.zeros(h, np.int64), np.zeros(h), np.zeros((h, s)), np.zeros((6, s)), np.zeros(6),
    )  # fmt: skip


@inlined
def clear(ledger, model):
    """Before the first episode of a run on ``model``."""
    ledger.visits[...] = 0.0
    ledger.transitions[...] = 0.0
    ledger.reward_sums[...] = 0.0
    ledger.square_sums[...] = 0.0
    ledger.sums[...] = 0.0
    ledger.laws[...] = 0.0
    for row in range(ledger.means.shape[0]):
        ledger.means[row] = model.rewards[row]
        for k in range(model.indptr[row], model.indptr[row + 1]):
            ledger.laws[row, model.successors[k]] += model.probabilities[k]


@inlined
def note_step(ledger, model, h, s, a, reward, following):
    """A step of the episode; counted by :func:`count_episode`. Returns its row."""
    row = h * model.stage_stride + s * model.n_actions + a
    ledger.path[h] = row
    ledger.arrivals[h] = following
    ledger.gains[h] = reward
    ledger.sums[1] += reward
    ledger.sums[3] += 1.0 / math.sqrt(max(1.0, ledger.visits[row]))
    return row


@inlined
def count_episode(ledger):
    """After the episode: counts, and the martingale sum of V^pi - return."""
    for h in range(ledger.path.shape[0]):
        row, reward = ledger.path[h], ledger.gains[h]
        ledger.visits[row] += 1.0
        ledger.transitions[row, ledger.arrivals[h]] += 1.0
        ledger.reward_sums[row] += reward
        ledger.square_sums[row] += reward * reward
    ledger.sums[2] += ledger.sums[0] - ledger.sums[1]
    ledger.sums[1] = 0.0


@inlined
def count_errors(ledger, counts):
    """How far an algorithm's :class:`~mdps.rows.RowCounts` are from the counts kept here: sum of the differences."""
    wrong = 0.0
    for row in range(ledger.visits.shape[0]):
        wrong += abs(counts.visits[row] - ledger.visits[row]) + abs(counts.reward_sums[row] - ledger.reward_sums[row])
        for y in range(ledger.transitions.shape[1]):
            wrong += abs(counts.transitions[row, y] - ledger.transitions[row, y])
    return wrong


@inlined
def check_decomposition(records, run, step, ledger, instance, q, values, policy, episode, value):
    """The value difference lemma for Q, V with V_h(s) = Q_h(s, pi_h(s)); keeps V^pi for the martingale of returns."""
    ledger.sums[0] = value
    for h in range(q.shape[0]):
        for s in range(q.shape[1]):
            ledger.chosen[h, s] = q[h, s, policy[h, s]]
    residual = expected_residual(instance.model, ledger, policy, values)
    difference = expected_first_value(instance.model, values) - value
    allowance = 1e-9 * (1.0 + abs(difference) + q.shape[0])
    check(records, run, step, abs(difference - residual), allowance, 0.0, episode, -1, -1, -1)


@inlined
def check_pigeonhole(records, run, step, ledger, episode):
    """The pigeonhole sum over all episodes."""
    rows, n_stages = ledger.visits.shape[0], ledger.path.shape[0]
    right = 2.0 * math.sqrt(np.float64(rows * episode * n_stages)) + n_stages * rows
    check(records, run, step, ledger.sums[3], right, 1e-12, episode, -1, -1, -1)


@inlined
def check_returns(records, run, step, ledger, episode, delta):
    """The martingale of the returns, rewards in [0, 1]."""
    width = returns_width(ledger.path.shape[0], episode, delta)
    check(records, run, step, abs(ledger.sums[2]), width, 1e-9, episode, -1, -1, -1)


@inlined
def empirical_mean(ledger, row, values, h):
    """Ph(row) values[h] from the counts kept here (N >= 1)."""
    total = 0.0
    for y in range(ledger.transitions.shape[1]):
        total += ledger.transitions[row, y] * values[h, y]
    return total / ledger.visits[row]


@inlined
def empirical_variance(ledger, row, values, h, mean):
    """Var_{Ph(row)}(values[h]) from the counts kept here (N >= 1)."""
    total = 0.0
    for y in range(ledger.transitions.shape[1]):
        total += ledger.transitions[row, y] * (values[h, y] - mean) ** 2
    return total / ledger.visits[row]


@inlined
def true_mean(ledger, row, values, h):
    """P(row) values[h]."""
    total = 0.0
    for y in range(ledger.laws.shape[1]):
        total += ledger.laws[row, y] * values[h, y]
    return total


@inlined
def l1_error(ledger, row):
    """|Ph(row) - P(row)|_1 from the counts kept here (N >= 1)."""
    total = 0.0
    for y in range(ledger.laws.shape[1]):
        total += abs(ledger.transitions[row, y] / ledger.visits[row] - ledger.laws[row, y])
    return total
