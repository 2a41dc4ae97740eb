"""Sliding-window UCB as defined by Garivier and Moulines (2011)."""

from __future__ import annotations

import math
from collections.abc import Callable


def sw_ucb(pay: Callable[[int, int, int], float], n_arms: int, horizon: int, window: int, xi: float) -> list[int]:
    """Decisions; ``pay(arm, n, t)`` is the n-th reward (from 0) of an arm when drawn at round t."""
    history: list[tuple[int, float]] = []
    pulls = [0] * n_arms
    for t in range(1, horizon + 1):
        recent = history[-window:]
        index = []
        for arm in range(n_arms):
            paid = [x for i, x in recent if i == arm]
            width = math.sqrt(xi * math.log(min(t - 1, window)) / len(paid)) if paid else 0.0
            index.append(math.fsum(paid) / len(paid) + width if paid else math.inf)
        arm = index.index(max(index))
        history.append((arm, pay(arm, pulls[arm], t)))
        pulls[arm] += 1
    return [arm for arm, _ in history]
