"""Thompson sampling with Beta posteriors, Algorithms 1 and 2 of Agrawal and Goyal (2012), in plain Python.

Gamma variates by Marsaglia and Tsang (2000), normal ones by inversion.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from statistics import NormalDist

NORMAL = NormalDist()


def gamma_draw(shape: float, uniforms: Iterator[float]) -> float:
    """Gamma(shape, 1), shape >= 1."""
    d = shape - 1 / 3
    while True:
        x = NORMAL.inv_cdf(next(uniforms) or 2.0**-54)
        u = next(uniforms)
        v = (1 + x / math.sqrt(9 * d)) ** 3
        if v > 0 and (u < 1 - 0.0331 * x**4 or (u > 0 and math.log(u) < x * x / 2 + d * (1 - v + math.log(v)))):
            return d * v


def thompson_beta(stack: list[list[float]], horizon: int, uniforms: Iterator[float]) -> list[int]:
    """Decisions on a stack, with the algorithm's own uniforms."""
    successes, failures = [0] * len(stack), [0] * len(stack)
    decisions: list[int] = []
    for _ in range(horizon):
        samples = []
        for s, f in zip(successes, failures):
            x = gamma_draw(s + 1, uniforms)
            y = gamma_draw(f + 1, uniforms)
            samples.append(x / (x + y))
        coin = next(uniforms)
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
