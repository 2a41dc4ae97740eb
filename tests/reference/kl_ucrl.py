"""KL-UCRL: the plausible set of Filippi, Cappe and Garivier (2010), its inner maximum by bisection on the dual."""

from __future__ import annotations

import math

from tests.reference.trajectory import StackedTrajectory, ucrl


def kl_best(p: list[float], radius: float, u: list[float]) -> float:
    """max q.u with KL(p, q) <= radius: q(nu) from p/(nu - u), the multiplier nu by bisection."""
    top = max(u)
    seen = [y for y in range(len(u)) if p[y] > 0]
    if top == min(u):
        return top

    def f(nu: float) -> float:
        return sum(p[y] * math.log(nu - u[y]) for y in seen) + math.log(sum(p[y] / (nu - u[y]) for y in seen))

    outside = 0.0
    nu = top
    if max(u[y] for y in seen) < top and f(top) < radius:
        outside = 1 - math.exp(f(top) - radius)
    else:
        if all(u[y] == top for y in seen):
            return top
        low, high = 0.0, 1.0
        while f(top + high) > radius:
            high *= 2
        for _ in range(200):
            middle = (low + high) / 2
            low, high = (middle, high) if f(top + middle) > radius else (low, middle)
        nu = top + high
    weights = {y: p[y] / (nu - u[y]) for y in seen}
    total = sum(weights.values())
    return outside * top + (1 - outside) * sum(w * u[y] for y, w in weights.items()) / total


def kl_ucrl(model: StackedTrajectory, initial, n_steps: int, delta: float, scale: float) -> list[int]:
    """Decisions."""
    n_states, n_actions = len(model.p), len(model.p[0])
    log_t = math.log(n_steps)
    b = math.log(2 * math.e * n_states**2 * n_actions * log_t / delta)
    c_p = n_states * (b + math.log(b + 1 / log_t) * (1 + 1 / (b + 1 / log_t)))

    def optimistic(rewards, successors, t):
        n = len(successors)
        width = scale * math.sqrt(math.log(4 * n_states * n_actions * log_t / delta) / (1.99 * max(1, n)))
        if n == 0:
            return min(1.0, width), max
        p = [successors.count(y) / n for y in range(n_states)]
        return min(1.0, sum(rewards) / n + width), lambda u: kl_best(p, scale * c_p / n, u)

    return ucrl(model, initial, n_steps, optimistic)
