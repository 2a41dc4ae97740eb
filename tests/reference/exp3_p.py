"""Exp3.P as in Figure 3.2 of Bubeck and Cesa-Bianchi (2012), on gains 1 - loss."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tests.reference.exp3 import draw, softmax


def exp3_p(
    losses: Sequence[Sequence[float]], uniforms: Iterator[float], eta: float, gamma: float, beta: float
) -> list[int]:
    """Decisions on a loss sequence (T rows of K) with the uniforms that the arms are drawn with."""
    k = len(losses[0])
    estimated_gain = [0.0] * k
    decisions = []
    for row in losses:
        soft = softmax([-g for g in estimated_gain], eta)
        p = [(1 - gamma) * share + gamma / k for share in soft]
        arm = draw(p, next(uniforms))
        decisions.append(arm)
        for i in range(k):
            seen = 1 - row[i] if i == arm else 0.0
            estimated_gain[i] += (seen + beta) / p[i]
    return decisions
