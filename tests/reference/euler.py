"""EULER: Algorithm 1 of Zanette and Brunskill (2019), with lists of visits."""

from __future__ import annotations

import math
from collections import defaultdict

from tests.reference.episodes import StackedEpisodes


def euler(model: StackedEpisodes, n_episodes: int, delta: float, scale: float = 1.0) -> tuple[list[int], list]:
    """Decisions and the last Q (H, S, A)."""
    horizon, n_states, n_actions = len(model.p), len(model.p[0]), len(model.p[0][0])
    level = math.log(4 * n_states * n_actions * n_episodes * horizon / (delta / 7))
    j, b_v = horizon * level / 3, math.sqrt(2 * level)
    b_p = horizon * b_v
    seen = defaultdict(list)  # row -> (reward, successor) of the earlier episodes
    decisions: list[int] = []
    q: list = []

    def bounds(data, value, other):
        """rh + Ph V, and the sum of the two bonuses."""
        n = len(data)
        mean = sum(x for x, _ in data) / n
        ahead = sum(value[y] for _, y in data) / n
        spread = sum((value[y] - ahead) ** 2 for _, y in data) / n
        noise = sum((x - mean) ** 2 for x, _ in data) / (n - 1)
        norm = math.sqrt(sum((value[y] - other[y]) ** 2 for _, y in data) / n)
        phi = math.sqrt(2 * spread * level / n) + j / (n - 1)
        correction = ((4 * j + b_p) / math.sqrt(n) + b_v * norm) / math.sqrt(n)
        reward = math.sqrt(2 * noise * level / n) + 7 * level / (3 * (n - 1))
        return mean + ahead, scale * (reward + phi + correction)

    for episode in range(1, n_episodes + 1):
        upper, lower = [0.0] * n_states, [0.0] * n_states
        q = []
        for h in reversed(range(horizon)):
            stage, below = [], []
            for s in range(n_states):
                row = []
                for a in range(n_actions):
                    data = seen[0 if model.stationary else h, s, a]
                    value = float(horizon - h)
                    if len(data) >= 2:
                        centre, bonus = bounds(data, upper, lower)
                        value = min(value, centre + bonus)
                    row.append(value)
                stage.append(row)
                data = seen[0 if model.stationary else h, s, row.index(max(row))]
                below.append(0.0)
                if len(data) >= 2:
                    centre, bonus = bounds(data, lower, upper)
                    below[-1] = max(0.0, centre - bonus)
            upper, lower = [max(row) for row in stage], below
            q.insert(0, stage)
        s, path = model.first(episode), []
        for h in range(horizon):
            a = q[h][s].index(max(q[h][s]))
            reward, following = model.step(h, s, a)
            path.append(((0 if model.stationary else h, s, a), (reward, following)))
            decisions.append(a)
            s = following
        for row, step in path:
            seen[row].append(step)
    return decisions, q
