"""Exp3.S as in Figure 4 of Auer et al. (2002), weights as logarithms, nothing normalised."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from tests.reference.exp3 import draw


def exp3_s(losses: Sequence[Sequence[float]], uniforms: Iterator[float], gamma: float, alpha: float) -> list[int]:
    """Decisions on a loss sequence (T rows of K) with the uniforms that the arms are drawn with."""
    k = len(losses[0])
    log_w = [0.0] * k
    decisions = []
    for row in losses:
        top = max(log_w)
        log_total = top + math.log(math.fsum(math.exp(v - top) for v in log_w))
        p = [(1 - gamma) * math.exp(v - log_total) + gamma / k for v in log_w]
        arm = draw(p, next(uniforms))
        decisions.append(arm)
        given = log_total + 1 + math.log(alpha / k)
        for i in range(k):
            own = log_w[i] + (gamma * (1 - row[i]) / p[i] / k if i == arm else 0.0)
            high, low = max(own, given), min(own, given)
            log_w[i] = high + math.log1p(math.exp(low - high))
    return decisions
