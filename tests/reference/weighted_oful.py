"""Weighted OFUL+ of Zhou and Gu (2022) in plain numpy, everything solved afresh."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np


def weighted_oful(
    sets: Sequence[np.ndarray],
    variances: Sequence[np.ndarray],
    reward: Callable[[int, int], float],
    noise_bound: float,
    parameter_bound: float,
    feature_bound: float,
    regularization: float,
    delta: float,
    scale: float,
) -> list[int]:
    """Decisions of one run; ``variances[t][action]`` is the variance of the noise."""
    horizon, d = len(sets), sets[0].shape[1]
    alpha, gm = 1 / math.sqrt(horizon), math.sqrt(noise_bound) / d**0.25
    s, b, decisions = regularization * np.eye(d), np.zeros(d), []
    for t, actions in enumerate(sets):
        beta = math.sqrt(regularization) * parameter_bound
        if t > 0:
            iota = math.log(32 * (math.log(gm**2 / alpha) + 1) * t**2 / delta)
            log = math.log(1 + t * feature_bound**2 / (alpha**2 * d * regularization))
            beta += scale * (12 * math.sqrt(d * log * iota) + 30 * iota * noise_bound / gm**2)
        widths = np.sqrt(np.einsum("ai,ia->a", actions, np.linalg.solve(s, actions.T)))
        best = int(np.argmax(actions @ np.linalg.solve(s, b) + beta * widths))
        weight = max(math.sqrt(variances[t][best]), alpha, gm * math.sqrt(widths[best]))
        s += np.outer(actions[best], actions[best]) / weight**2
        b += reward(t, best) * actions[best] / weight**2
        decisions.append(best)
    return decisions
