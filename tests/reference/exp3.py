"""Exp3 on losses as in Algorithm 9 of Lattimore and Szepesvari (2020), without mixing."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence


def softmax(total: Sequence[float], eta: float) -> list[float]:
    """exp(-eta L_i) / sum_j exp(-eta L_j), each ratio summed on its own."""
    return [1.0 / math.fsum(math.exp(min(eta * (own - other), 700.0)) for other in total) for own in total]


def draw(p: Sequence[float], u: float) -> int:
    """The arm whose share of [0, 1) holds u."""
    edge = 0.0
    for arm, share in enumerate(p):
        edge += share
        if u < edge:
            return arm
    return max(arm for arm, share in enumerate(p) if share > 0.0)


def exp3(losses: Sequence[Sequence[float]], uniforms: Iterator[float], rate: Callable[[int], float]) -> list[int]:
    """Decisions on a loss sequence (T rows of K) with the uniforms that the arms are drawn with."""
    total = [0.0] * len(losses[0])
    decisions = []
    for t, row in enumerate(losses, start=1):
        p = softmax(total, rate(t))
        arm = draw(p, next(uniforms))
        decisions.append(arm)
        total[arm] += row[arm] / p[arm]
    return decisions
