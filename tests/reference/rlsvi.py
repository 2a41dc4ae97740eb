"""Tabular RLSVI: Algorithm 1 of Russo (2019), with lists of visits."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator

from tests.reference.episodes import StackedEpisodes
from tests.reference.normal import normal


def rlsvi(model: StackedEpisodes, n_episodes: int, words: Iterator[int], scale: float = 1.0) -> tuple[list[int], list]:
    """Decisions and the last Q (H, S, A)."""
    horizon, n_states, n_actions = len(model.p), len(model.p[0]), len(model.p[0][0])
    seen = defaultdict(list)  # row -> (reward, successor) of the earlier episodes
    decisions: list[int] = []
    q: list = []
    for episode in range(1, n_episodes + 1):
        beta = scale * n_states * horizon**3 * math.log(2 * horizon * n_states * n_actions * episode) / 2
        value = [0.0] * n_states
        q = []
        for h in reversed(range(horizon)):
            stage = []
            for s in range(n_states):
                row = []
                for a in range(n_actions):
                    data = seen[0 if model.stationary else h, s, a]
                    fitted = sum(reward + value[y] for reward, y in data) / (len(data) + 1)
                    row.append(fitted + math.sqrt(beta / (len(data) + 1)) * normal(words))
                stage.append(row)
            value = [max(row) for row in stage]
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
