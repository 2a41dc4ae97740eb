"""Exp3-IX as in Algorithm 10 of Lattimore and Szepesvari (2020), gamma_t = eta_t / 2."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from tests.reference.exp3 import draw, softmax


def exp3_ix(losses: Sequence[Sequence[float]], uniforms: Iterator[float], rate: Callable[[int], float]) -> list[int]:
    """Decisions on a loss sequence (T rows of K) with the uniforms that the arms are drawn with."""
    total = [0.0] * len(losses[0])
    decisions = []
    for t, row in enumerate(losses, start=1):
        eta = rate(t)
        p = softmax(total, eta)
        arm = draw(p, next(uniforms))
        decisions.append(arm)
        total[arm] += row[arm] / (p[arm] + eta / 2)
    return decisions
