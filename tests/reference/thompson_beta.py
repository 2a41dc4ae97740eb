"""Thompson sampling with Beta posteriors, Algorithms 1 and 2 of Agrawal and Goyal (2012), in plain Python.

Gamma variates by Marsaglia and Tsang (2000).
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from tests.reference.normal import normal, uniform


def gamma_draw(shape: float, words: Iterator[int]) -> float:
    """Gamma(shape, 1), shape >= 1."""
    d = shape - 1 / 3
    while True:
        x = normal(words)
        u = uniform(words)
        v = (1 + x / math.sqrt(9 * d)) ** 3
        if v > 0 and (u < 1 - 0.0331 * x**4 or (u > 0 and math.log(u) < x * x / 2 + d * (1 - v + math.log(v)))):
            return d * v


def thompson_beta(stack: list[list[float]], horizon: int, words: Iterator[int]) -> list[int]:
    """Decisions on a stack, with the words of the algorithm's own stream."""
    successes, failures = [0] * len(stack), [0] * len(stack)
    decisions: list[int] = []
    for _ in range(horizon):
        samples = []
        for s, f in zip(successes, failures):
            x = gamma_draw(s + 1, words)
            y = gamma_draw(f + 1, words)
            samples.append(x / (x + y))
        coin = uniform(words)
        arm = samples.index(max(samples))
        reward = stack[arm][successes[arm] + failures[arm]]
        if reward in (0, 1):
            success = reward == 1
        else:
            success = coin < reward
        successes[arm] += success
        failures[arm] += not success
        decisions.append(arm)
    return decisions
