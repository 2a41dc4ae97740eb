"""UCBVI-BF: Algorithm 4 of Azar, Osband and Munos (2017) as a bonus of the plain recursion."""

from __future__ import annotations

import math

from tests.reference.episodes import StackedEpisodes
from tests.reference.ucbvi_ch import ucbvi


def ucbvi_bf(model: StackedEpisodes, n_episodes: int, delta: float, scale: float = 1.0) -> tuple[list[int], list]:
    """Decisions and the last Q."""
    horizon, n_states, n_actions = len(model.p), len(model.p[0]), len(model.p[0][0])
    level = math.log(5 * n_states * n_actions * n_episodes * horizon / delta)

    def cap(arrivals: int) -> float:
        if arrivals == 0:
            return float(horizon**2)
        return min(100**2 * horizon**2 * n_states**2 * n_actions * level**2 / arrivals, horizon**2)

    def bonus(successors, h, value, arrived) -> float:
        n = len(successors)
        mean = sum(value[y] for y in successors) / n
        variance = sum((value[y] - mean) ** 2 for y in successors) / n
        correction = sum(cap(arrived[h + 1, y]) for y in successors) / n
        return scale * (
            math.sqrt(8 * level * variance / n) + 14 * horizon * level / (3 * n) + math.sqrt(8 * correction / n)
        )

    return ucbvi(model, n_episodes, bonus)
