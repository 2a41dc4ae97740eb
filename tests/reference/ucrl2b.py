"""UCRL2B: the plausible set of Fruit, Pirotta and Lazaric (2020)."""

from __future__ import annotations

import math

from tests.reference.trajectory import StackedTrajectory, ucrl


def box_best(lower: list[float], upper: list[float], u: list[float]) -> float:
    """max p.u over laws between the two: the best states are filled first."""
    p = list(lower)
    for y in sorted(range(len(u)), key=lambda y: -u[y]):
        p[y] = min(upper[y], p[y] + max(0.0, 1.0 - sum(p)))
    return sum(mass * value for mass, value in zip(p, u))


def ucrl2b(model: StackedTrajectory, initial, n_steps: int, delta: float, scale: float) -> list[int]:
    """Decisions."""
    n_states, n_actions = len(model.p), len(model.p[0])

    def radius(variance: float, n: int) -> float:
        level = math.log(6 * n_states * n_actions * n / delta)
        return scale * (2 * math.sqrt(variance * level / n) + 6 * level / n)

    def optimistic(rewards, successors, t):
        n = len(successors)
        if n == 0:
            return min(1.0, radius(0.0, 1)), max
        mean = sum(rewards) / n
        variance = sum((x - mean) ** 2 for x in rewards) / n
        p = [successors.count(y) / n for y in range(n_states)]
        lower = [max(0.0, q - radius(q * (1 - q), n)) for q in p]
        upper = [min(1.0, q + radius(q * (1 - q), n)) for q in p]
        return min(1.0, mean + radius(variance, n)), lambda u: box_best(lower, upper, u)

    return ucrl(model, initial, n_steps, optimistic)
