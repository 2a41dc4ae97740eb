"""GP-UCB and IGP-UCB with the posterior solved afresh from all data in every round."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np


def gp_ucb(
    kernel: np.ndarray,
    reward: Callable[[int, int], float],
    horizon: int,
    ridge: float,
    radius: Callable[[int, float], float],
) -> list[int]:
    """Decisions of one run; ``radius`` maps (round from 1, information so far) to the factor on the deviation."""
    actions: list[int] = []
    rewards: list[float] = []
    for t in range(1, horizon + 1):
        k = kernel[np.ix_(actions, actions)]
        cross = kernel[:, actions]
        inverse = np.linalg.inv(k + ridge * np.eye(len(actions)))
        mean = cross @ inverse @ np.array(rewards)
        variance = np.diagonal(kernel) - np.einsum("xi,ij,xj->x", cross, inverse, cross)
        gain = 0.5 * np.linalg.slogdet(np.eye(len(actions)) + k / ridge)[1]
        index = mean + radius(t, gain) * np.sqrt(np.maximum(variance, 0))
        actions.append(int(np.argmax(index)))
        rewards.append(reward(t - 1, actions[-1]))
    return actions
