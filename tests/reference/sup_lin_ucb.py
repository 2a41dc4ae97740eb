"""SupLinUCB, Algorithm 3 of Chu, Li, Reyzin and Schapire (2011), every bin solved afresh in every round."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np


def sup_lin_ucb(
    sets: Sequence[np.ndarray], reward: Callable[[int, int], float], noise: float, delta: float, scale: float
) -> tuple[list[int], list[int]]:
    """(decisions, sizes of the bins) of one run of len(sets) >= 2 rounds."""
    horizon, d = len(sets), sets[0].shape[1]
    n_stages = math.ceil(math.log2(horizon))
    alpha = noise * math.sqrt(2 * math.log(2 * horizon * len(sets[0]) * n_stages / delta))
    bins: dict[int, list[tuple[np.ndarray, float]]] = {s: [] for s in range(1, n_stages + 1)}
    decisions = []
    for t, actions in enumerate(sets):
        alive, s = list(range(len(actions))), 1
        while True:
            a_matrix = np.eye(d) + sum((np.outer(x, x) for x, _ in bins[s]), np.zeros((d, d)))
            estimate = np.linalg.solve(a_matrix, sum((r * x for x, r in bins[s]), np.zeros(d)))
            mean = {a: float(actions[a] @ estimate) for a in alive}
            width = {
                a: scale * (alpha + 1) * math.sqrt(float(actions[a] @ np.linalg.solve(a_matrix, actions[a])))
                for a in alive
            }
            upper = {a: mean[a] + width[a] for a in alive}
            if max(width.values()) <= 1 / math.sqrt(horizon):
                chosen = max(alive, key=lambda a: upper[a])
                break
            if max(width.values()) > 2.0**-s:
                chosen = max(alive, key=lambda a: width[a])
                bins[s].append((actions[chosen], reward(t, chosen)))
                break
            top = max(upper.values())
            alive = [a for a in alive if upper[a] >= top - 2.0 ** (1 - s)]
            s += 1
        decisions.append(chosen)
    return decisions, [len(bins[s]) for s in bins]
