"""BPI-UCBVI as in Menard et al. (2021): counts in dictionaries, all bounds from scratch before every episode."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable


def bpi_ucvi(
    rewards: list[list[list[float]]],
    n_episodes: int,
    first: Callable[[int], int],
    step: Callable[[int, int, int], tuple[float, int]],
    epsilon: float,
    delta: float,
    bonus_factor: float,
) -> tuple[list[int], int, float]:
    """Decisions of one run, the number of episodes before stopping (-1: did not stop), and the last gap bound.

    Args:
        rewards: known mean rewards [h][s][a]. first: episode from 0 -> first state, the same in every episode.
        step: (h, s, a) -> the next (reward, successor) of that row's stack.
    """
    horizon, n_states, n_actions = len(rewards), len(rewards[0]), len(rewards[0][0])
    counts: dict[tuple[int, int, int], dict[int, int]] = defaultdict(lambda: defaultdict(int))
    pairs = math.log(3 * n_states * n_actions * horizon / delta)
    decisions, last = [], math.inf
    for episode in range(n_episodes):
        up, low, gap = ([[0.0] * n_states for _ in range(horizon + 1)] for _ in range(3))
        policy = [[0] * n_states for _ in range(horizon)]
        for h in reversed(range(horizon)):
            for s in range(n_states):
                tables = []
                for a in range(n_actions):
                    seen = counts[h, s, a]
                    n = sum(seen.values())
                    if n == 0:
                        tables.append((float(horizon), 0.0, float(horizon)))
                        continue
                    share = {y: k / n for y, k in sorted(seen.items())}
                    mean = sum(p * up[h + 1][y] for y, p in share.items())
                    below = sum(p * low[h + 1][y] for y, p in share.items())
                    variance = sum(p * (up[h + 1][y] - mean) ** 2 for y, p in share.items())
                    ahead = sum(p * gap[h + 1][y] for y, p in share.items())
                    one = math.log(8 * math.e * (n + 1))
                    root = math.sqrt(variance * (pairs + one) / n)
                    rest = horizon**2 * (pairs + n_states * one) / n
                    wide = bonus_factor * (3 * root + 14 * rest) + (mean - below) / horizon
                    total = bonus_factor * (6 * root + 36 * rest) + (1 + 3 / horizon) * ahead
                    r = rewards[h][s][a]
                    tables.append((min(horizon, r + wide + mean), max(0.0, r - wide + below), min(horizon, total)))
                best = max(range(n_actions), key=lambda a: (tables[a][0], -a))
                policy[h][s] = best
                up[h][s], low[h][s], gap[h][s] = tables[best][0], max(t[1] for t in tables), tables[best][2]
        s = first(episode)
        if episode > 0:
            last = gap[0][s]
            if last <= epsilon:
                return decisions, episode, last
        for h in range(horizon):
            a = policy[h][s]
            _, y = step(h, s, a)
            counts[h, s, a][y] += 1
            decisions.append(a)
            s = y
    return decisions, -1, last
