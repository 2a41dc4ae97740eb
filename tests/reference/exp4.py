"""Exp4 as in Algorithm 11 of Lattimore and Szepesvari (2020), on losses; the whole vector of estimates is formed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tests.reference.exp3 import draw, softmax


def exp4(
    losses: Sequence[Sequence[float]],
    advice: Sequence[Sequence[Sequence[float]]],
    uniforms: Iterator[float],
    eta: float,
) -> list[int]:
    """Decisions; ``losses`` T rows of K, ``advice`` T tables of M laws over the K arms."""
    total = [0.0] * len(advice[0])
    decisions = []
    for row, laws in zip(losses, advice):
        q = softmax(total, eta)
        p = [sum(share * law[i] for share, law in zip(q, laws)) for i in range(len(row))]
        arm = draw(p, next(uniforms))
        decisions.append(arm)
        estimates = [row[i] / p[i] if i == arm else 0.0 for i in range(len(row))]
        total = [old + sum(x * e for x, e in zip(law, estimates)) for old, law in zip(total, laws)]
    return decisions
