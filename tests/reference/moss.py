"""MOSS as in Algorithm 7 of Lattimore and Szepesvari (2020), and the original for rewards in [0, 1]."""

from __future__ import annotations

import math


def moss(stack: list[list[float]], horizon: int, factor: float) -> list[int]:
    """Decisions on a stack; width sqrt(factor * log+(T/(K N)) / N): factor 1 on [0, 1], 4 if 1-subgaussian."""
    n_arms = len(stack)
    history: list[list[float]] = [[] for _ in range(n_arms)]
    decisions = []
    for t in range(1, horizon + 1):
        if t <= n_arms:
            arm = t - 1
        else:
            best = -math.inf
            for i, rewards in enumerate(history):
                n = len(rewards)
                log_plus = math.log(horizon / (n_arms * n)) if horizon > n_arms * n else 0.0
                value = sum(rewards) / n + math.sqrt(factor * log_plus / n)
                if value > best:
                    best, arm = value, i
        history[arm].append(stack[arm][len(history[arm])])
        decisions.append(arm)
    return decisions
