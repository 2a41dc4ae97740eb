"""RF-UCRL as in Kaufmann et al. (2021): counts in dictionaries, E planned from scratch before every episode."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable


def rf_ucrl(
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
        more = (n_states - 1) * math.log(math.e * (1 + n / (n_states - 1))) if n_states > 1 else 0.0
        return math.log(2 * n_states * n_actions * horizon / delta) + more

    decisions = []
    for episode in range(n_episodes):
        e = [[[0.0] * n_actions for _ in range(n_states)] for _ in range(horizon + 1)]
        for h in reversed(range(horizon)):
            left = float(horizon - 1 - h)
            for s in range(n_states):
                for a in range(n_actions):
                    seen = counts[h, s, a]
                    n = sum(seen.values())
                    if n == 0:
                        e[h][s][a] = left
                        continue
                    ahead = sum(k * max(e[h + 1][y]) for y, k in sorted(seen.items())) / n
                    e[h][s][a] = min(left, bonus_factor * left * math.sqrt(2 * beta(n) / n) + ahead)
        s = first(episode)
        if max(e[0][s]) <= epsilon / 2:
            return decisions, episode
        for h in range(horizon):
            a = e[h][s].index(max(e[h][s]))
            _, y = step(h, s, a)
            counts[h, s, a][y] += 1
            decisions.append(a)
            s = y
    return decisions, -1
