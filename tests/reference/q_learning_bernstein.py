"""Q-learning with UCB-Bernstein: Algorithm 2 of Jin, Allen-Zhu, Bubeck and Jordan (2018), with whole histories."""

from __future__ import annotations

import math

from tests.reference.episodes import StackedEpisodes
from tests.reference.q_learning_hoeffding import optimistic_q_learning


def q_learning_bernstein(
    model: StackedEpisodes, n_episodes: int, p: float, c1: float, c2: float
) -> tuple[list[int], list]:
    """b_t from beta_t and beta_{t-1}, each recomputed from all the values seen (eqs. (3.1) and (3.2))."""
    horizon, n_states, n_actions = len(model.p), len(model.p[0]), len(model.p[0][0])
    iota = math.log(2 * n_states * n_actions * n_episodes * horizon / p)

    def beta(seen: list[float]) -> float:
        t = len(seen)
        if t == 0:
            return 0.0
        mean = math.fsum(seen) / t
        spread = math.fsum((x - mean) ** 2 for x in seen) / t
        first = math.sqrt(horizon * (spread + horizon) * iota / t)
        second = math.sqrt(horizon**7 * n_states * n_actions) * iota / t
        return min(c1 * (first + second), c2 * math.sqrt(horizon**3 * iota / t))

    def bonus(seen: list[float]) -> float:
        rate = (horizon + 1) / (horizon + len(seen))
        return (beta(seen) - (1 - rate) * beta(seen[:-1])) / (2 * rate)

    return optimistic_q_learning(model, n_episodes, bonus)
