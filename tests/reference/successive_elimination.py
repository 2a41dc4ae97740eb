"""Successive elimination as in Figure 3 of Even-Dar, Mannor and Mansour (2006), radius for subgaussian rewards."""

from __future__ import annotations

import math


def successive_elimination(stack: list[list[float]], horizon: int, delta: float, sigma: float) -> list[int]:
    """Decisions on a stack; after the last candidate is left it is pulled to the end."""
    n_arms = len(stack)
    candidates = list(range(n_arms))
    seen: list[list[float]] = [[] for _ in range(n_arms)]
    decisions: list[int] = []
    phase = 0
    while len(decisions) < horizon:
        phase += 1
        for arm in candidates:
            seen[arm].append(stack[arm][len(seen[arm])])
            decisions.append(arm)
        means = {arm: math.fsum(seen[arm]) / phase for arm in candidates} if len(candidates) > 1 else {}
        if means:
            radius = sigma * math.sqrt(2 * math.log(4 * n_arms * phase**2 / delta) / phase)
            best = max(means.values())
            candidates = [arm for arm in candidates if best - means[arm] <= 2 * radius]
    return decisions[:horizon]
