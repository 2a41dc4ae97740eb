"""Discounted UCB as defined by Garivier and Moulines (2011)."""

from __future__ import annotations

import math
from collections.abc import Callable


def d_ucb(pay: Callable[[int, int, int], float], n_arms: int, horizon: int, discount: float, xi: float) -> list[int]:
    """Decisions; ``pay(arm, n, t)`` is the n-th reward (from 0) of an arm when drawn at round t."""
    history: list[tuple[int, float]] = []
    pulls = [0] * n_arms
    for t in range(1, horizon + 1):
        if t <= n_arms:
            arm = t - 1
        else:
            weights = [discount ** (t - 1 - s) for s in range(1, t)]
            together = math.fsum(weights)
            index = []
            for arm in range(n_arms):
                n = math.fsum(w for w, (i, _) in zip(weights, history) if i == arm)
                mean = math.fsum(w * x for w, (i, x) in zip(weights, history) if i == arm) / n
                index.append(mean + 2 * math.sqrt(xi * math.log(max(1.0, together)) / n))
            arm = index.index(max(index))
        history.append((arm, pay(arm, pulls[arm], t)))
        pulls[arm] += 1
    return [arm for arm, _ in history]
