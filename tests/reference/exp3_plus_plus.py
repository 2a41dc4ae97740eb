"""Exp3++ as in Seldin and Lugosi (2017), every quantity from the history of losses seen."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from tests.reference.exp3 import draw, softmax


def exploration(history: Sequence[Sequence[float]], t: int, alpha: float, beta: float) -> list[float]:
    """eps_t of every arm, from the losses seen of each."""
    k = len(history)
    lower, upper = [], []
    for seen in history:
        if not seen:
            lower.append(0.0)
            upper.append(1.0)
            continue
        mean = math.fsum(seen) / len(seen)
        radius = math.sqrt(alpha * math.log(t * k ** (1 / alpha)) / (2 * len(seen)))
        lower.append(max(0.0, mean - radius))
        upper.append(min(1.0, mean + radius))
    eps = []
    for low in lower:
        gap = max(0.0, low - min(upper))
        turned = beta * math.log(t) / (t * gap**2) if gap > 0 else math.inf
        eps.append(min(1 / (2 * k), math.sqrt(math.log(k) / (t * k)) / 2, turned))
    return eps


def exp3_plus_plus(
    losses: Sequence[Sequence[float]], uniforms: Iterator[float], alpha: float, beta: float
) -> list[int]:
    """Decisions on a loss sequence (T rows of K) with the uniforms that the arms are drawn with."""
    k = len(losses[0])
    total: list[float] = [0.0] * k
    history: list[list[float]] = [[] for _ in range(k)]
    decisions = []
    for t, row in enumerate(losses, start=1):
        eps = exploration(history, t, alpha, beta)
        soft = softmax(total, math.sqrt(math.log(k) / (t * k)) / 2)
        p = [(1 - math.fsum(eps)) * share + own for share, own in zip(soft, eps)]
        arm = draw(p, next(uniforms))
        decisions.append(arm)
        total[arm] += row[arm] / p[arm]
        history[arm].append(row[arm])
    return decisions
