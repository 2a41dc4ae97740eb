"""KL-UCB as in Algorithm 8 of Lattimore and Szepesvari (2020), every index by bisection of its definition."""

from __future__ import annotations

import math
from collections.abc import Callable


def divergence(p: float, q: float) -> float:
    """d(p, q) for 0 <= p <= q < 1."""
    value = 0.0
    if p > 0:
        value += p * math.log(p / q)
    if p < 1:
        value += (1 - p) * math.log((1 - p) / (1 - q))
    return value


def index(mean: float, pulls: int, level: float, d: Callable[[float, float], float], top: float) -> float:
    """max{q in [mean, top]: pulls * d(mean, q) <= level}."""
    if mean == top:
        return top
    low, high = mean, top
    while True:
        middle = (low + high) / 2
        if middle in (low, high):
            return low
        if pulls * d(mean, middle) <= level:
            low = middle
        else:
            high = middle


def kl_ucb(
    stack: list[list[float]], horizon: int, d: Callable[[float, float], float] = divergence, top: float = 1.0
) -> list[int]:
    """Decisions on a stack: ``stack[i][s]`` is the reward of the s-th pull (from 0) of arm i.

    ``d`` and ``top``: another divergence, and the largest value that an index may take.
    """
    n_arms = len(stack)
    history: list[list[float]] = [[] for _ in range(n_arms)]
    decisions = []
    for t in range(1, horizon + 1):
        if t <= n_arms:
            arm = t - 1
        else:
            level = math.log(1 + t * math.log(t) ** 2)
            indices = [index(sum(h) / len(h), len(h), level, d, top) for h in history]
            arm = indices.index(max(indices))
        history[arm].append(stack[arm][len(history[arm])])
        decisions.append(arm)
    return decisions
