"""UCB-Advantage (Zhang, Zhou and Ji 2020): Q-learning in stages, the next value split into a reference and the rest."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from kernels.jit import inlined
from mdps.loops import CHANGED, SAME, EpisodicProblem
from mdps.model import Float, Int
from mdps.optimism import check_confidence, check_scale
from mdps.rows import take_best
from theory.errors import InvalidInput

#: What ``sums`` holds of a triple (h, s, a): over all visits, Vref(s') and its square; over the visits of the current
#: stage, V(s'), (V - Vref)(s') and its square.
REF, REF_SQUARE, VALUE, ADVANTAGE, ADVANTAGE_SQUARE = range(5)


class UCBAdvantage(NamedTuple):
    """At the end of a stage, Q <- min{r + v/m + bbar, r + ref/n + adv/m + b, Q}; n visits, m of them in the stage.

    Stages of a triple last e_1 = H, e_{i+1} = floor((1 + 1/H) e_i) visits. Vref_h(s) is H until (h, s) has been visited
    N0 = c S A H^6 i times, then V_h(s) of that moment. i = log(2/p), p = delta/(2T(H^2 T^3 + 7)), T = KH.

    Attributes:
        delta: total failure probability, in (0, 1).
        c: constant of N0, "large enough" in the paper; > 0.
        scale: factor on both bonuses; 1 in the theorem, anything else is outside it.
    """

    delta: float = 0.05
    c: float = 1.0
    scale: float = 1.0


class State(NamedTuple):
    """Tables of one run, by stage h of the episode, state and action.

    Attributes:
        q: (H, S, A). values, reference: V and Vref, (H + 1, S), last row zero. policy: (H, S).
        visits, in_stage: n and m, (H, S, A). length, end: e_i of the current stage and n at its end, (H, S, A).
        seen: visits of (h, s), (H, S). sums: see ``REF``, (H, S, A, 5).
        flags: whether a greedy action changed since the last plan; number of updates of Q, (2,).
        level: i. settled: N0.
    """

    q: Float
    values: Float
    reference: Float
    policy: Int
    visits: Int
    in_stage: Int
    length: Int
    end: Int
    seen: Int
    sums: Float
    flags: Int
    level: float
    settled: float


def log_factor(n_stages: int, n_episodes: int, delta: float) -> float:
    """i = log(2/p), p = delta/(2T(H^2 T^3 + 7)), T = KH."""
    steps = float(n_episodes * n_stages)
    return math.log(4.0 * steps * (n_stages**2 * steps**3 + 7.0) / delta)


def allocate(params: UCBAdvantage, problem: EpisodicProblem) -> State:
    """Arrays of one run.

    Raises:
        InvalidInput: if delta is outside (0, 1), c is not positive, or the scale is negative.
    """
    check_confidence(params.delta)
    check_scale("scale", params.scale)
    if not 0.0 < params.c < math.inf:
        raise InvalidInput(f"UCB-Advantage: c is {params.c}; expected a finite number > 0")
    s, a, h = problem.n_states, problem.n_actions, problem.horizon
    level = log_factor(h, problem.n_episodes, params.delta)
    integers = np.zeros((4, h, s, a), np.int64)
    return State(
        np.zeros((h, s, a)), np.zeros((h + 1, s)), np.zeros((h + 1, s)), np.zeros((h, s), np.int64), integers[0],
        integers[1], integers[2], integers[3], np.zeros((h, s), np.int64), np.zeros((h, s, a, 5)),
        np.zeros(2, np.int64), level, params.c * s * a * float(h) ** 6 * level,
    )  # fmt: skip


@inlined
def init(params, state):
    """Q_h = V_h = H - h (stages from 0), Vref = H; the first stage of every triple is H visits long."""
    n_stages = state.q.shape[0]
    for h in range(n_stages):
        state.q[h, :, :] = n_stages - h
        state.values[h, :] = n_stages - h
    state.values[n_stages, :] = 0.0
    state.reference[...] = n_stages
    state.reference[n_stages, :] = 0.0
    state.policy[...] = 0
    state.visits[...] = 0
    state.in_stage[...] = 0
    state.length[...] = n_stages
    state.end[...] = n_stages
    state.seen[...] = 0
    state.sums[...] = 0.0
    state.flags[...] = 0


@inlined
def simple_bonus(params, level, n_stages, m):
    """bbar = 2 sqrt(H^2 i/m)."""
    return params.scale * 2.0 * n_stages * math.sqrt(level / m)


@inlined
def advantage_bonus(params, level, n_stages, ref_variance, adv_variance, n, m):
    """b: both empirical standard deviations, and 5H (i/n + i/m + (i/n)^{3/4} + (i/m)^{3/4})."""
    first, second = level / n, level / m
    roots = 2.0 * math.sqrt(ref_variance * first) + 2.0 * math.sqrt(adv_variance * second)
    return params.scale * (roots + 5.0 * n_stages * (first + second + first**0.75 + second**0.75))


@inlined
def spread(total, squares, n):
    """squares/n - (total/n)^2; rounding may not make it negative."""
    return max(0.0, squares / n - (total / n) ** 2)


@inlined
def plan(params, state, episode):
    """Nothing to plan: the greedy policy is kept up to date. Updates at a stage do not change later stages' actions."""
    changed = state.flags[0] != 0 or episode == 1
    state.flags[0] = 0
    return CHANGED if changed else SAME


