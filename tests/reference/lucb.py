"""LUCB1 of Kalyanakrishnan, Tewari, Auer and Stone (2012), one arm to find."""

from __future__ import annotations

import math


def lucb(stack: list[list[float]], horizon: int, delta: float, epsilon: float) -> tuple[list[int], int]:
    """(decisions, arm answered or -1) on a stack."""
    n_arms = len(stack)
    seen = [[stack[arm][0]] for arm in range(n_arms)]
    decisions = list(range(n_arms))
    t = 0
    answer = -1
    while len(decisions) < horizon:
        t += 1
        mean = [math.fsum(s) / len(s) for s in seen]
        beta = [math.sqrt(math.log(1.25 * n_arms * t**4 / delta) / (2 * len(s))) for s in seen]
        h = mean.index(max(mean))
        rest = [arm for arm in range(n_arms) if arm != h]
        l = max(rest, key=lambda arm: (mean[arm] + beta[arm], -arm))
        if mean[l] + beta[l] - (mean[h] - beta[h]) < epsilon:
            answer = h
            break
        for arm in (h, l):
            seen[arm].append(stack[arm][len(seen[arm])])
            decisions.append(arm)
    return (decisions + [answer] * horizon)[:horizon], answer
