"""FTRL with a mixture of regularisers, bandit or full information; weights by two nested bisections."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence

from tests.reference.exp3 import draw

Coefficients = tuple[float, float, float, float]


def slope(mixture: Coefficients, w: float) -> float:
    """Derivative of s w log w - tau (w^a - a w)/(a (1 - a)) - b log w."""
    s, tau, a, b = mixture
    return s * (math.log(w) + 1) - tau * (w ** (a - 1) - 1) / (1 - a) - b / w


def coordinate(mixture: Coefficients, target: float) -> float:
    """The w in (0, 1] with that slope, by bisection on its logarithm."""
    low, high = -300.0, 0.0
    for _ in range(100):
        middle = (low + high) / 2
        if slope(mixture, math.exp(middle)) < target:
            low = middle
        else:
            high = middle
    return math.exp(high)


def weights(mixture: Coefficients, total: Sequence[float], eta: float) -> list[float]:
    """argmin <w, L> + psi(w)/eta over the simplex."""
    lowest = min(total)
    low, high = slope(mixture, 1 / len(total)), slope(mixture, 1.0)
    for _ in range(100):
        x = (low + high) / 2
        if math.fsum(coordinate(mixture, x - eta * (loss - lowest)) for loss in total) < 1:
            low = x
        else:
            high = x
    w = [coordinate(mixture, high - eta * (loss - lowest)) for loss in total]
    norm = math.fsum(w)
    return [share / norm for share in w]


def ftrl(
    losses: Sequence[Sequence[float]],
    uniforms: Iterator[float],
    mixture: Coefficients,
    rate: Callable[[int], float],
    full_information: bool,
) -> list[int]:
    """Decisions on a loss sequence (T rows of K) with the uniforms that the arms are drawn with."""
    total = [0.0] * len(losses[0])
    decisions = []
    for t, row in enumerate(losses, start=1):
        w = weights(mixture, total, rate(t))
        arm = draw(w, next(uniforms))
        decisions.append(arm)
        for i, loss in enumerate(row):
            if full_information:
                total[i] += loss
            elif i == arm:
                total[i] += loss / w[i]
    return decisions
