"""Sliding-window UCB (Garivier and Moulines 2011): rewards in [0, B] whose means change from time to time."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from bandits.model import BanditProblem
from bandits.policies import highest
from kernels.jit import compiled, embedded
from theory.errors import InvalidInput


class SlidingWindowUCB(NamedTuple):
    """argmax of the mean over the last w rounds + B sqrt(xi log(min(t, w)) / N_i(w)), t past rounds; ties to the
    lowest index. An arm that was not pulled within the window comes first.

    Attributes:
        window: w >= 1 rounds.
        xi: > 1/2 in the theorem; must be >= 0.
        largest: B, rewards lie in [0, B], > 0.
    """

    window: int
    xi: float = 0.6
    largest: float = 1.0


def tuned_window(horizon: int, n_changes: int, largest: float = 1.0) -> int:
    """w = 2 B sqrt(T log T / changes), at least one round (Garivier and Moulines 2011, Theorem 7)."""
    return max(1, round(2.0 * largest * math.sqrt(horizon * math.log(max(horizon, 2)) / max(n_changes, 1))))


class State(NamedTuple):
    """Pulls and rewards of every arm within the window, (K,); the window itself as a ring, (w,); indices, (K,)."""

    pulls: npt.NDArray[np.int64]
    total: npt.NDArray[np.float64]
    arms: npt.NDArray[np.int64]
    rewards: npt.NDArray[np.float64]
    indices: npt.NDArray[np.float64]


def allocate(params: SlidingWindowUCB, problem: BanditProblem) -> State:
    """Arrays of one run.

    Raises:
        InvalidInput: unless window >= 1, xi >= 0 and largest > 0.
    """
    if params.window < 1:
        raise InvalidInput(f"window of SlidingWindowUCB is {params.window}; expected at least 1 round")
    if not 0.0 <= params.xi < math.inf:
        raise InvalidInput(f"xi of SlidingWindowUCB is {params.xi}; expected a finite number >= 0")
    if not 0.0 < params.largest < math.inf:
        raise InvalidInput(f"largest of SlidingWindowUCB is {params.largest}; expected a finite number > 0")
    k, w = problem.n_arms, params.window
    return State(np.zeros(k, np.int64), np.zeros(k), np.zeros(w, np.int64), np.zeros(w), np.zeros(k))


@compiled
def init(params, state):
    """Forget everything."""
    for arm in range(state.pulls.shape[0]):
        state.pulls[arm] = 0
        state.total[arm] = 0.0


@embedded
def act(params, state, t, rng):
    """Definition of the policy, with the t - 1 past rounds."""
    level = params.xi * math.log(max(1.0, min(t - 1.0, 1.0 * params.window)))
    for arm in range(state.pulls.shape[0]):
        n = 1.0 * state.pulls[arm]
        state.indices[arm] = np.inf
        if n > 0.0:
            state.indices[arm] = state.total[arm] / n + params.largest * math.sqrt(level / n)
    return highest(state.indices)


@compiled
def sum_anew(state):
    """The sums from the ring itself: adding and subtracting leaves rounding errors behind."""
    for arm in range(state.pulls.shape[0]):
        state.total[arm] = 0.0
    for i in range(state.arms.shape[0]):
        state.total[state.arms[i]] += state.rewards[i]


@embedded
def observe(params, state, t, arm, reward):
    """The round enters the window, the one w rounds ago leaves it."""
    at = (t - 1) % params.window
    if t > params.window:
        state.pulls[state.arms[at]] -= 1
        state.total[state.arms[at]] -= state.rewards[at]
    state.arms[at] = arm
    state.rewards[at] = reward
    state.pulls[arm] += 1
    state.total[arm] += reward
    if at == params.window - 1:
        sum_anew(state)
