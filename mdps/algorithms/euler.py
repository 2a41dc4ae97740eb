"""EULER (Zanette and Brunskill 2019): Bernstein bonuses corrected by the gap between an upper and a lower value."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from kernels.jit import inlined
from mdps.loops import CHANGED, SAME, EpisodicProblem
from mdps.model import Float, Int
from mdps.optimism import check_confidence, check_scale
from mdps.rows import RowCounts, allocate_counts, expectation, fold, remember, reset, take_best


class EULER(NamedTuple):
    """Q_h = min{rh + b_r + Ph Vup + b, H - h}, stages counted from 0; Vlow by the symmetric recursion with Q's action.

    b(V) = phi(V) + ((4J + B_p)/sqrt n + B_v |Vup - Vlow|_{2,Ph})/sqrt n, phi(V) = sqrt(2 Var_Ph(V) L/n) + J/(n - 1),
    b_r = sqrt(2 Var(r) L/n) + 7L/(3(n - 1)), J = HL/3, B_v = sqrt(2L), B_p = H B_v, L = log(4 S A T/(delta/7)), T = KH.
    A pair seen less than twice has Q = H - h and nothing below.

    Attributes:
        delta: confidence parameter, in (0, 1).
        scale: factor on all bonuses; 1 in the theorem, anything else is outside it.
    """

    delta: float = 0.05
    scale: float = 1.0


class State(NamedTuple):
    """Counts; estimated laws, (n_rows, S); Q, (H, S, A); Vup and Vlow, (H + 1, S); greedy policy, (H, S); L."""

    counts: RowCounts
    laws: Float
    q: Float
    values: Float
    lower: Float
    policy: Int
    level: float


def log_factor(n_states: int, n_actions: int, n_steps: int, delta: float) -> float:
    """L = log(4 S A T/delta'), delta' = delta/7."""
    return math.log(28.0 * n_states * n_actions * n_steps / delta)


def allocate(params: EULER, problem: EpisodicProblem) -> State:
    """Arrays of one run.

    Raises:
        InvalidInput: if delta is outside (0, 1) or the scale is negative.
    """
    check_confidence(params.delta)
    check_scale("scale", params.scale)
    s, a, h = problem.n_states, problem.n_actions, problem.horizon
    counts = allocate_counts(problem)
    return State(
        counts, np.zeros(counts.transitions.shape), np.zeros((h, s, a)), np.zeros((h + 1, s)), np.zeros((h + 1, s)),
        np.zeros((h, s), np.int64), log_factor(s, a, problem.n_episodes * h, params.delta),
    )  # fmt: skip


@inlined
def init(params, state):
    """Forget everything."""
    reset(state.counts)
    state.laws[...] = 0.0
    state.policy[...] = 0


@inlined
def reward_bonus(params, level, variance, n):
    """b_r = sqrt(2 Var(r) L/n) + 7L/(3(n - 1)), n >= 2, Var the unbiased variance."""
    return params.scale * (math.sqrt(2.0 * variance * level / n) + 7.0 * level / (3.0 * (n - 1.0)))


@inlined
def value_bonus(params, level, n_stages, variance, distance, n):
    """phi(V) + ((4J + B_p)/sqrt n + B_v |Vup - Vlow|_{2,Ph})/sqrt n, n >= 2; ``distance`` is the norm."""
    j = n_stages * level / 3.0
    b_v = math.sqrt(2.0 * level)
    phi = math.sqrt(2.0 * variance * level / n) + j / (n - 1.0)
    return params.scale * (phi + (4.0 * j + n_stages * b_v) / n + b_v * distance / math.sqrt(n))


@inlined
def reward_variance(counts, row):
    """Unbiased variance of the rewards of a row, n >= 2."""
    n = counts.visits[row]
    mean = counts.reward_sums[row] / n
    return max(0.0, counts.square_sums[row] - n * mean * mean) / (n - 1.0)


@inlined
def moments(laws, row, values, lower, h):
    """(Ph V, Var_Ph(V), |Vup - Vlow|_{2,Ph}) for V = ``values[h]``, the norm between ``values[h]`` and ``lower[h]``."""
    mean = expectation(laws, row, values, h)
    spread, gap = 0.0, 0.0
    for y in range(laws.shape[1]):
        spread += laws[row, y] * (values[h, y] - mean) ** 2
        gap += laws[row, y] * (values[h, y] - lower[h, y]) ** 2
    return mean, spread, math.sqrt(gap)


@inlined
def plan(params, state, episode):
    """Count the last episode; upper values, the greedy policy and its lower values (Algorithm 1)."""
    counts = state.counts
    if episode > 1:
        fold(counts)
        for h in range(counts.path.shape[0]):
            row = counts.path[h]
            for y in range(state.laws.shape[1]):
                state.laws[row, y] = counts.transitions[row, y] / counts.visits[row]
    n_stages, n_states, n_actions = state.q.shape
    changed = False
    for h in range(n_stages - 1, -1, -1):
        for s in range(n_states):
            for a in range(n_actions):
                row = h * counts.stride + s * n_actions + a
                n = counts.visits[row]
                state.q[h, s, a] = n_stages - h
                if n >= 2.0:
                    mean, spread, distance = moments(state.laws, row, state.values, state.lower, h + 1)
                    bonus = reward_bonus(params, state.level, reward_variance(counts, row), n)
                    bonus += value_bonus(params, state.level, n_stages, spread, distance, n)
                    state.q[h, s, a] = min(counts.reward_sums[row] / n + mean + bonus, np.float64(n_stages - h))
            if take_best(state.q, state.values, state.policy, h, s):
                changed = True
            row = h * counts.stride + s * n_actions + state.policy[h, s]
            n = counts.visits[row]
            state.lower[h, s] = 0.0
            if n >= 2.0:
                mean, spread, distance = moments(state.laws, row, state.lower, state.values, h + 1)
                bonus = reward_bonus(params, state.level, reward_variance(counts, row), n)
                bonus += value_bonus(params, state.level, n_stages, spread, distance, n)
                state.lower[h, s] = max(0.0, counts.reward_sums[row] / n + mean - bonus)
    return CHANGED if changed or episode == 1 else SAME


@inlined
def act(params, state, h, s, rng):
    """The greedy action, ties to the lowest index."""
    return state.policy[h, s]


@inlined
def observe(params, state, h, s, a, reward, following):
    """Keep the step; it is counted after the episode."""
    row = h * state.counts.stride + s * state.q.shape[2] + a
    remember(state.counts, h, row, reward, following)
