"""MVP: Algorithm 1 of Zhang, Chen, Lee and Du (2023), with lists of visits."""

from __future__ import annotations

import math
from collections import defaultdict

from tests.reference.episodes import StackedEpisodes


def mvp(model: StackedEpisodes, n_episodes: int, delta: float, scale: float = 1.0) -> tuple[list[int], list]:
    """Decisions and the last Q (H, S, A)."""
    horizon, n_states, n_actions = len(model.p), len(model.p[0]), len(model.p[0][0])
    iota = math.log(200 * n_states * n_actions * horizon**2 * n_episodes**2 / delta)
    powers = {2**j for j in range(int(math.log2(n_episodes)) + 1)}
    history = defaultdict(list)  # (h, s, a) -> (reward, successor), all visits
    batch: dict = {}
    q = [[[float(horizon)] * n_actions for _ in range(n_states)] for _ in range(horizon)]
    decisions: list[int] = []
    for episode in range(1, n_episodes + 1):
        closed = False
        s = model.first(episode)
        for h in range(horizon):
            a = q[h][s].index(max(q[h][s]))
            decisions.append(a)
            reward, following = model.step(h, s, a)
            history[h, s, a].append((reward, following))
            n = len(history[h, s, a])
            if n in powers:
                batch[h, s, a] = history[h, s, a][n // 2 :]
                closed = True
            s = following
        if not closed:
            continue
        value = [0.0] * n_states
        for h in reversed(range(horizon)):
            for s in range(n_states):
                for a in range(n_actions):
                    data = batch.get((h, s, a))
                    if data is None:
                        q[h][s][a] = float(horizon)
                        continue
                    n = len(data)
                    mean = sum(value[y] for _, y in data) / n
                    spread = sum((value[y] - mean) ** 2 for _, y in data) / n
                    reward = sum(x for x, _ in data) / n
                    noise = max(0.0, sum(x * x for x, _ in data) / n - reward**2)
                    bonus = 460 / 9 * math.sqrt(spread * iota / n) + math.sqrt(8 * noise * iota / n)
                    bonus += 544 / 9 * horizon * iota / n
                    q[h][s][a] = min(reward + mean + scale * bonus, float(horizon))
            value = [max(row) for row in q[h]]
    return decisions, q
