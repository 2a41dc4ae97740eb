"""Rarely switching OFUL, Figure 3 of Abbasi-Yadkori, Pal and Szepesvari (2011), everything solved afresh."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np


def rare_switching_oful(
    sets: Sequence[np.ndarray],
    reward: Callable[[int, int], float],
    noise: float,
    parameter_bound: float,
    regularization: float,
    delta: float,
    growth: float,
) -> tuple[list[int], int]:
    """(decisions, renewals) of one run; arguments as for the reference of OFUL."""
    d = sets[0].shape[1]
    v, b = regularization * np.eye(d), np.zeros(d)
    kept_v, kept_b, renewals, decisions = v.copy(), b.copy(), 0, []
    for t, actions in enumerate(sets):
        if np.linalg.det(v) > (1 + growth) * np.linalg.det(kept_v):
            kept_v, kept_b = v.copy(), b.copy()
            renewals += 1
        determinant = np.linalg.det(kept_v) / regularization**d
        beta = noise * math.sqrt(2 * math.log(math.sqrt(determinant) / delta))
        beta += math.sqrt(regularization) * parameter_bound
        values = actions @ np.linalg.solve(kept_v, kept_b)
        values = values + beta * np.sqrt(np.einsum("ai,ia->a", actions, np.linalg.solve(kept_v, actions.T)))
        best = int(np.argmax(values))
        v += np.outer(actions[best], actions[best])
        b += reward(t, best) * actions[best]
        decisions.append(best)
    return decisions, renewals
