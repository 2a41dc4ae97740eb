"""FTRL with -4 sum (sqrt w - w/2) + 2 sum (1 - w) log(1 - w) and importance weighting; weights by nested bisection."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from tests.reference.exp3 import draw


def coordinate(target: float) -> float:
    """w in (0, 1) with -2/sqrt w - 2 log(1 - w) = target, by bisection on its logit."""
    low, high = -100.0, 36.0
    for _ in range(90):
        y = (low + high) / 2
        w, rest = 1 / (1 + math.exp(-y)), 1 / (1 + math.exp(y))
        if -2 / math.sqrt(w) - 2 * math.log(rest) < target:
            low = y
        else:
            high = y
    return 1 / (1 + math.exp(-high))


def weights(total: Sequence[float], eta: float) -> list[float]:
    """The leader over the simplex."""
    lowest = min(total)
    low, high = -2 * math.sqrt(len(total)), 60.0
    for _ in range(70):
        x = (low + high) / 2
        if math.fsum(coordinate(x - eta * (loss - lowest)) for loss in total) < 1:
            low = x
        else:
            high = x
    w = [coordinate(high - eta * (loss - lowest)) for loss in total]
    norm = math.fsum(w)
    return [share / norm for share in w]


def hybrid_bobw(losses: Sequence[Sequence[float]], uniforms: Iterator[float]) -> list[int]:
    """Decisions on a loss sequence (T rows of K) at eta_t = 2/sqrt t."""
    total = [0.0] * len(losses[0])
    decisions = []
    for t, row in enumerate(losses, start=1):
        w = weights(total, 2 / math.sqrt(t))
        arm = draw(w, next(uniforms))
        decisions.append(arm)
        total[arm] += row[arm] / w[arm]
    return decisions
