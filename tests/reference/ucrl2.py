"""UCRL2: the plausible set of Jaksch, Ortner and Auer (2010), eqs. (3)-(4), and figure 2."""

from __future__ import annotations

import math

from tests.reference.trajectory import StackedTrajectory, ucrl


def l1_best(p: list[float], radius: float, u: list[float]) -> float:
    """Figure 2: mass radius/2 to the best state, taken from the worst ones."""
    order = sorted(range(len(u)), key=lambda y: -u[y])
    q = list(p)
    q[order[0]] = min(1.0, p[order[0]] + radius / 2)
    for y in reversed(order[1:]):
        q[y] = max(0.0, q[y] - max(0.0, sum(q) - 1.0))
    return sum(mass * value for mass, value in zip(q, u))


def ucrl2(model: StackedTrajectory, initial, n_steps: int, delta: float, scale: float) -> list[int]:
    """Decisions."""
    n_states, n_actions = len(model.p), len(model.p[0])

    def optimistic(rewards, successors, t):
        n = len(successors)
        if n == 0:
            return min(1.0, scale * math.sqrt(7 * math.log(2 * n_states * n_actions * t / delta) / 2)), max
        width = scale * math.sqrt(7 * math.log(2 * n_states * n_actions * t / delta) / (2 * n))
        radius = scale * math.sqrt(14 * n_states * math.log(2 * n_actions * t / delta) / n)
        p = [successors.count(y) / n for y in range(n_states)]
        return min(1.0, sum(rewards) / n + width), lambda u: l1_best(p, radius, u)

    return ucrl(model, initial, n_steps, optimistic)
