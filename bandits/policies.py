"""What stochastic index policies share: the statistics of the arms."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from kernels.jit import compiled, embedded
from kernels.lanes import LANES, holds_sum, largest_sum


class ArmStatistics(NamedTuple):
    """Per arm: pulls N, sum of rewards, and, recomputed only for the arm just pulled, mean and 1/sqrt(N)."""

    pulls: npt.NDArray[np.int64]
    total: npt.NDArray[np.float64]
    mean: npt.NDArray[np.float64]
    inverse_root: npt.NDArray[np.float64]


def allocate_statistics(n_arms: int) -> ArmStatistics:
    """Empty statistics of ``n_arms`` arms."""
    return ArmStatistics(np.zeros(n_arms, np.int64), np.zeros(n_arms), np.zeros(n_arms), np.zeros(n_arms))


@compiled
def forget(state):
    """Back to no observation."""
    for arm in range(state.pulls.shape[0]):
        state.pulls[arm] = 0
        state.total[arm] = 0.0
        state.mean[arm] = 0.0
        state.inverse_root[arm] = 0.0


@compiled
def set_statistics(state, arm, pulls, total):
    """Put ``arm`` into the state after ``pulls`` >= 0 pulls that paid ``total``."""
    state.pulls[arm] = pulls
    state.total[arm] = total
    n = np.float64(pulls)
    state.mean[arm] = total / n if pulls > 0 else 0.0
    state.inverse_root[arm] = 1.0 / math.sqrt(n) if pulls > 0 else 0.0


@embedded
def record(state, arm, reward):
    """One more reward of ``arm``."""
    state.pulls[arm] += 1
    state.total[arm] += reward
    pulls = np.float64(state.pulls[arm])
    state.mean[arm] = state.total[arm] / pulls
    state.inverse_root[arm] = 1.0 / math.sqrt(pulls)


@embedded
def highest(index):
    """argmax of ``index``, ties to the lowest place."""
    largest = -np.inf
    for arm in range(index.shape[0]):
        largest = max(index[arm], largest)
    for arm in range(index.shape[0]):
        if index[arm] == largest:
            return arm
    return 0


#: From this many arms on vectors are worth their start.
WIDE = 64


@embedded
def highest_index(mean, width, scale):
    """argmax of mean_i + scale * width_i, ties to the lowest index.

    The maximum first and its place second: a running argmax is twice as slow.
    """
    n_arms = mean.shape[0]
    if n_arms >= WIDE:
        return highest_index_wide(mean, width, scale)
    highest = -np.inf
    for arm in range(n_arms):
        index = mean[arm] + scale * width[arm]
        highest = index if index > highest else highest
    for arm in range(n_arms):
        if mean[arm] + scale * width[arm] == highest:
            return arm
    return 0


@compiled
def highest_index_wide(mean, width, scale):
    """The same, eight arms at a time."""
    blocks = mean.shape[0] // LANES
    highest = largest_sum(mean, width, scale, blocks)
    for arm in range(blocks * LANES, mean.shape[0]):
        highest = max(mean[arm] + scale * width[arm], highest)
    block = 0
    while block < blocks and not holds_sum(mean, width, scale, block * LANES, highest):
        block += 1
    for arm in range(block * LANES, mean.shape[0]):
        if mean[arm] + scale * width[arm] == highest:
            return arm
    return 0
