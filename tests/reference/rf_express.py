"""RF-Express as in Menard et al. (2021): counts in dictionaries, W planned from scratch before every episode."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable


def rf_express(
    n_states: int,
    n_actions: int,
    horizon: int,
    n_episodes: int,
    first: Callable[[int], int],
    step: Callable[[int, int, int], tuple[float, int]],
    epsilon: float,
    delta: float,
    bonus_factor: float,
) -> tuple[list[int], int]:
    """Decisions of one run, stage by stage, and the number of episodes before stopping (-1: did not stop).

    Args:
        first: episode from 0 -> first state, the same in every episode.
        step: (h, s, a) -> the next (reward, successor) of that row's stack.
    """
    counts: dict[tuple[int, int, int], dict[int, int]] = defaultdict(lambda: defaultdict(int))

    def beta(n: int) -> float:
        return math.log(3 * n_states * n_actions * horizon / delta) + n_states * math.log(8 * math.e * (n + 1))

    decisions = []
    for episode in range(n_episodes):
        w = [[[0.0] * n_actions for _ in range(n_states)] for _ in range(horizon + 1)]
        for h in reversed(range(horizon)):
            for s in range(n_states):
                for a in range(n_actions):
                    seen = counts[h, s, a]
                    n = sum(seen.values())
                    if n == 0:
                        w[h][s][a] = float(horizon)
                        continue
                    ahead = sum(k * max(w[h + 1][y]) for y, k in sorted(seen.items())) / n
                    bonus = bonus_factor * horizon**2 * beta(n) / n
                    w[h][s][a] = min(float(horizon), bonus + (1 + 1 / horizon) * ahead)
        s = first(episode)
        largest = max(w[0][s])
        if episode > 0 and 3 * math.e * math.sqrt(largest) + largest <= epsilon / 2:
            return decisions, episode
        for h in range(horizon):
            a = w[h][s].index(max(w[h][s]))
            _, y = step(h, s, a)
            counts[h, s, a][y] += 1
            decisions.append(a)
            s = y
    return decisions, -1
