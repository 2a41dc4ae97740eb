"""OFULog on a polar grid, parameter by parameter and round by round in plain Python."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np


def logistic_ofu(
    actions: np.ndarray,
    reward: Callable[[int, int], float],
    horizon: int,
    bound: float,
    lam: float,
    delta: float,
    scale: float,
    radii: int,
    angles: int,
) -> list[int]:
    """Decisions of one run in the plane."""
    grid = [np.zeros(2)]
    for i in range(1, radii + 1):
        for j in range(angles):
            turn = 2 * math.pi * j / angles
            grid.append(bound * i / radii * np.array([math.cos(turn), math.sin(turn)]))
    data: list[tuple[np.ndarray, float]] = []
    decisions: list[int] = []
    for t in range(horizon):
        best, least, fallback = (-math.inf, -1), math.inf, np.zeros(2)
        for theta in grid:
            g, h = lam * theta, lam * np.eye(2)
            for x, r in data:
                m = 1 / (1 + math.exp(-float(x @ theta)))
                g = g + (m - r) * x
                h = h + m * (1 - m) * np.outer(x, x)
            log = math.log(1 / delta) + 0.5 * math.log(np.linalg.det(h) / lam**2) + 2 * math.log(2)
            radius = math.sqrt(lam) * (bound + 0.5) + 2 / math.sqrt(lam) * log
            ratio = math.sqrt(float(g @ np.linalg.inv(h) @ g)) / (scale * radius)
            if ratio < least:
                least, fallback = ratio, theta
            if ratio <= 1:
                for a, x in enumerate(actions):
                    if float(x @ theta) > best[0] + 1e-9:
                        best = (float(x @ theta), a)
        action = best[1] if best[1] >= 0 else int(np.argmax(actions @ fallback))
        data.append((actions[action], reward(t, action)))
        decisions.append(action)
    return decisions
