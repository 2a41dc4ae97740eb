"""OFUL as in section 4 of Abbasi-Yadkori, Pal and Szepesvari (2011), everything solved afresh in every round."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np


def oful(
    sets: Sequence[np.ndarray],
    reward: Callable[[int, int], float],
    noise: float,
    parameter_bound: float,
    regularization: float,
    delta: float,
) -> list[int]:
    """Decisions of one run.

    Args:
        sets: the action set of each round, arrays (n_actions, d).
        reward: (round from 0, position of the action in the round's set) -> reward.
    """
    d = sets[0].shape[1]
    past: list[tuple[np.ndarray, float]] = []
    decisions = []
    for t, actions in enumerate(sets):
        v = regularization * np.eye(d)
        b = np.zeros(d)
        for x, r in past:
            v += np.outer(x, x)
            b += r * x
        estimate = np.linalg.solve(v, b)
        determinant = np.linalg.det(v) / regularization**d
        beta = noise * math.sqrt(2 * math.log(math.sqrt(determinant) / delta))
        beta += math.sqrt(regularization) * parameter_bound
        best_value, best = -math.inf, -1
        for a, x in enumerate(actions):
            value = float(x @ estimate) + beta * math.sqrt(float(x @ np.linalg.solve(v, x)))
            if value > best_value:
                best_value, best = value, a
        past.append((actions[best], reward(t, best)))
        decisions.append(best)
    return decisions
