"""Robust UCB with the median of means, as in Bubeck, Cesa-Bianchi and Lugosi (2013) with p = t^-3."""

from __future__ import annotations

import math
import statistics


def median_of_means(samples: list[float], k: int) -> float:
    """Median of the means of k blocks of equal size; what does not fill a block is left out."""
    size = len(samples) // k
    return statistics.median(math.fsum(samples[i * size : (i + 1) * size]) / size for i in range(k))


def robust_ucb(stack: list[list[float]], horizon: int, moment: float, order: float) -> list[int]:
    """Decisions on a stack."""
    seen: list[list[float]] = [[] for _ in stack]
    decisions = []
    for t in range(1, horizon + 1):
        if t <= len(stack):
            arm = t - 1
        else:
            log = math.log(math.exp(0.125) * t**3)
            index = []
            for s in seen:
                k = max(1, math.floor(min(8 * log, len(s) / 2)))
                width = (12 * moment) ** (1 / (1 + order)) * (16 * log / len(s)) ** (order / (1 + order))
                index.append(median_of_means(s, k) + width)
            arm = max(range(len(stack)), key=lambda i: (index[i], -i))
        seen[arm].append(stack[arm][len(seen[arm])])
        decisions.append(arm)
    return decisions
