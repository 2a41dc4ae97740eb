"""Explore-then-commit (Lattimore and Szepesvari 2020, Algorithm 1)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from bandits.model import BanditProblem
from bandits.policies import highest
from kernels.jit import compiled
from theory.errors import InvalidInput


class ETC(NamedTuple):
    """Pull the arms in turn until each has m pulls, then play the one of the largest mean for good.

    Ties go to the lowest index.

    Attributes:
        exploration: m, a whole number >= 1 (``theory.theorems.etc.tuned_exploration`` for two arms); the theorems
            ask for m <= T/K, and a run that is over before never commits.
    """

    exploration: int


class ETCState(NamedTuple):
    """Sum of the rewards of each arm while exploring, shape (K,), and the arm committed to, one entry."""

    total: npt.NDArray[np.float64]
    committed: npt.NDArray[np.int64]


def allocate(params: ETC, problem: BanditProblem) -> ETCState:
    """Arrays of one run.

    Raises:
        InvalidInput: unless the exploration is a whole number >= 1.
    """
    m = params.exploration
    if int(m) != m or m < 1:
        raise InvalidInput(f"exploration of ETC is {m}; expected a whole number of pulls of each arm, at least 1")
    return ETCState(np.zeros(problem.n_arms), np.zeros(1, np.int64))


@compiled
def init(params, state):
    """Forget everything."""
    state.committed[0] = -1
    for arm in range(state.total.shape[0]):
        state.total[arm] = 0.0


@compiled
def act(params, state, t, rng):
    """Algorithm 1."""
    n_arms = state.total.shape[0]
    if t <= params.exploration * n_arms:
        return (t - 1) % n_arms
    if state.committed[0] < 0:
        state.committed[0] = highest(state.total)  # all arms have m pulls: totals are ordered as the means
    return state.committed[0]


@compiled
def observe(params, state, t, arm, reward):
    """Rewards count only while exploring."""
    if t <= params.exploration * state.total.shape[0]:
        state.total[arm] += reward
