"""What variance-aware index policies share: mean and variance of every arm."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from kernels.jit import compiled, embedded


class ArmMoments(NamedTuple):
    """Per arm, shape (K,): pulls N, sums of the rewards and of their squares, mean, and biased (1/N) variance V.

    Sums, because those of 0/1 rewards are exact: arms of the same pulls and successes then tie exactly, in whatever
    order the rewards came. (The cancellation in V is harmless for rewards near [0, 1].)
    """

    pulls: npt.NDArray[np.int64]
    total: npt.NDArray[np.float64]
    squares: npt.NDArray[np.float64]
    mean: npt.NDArray[np.float64]
    variance: npt.NDArray[np.float64]


def allocate_moments(n_arms: int) -> ArmMoments:
    """Empty moments of ``n_arms`` arms."""
    return ArmMoments(np.zeros(n_arms, np.int64), *(np.zeros(n_arms) for _ in range(4)))


@compiled
def forget_moments(state):
    """Back to no observation."""
    for arm in range(state.pulls.shape[0]):
        state.pulls[arm] = 0
        state.total[arm] = 0.0
        state.squares[arm] = 0.0
        state.mean[arm] = 0.0
        state.variance[arm] = 0.0


@embedded
def record_moments(state, arm, reward):
    """One more reward of ``arm``."""
    state.pulls[arm] += 1
    state.total[arm] += reward
    state.squares[arm] += reward * reward
    n = np.float64(state.pulls[arm])
    state.mean[arm] = state.total[arm] / n
    state.variance[arm] = max(0.0, state.squares[arm] / n - state.mean[arm] * state.mean[arm])
