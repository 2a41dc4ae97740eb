"""RLSVI, tabular (Osband, Van Roy and Wen 2016; Russo 2019): value iteration on data with Gaussian noise added."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from kernels.jit import inlined
from kernels.random import normal_variate
from mdps.loops import CHANGED, SAME, EpisodicProblem
from mdps.model import Float, Int
from mdps.optimism import check_scale
from mdps.rows import RowCounts, allocate_counts, expectation, fold, keep_stream, remember, reset, take_best


class RLSVI(NamedTuple):
    """Q_h = N/(N+1) (rh + Ph V_{h+1}) + w, w ~ N(0, beta_k/(N+1)), beta_k = S H^3 log(2 H S A k) / 2; no clipping.

    Attributes:
        scale: factor on beta_k; 1 in the theorem, anything else is outside it.
    """

    scale: float = 1.0


class State(NamedTuple):
    """Counts; the randomised Q, (H, S, A), and V, (H + 1, S), last row zero; greedy policy, (H, S).

    Attributes:
        noise: the draws w of the episode, (H, S, A). rng: their stream: key, gamma, counter.
    """

    counts: RowCounts
    q: Float
    values: Float
    policy: Int
    noise: Float
    rng: npt.NDArray[np.uint64]


def allocate(params: RLSVI, problem: EpisodicProblem) -> State:
    """Arrays of one run.

    Raises:
        InvalidInput: if the scale is negative.
    """
    check_scale("scale", params.scale)
    s, a, h = problem.n_states, problem.n_actions, problem.horizon
    return State(
        allocate_counts(problem), np.zeros((h, s, a)), np.zeros((h + 1, s)), np.zeros((h, s), np.int64),
        np.zeros((h, s, a)), np.zeros(3, np.uint64),
    )  # fmt: skip


randomise = keep_stream


@inlined
def init(params, state):
    """Forget everything."""
    reset(state.counts)
    state.policy[...] = 0


@inlined
def noise_level(n_stages, n_states, n_actions, episode):
    """beta_k = S H^3 log(2 H S A k) / 2 (Russo 2019, Theorem 1)."""
    h = np.float64(n_stages)
    return 0.5 * n_states * h * h * h * math.log(2.0 * n_stages * n_states * n_actions * episode)


@inlined
def plan(params, state, episode):
    """Count the last episode; backward induction with fresh noise for every (h, s, a) (Russo 2019, Algorithm 1)."""
    counts = state.counts
    if episode > 1:
        fold(counts)
    n_stages, n_states, n_actions = state.q.shape
    beta = params.scale * noise_level(n_stages, n_states, n_actions, episode)
    changed = False
    for h in range(n_stages - 1, -1, -1):
        for s in range(n_states):
            for a in range(n_actions):
                row = h * counts.stride + s * n_actions + a
                n = counts.visits[row] + 1.0
                state.noise[h, s, a] = math.sqrt(beta / n) * normal_variate(state.rng)
                seen = counts.reward_sums[row] + expectation(counts.transitions, row, state.values, h + 1)
                state.q[h, s, a] = seen / n + state.noise[h, s, a]
            if take_best(state.q, state.values, state.policy, h, s):
                changed = True
    return CHANGED if changed or episode == 1 else SAME


@inlined
def act(params, state, h, s, rng):
    """Greedy in the randomised values, ties to the lowest index."""
    return state.policy[h, s]


@inlined
def observe(params, state, h, s, a, reward, following):
    """Keep the step; it is counted after the episode."""
    row = h * state.counts.stride + s * state.q.shape[2] + a
    remember(state.counts, h, row, reward, following)
