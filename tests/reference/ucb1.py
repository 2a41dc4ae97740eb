"""UCB1 as in Figure 1 of Auer, Cesa-Bianchi and Fischer (2002)."""

from __future__ import annotations

import math


def ucb1(stack: list[list[float]], horizon: int) -> list[int]:
    """Decisions on a stack: ``stack[i][s]`` is the reward of the s-th pull (from 0) of arm i."""
    n_arms = len(stack)
    history: list[list[float]] = [[] for _ in range(n_arms)]
    decisions = []
    for t in range(1, horizon + 1):
        if t <= n_arms:
            arm = t - 1
        else:
            best_value, arm = -1.0, -1
            for i in range(n_arms):
                n = len(history[i])
                value = math.fsum(history[i]) / n + math.sqrt(2 * math.log(t - 1)) * (1 / math.sqrt(n))
                if value > best_value:
                    best_value, arm = value, i
        history[arm].append(stack[arm][len(history[arm])])
        decisions.append(arm)
    return decisions
