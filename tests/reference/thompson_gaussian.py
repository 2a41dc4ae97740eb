"""Thompson sampling with Gaussian posteriors, Algorithm 24 of Lattimore and Szepesvari (2020), in plain Python."""

from __future__ import annotations

import math
from collections.abc import Iterator

from tests.reference.normal import normal


def thompson_gaussian(
    stack: list[list[float]], horizon: int, words: Iterator[int], prior_precision: float = 0.0
) -> list[int]:
    """Decisions on a stack; unit variance."""
    history: list[list[float]] = [[] for _ in stack]
    decisions = []
    for _ in range(horizon):
        samples = []
        for rewards in history:
            precision = len(rewards) + prior_precision
            if precision == 0:
                samples.append(math.inf)
            else:
                samples.append(sum(rewards) / precision + normal(words) / math.sqrt(precision))
        arm = samples.index(max(samples))
        history[arm].append(stack[arm][len(history[arm])])
        decisions.append(arm)
    return decisions
