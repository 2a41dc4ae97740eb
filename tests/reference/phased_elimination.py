"""Phased elimination, Algorithm 12 of Lattimore and Szepesvari (2020), for a design given as a function."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np


def phased_elimination(
    actions: np.ndarray,
    design: Callable[[list[int]], list[float]],
    reward: Callable[[int, int], float],
    horizon: int,
    noise: float,
    delta: float,
) -> list[int]:
    """Decisions of one run. ``design`` maps the active actions to weights with max |x|^2 = rank exactly."""
    k, active, phase = len(actions), list(range(len(actions))), 0
    decisions: list[int] = []
    while True:
        phase += 1
        epsilon = 2.0**-phase
        rank = np.linalg.matrix_rank(actions[active])
        gram, moment = np.zeros((actions.shape[1],) * 2), np.zeros(actions.shape[1])
        for action, weight in zip(active, design(active)):
            x = actions[action]
            # The allowance keeps a weight of one rounding error more from costing a pull.
            times = 2 * noise**2 * rank * weight / epsilon**2 * math.log(k * phase * (phase + 1) / delta)
            for _ in range(math.ceil(times - 1e-9)):
                if len(decisions) == horizon:
                    return decisions
                r = reward(len(decisions), action)
                gram += np.outer(x, x)
                moment += r * x
                decisions.append(action)
        estimate = np.linalg.pinv(gram) @ moment
        lead = max(float(actions[y] @ estimate) for y in active)
        active = [x for x in active if lead - float(actions[x] @ estimate) <= 2 * epsilon]