@inlined
def act(params, state, h, s, rng):
    """argmax_a Q_h(s, a), ties to the lowest index."""
    return state.policy[h, s]


@inlined
def improve(params, state, h, s, a, reward):
    """The update at the end of a stage, and the next stage (Algorithm 1, lines 8-13)."""
    n_stages = state.q.shape[0]
    sums = state.sums
    n, m = np.float64(state.visits[h, s, a]), np.float64(state.in_stage[h, s, a])
    simple = sums[h, s, a, VALUE] / m + simple_bonus(params, state.level, n_stages, m)
    ref_variance = spread(sums[h, s, a, REF], sums[h, s, a, REF_SQUARE], n)
    adv_variance = spread(sums[h, s, a, ADVANTAGE], sums[h, s, a, ADVANTAGE_SQUARE], m)
    split = sums[h, s, a, REF] / n + sums[h, s, a, ADVANTAGE] / m
    split += advantage_bonus(params, state.level, n_stages, ref_variance, adv_variance, n, m)
    state.q[h, s, a] = min(state.q[h, s, a], reward + min(simple, split))
    if take_best(state.q, state.values, state.policy, h, s):
        state.flags[0] = 1
    state.flags[1] += 1
    state.in_stage[h, s, a] = 0
    sums[h, s, a, VALUE] = 0.0
    sums[h, s, a, ADVANTAGE] = 0.0
    sums[h, s, a, ADVANTAGE_SQUARE] = 0.0
    state.length[h, s, a] += state.length[h, s, a] // n_stages  # floor((1 + 1/H) e_i)
    state.end[h, s, a] += state.length[h, s, a]


@inlined
def observe(params, state, h, s, a, reward, following):
    """Accumulate (line 7); update at the end of a stage; freeze the reference after N0 visits (line 14)."""
    sums = state.sums
    value, reference = state.values[h + 1, following], state.reference[h + 1, following]
    state.visits[h, s, a] += 1
    state.in_stage[h, s, a] += 1
    sums[h, s, a, REF] += reference
    sums[h, s, a, REF_SQUARE] += reference * reference
    sums[h, s, a, VALUE] += value
    sums[h, s, a, ADVANTAGE] += value - reference
    sums[h, s, a, ADVANTAGE_SQUARE] += (value - reference) ** 2
    if state.visits[h, s, a] == state.end[h, s, a]:
        improve(params, state, h, s, a, reward)
    before = np.float64(state.seen[h, s])
    state.seen[h, s] += 1
    if before < state.settled <= before + 1.0:
        state.reference[h, s] = state.values[h, s]
