"""FTRL with the log-barrier and importance weighting; weights by bisection."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from tests.reference.exp3 import draw


def weights(total: Sequence[float], eta: float) -> list[float]:
    """w_i = 1 / (eta (L_i + x)) with x > -min L such that they sum to one."""
    low, high = -min(total) + 1 / eta, -min(total) + len(total) / eta
    for _ in range(200):
        x = (low + high) / 2
        if math.fsum(1 / (eta * (loss + x)) for loss in total) > 1:
            low = x
        else:
            high = x
    w = [1 / (eta * (loss + high)) for loss in total]
    norm = math.fsum(w)
    return [share / norm for share in w]


def log_barrier(losses: Sequence[Sequence[float]], uniforms: Iterator[float], eta: float) -> list[int]:
    """Decisions on a loss sequence (T rows of K) with the uniforms that the arms are drawn with."""
    total = [0.0] * len(losses[0])
    decisions = []
    for row in losses:
        w = weights(total, eta)
        arm = draw(w, next(uniforms))
        decisions.append(arm)
        total[arm] += row[arm] / w[arm]
    return decisions
