"""Q-learning with UCB-Hoeffding: Algorithm 1 of Jin, Allen-Zhu, Bubeck and Jordan (2018), with whole histories.

Q is not updated in place: it is the weighted sum of eq. (4.3) over all visits, with the weights of eq. (4.2).
"""

from __future__ import annotations

import math
from collections import defaultdict

from tests.reference.episodes import StackedEpisodes


def weights(horizon: int, t: int) -> list[float]:
    """a_t^0, a_t^1, ..., a_t^t (eq. (4.2))."""
    rate = [0.0] + [(horizon + 1) / (horizon + i) for i in range(1, t + 1)]
    tail = [1.0] * (t + 2)
    for i in range(t, 0, -1):
        tail[i] = tail[i + 1] * (1 - rate[i])
    return [tail[1]] + [rate[i] * tail[i + 1] for i in range(1, t + 1)]


def optimistic_q_learning(model: StackedEpisodes, n_episodes: int, bonus) -> tuple[list[int], list]:
    """Decisions and the last Q (H, S, A). ``bonus(values seen so far)`` is b_t, t their number."""
    horizon, n_states, n_actions = len(model.p), len(model.p[0]), len(model.p[0][0])
    targets = defaultdict(list)  # (h, s, a) -> r + V(s') + b of every visit
    ahead = defaultdict(list)  # (h, s, a) -> V(s') of every visit
    q = [[[float(horizon)] * n_actions for _ in range(n_states)] for _ in range(horizon)]
    decisions = []
    for episode in range(1, n_episodes + 1):
        start_of_episode = [[min(horizon, max(row)) for row in stage] for stage in q] + [[0.0] * n_states]
        s = model.first(episode)
        for h in range(horizon):
            a = q[h][s].index(max(q[h][s]))
            decisions.append(a)
            reward, following = model.step(h, s, a)
            value = start_of_episode[h + 1][following]
            ahead[h, s, a].append(value)
            targets[h, s, a].append(reward + value + bonus(ahead[h, s, a]))
            share = weights(horizon, len(targets[h, s, a]))
            q[h][s][a] = share[0] * horizon + sum(w * x for w, x in zip(share[1:], targets[h, s, a], strict=True))
            s = following
    return decisions, q


def q_learning_hoeffding(model: StackedEpisodes, n_episodes: int, p: float, c: float) -> tuple[list[int], list]:
    """b_t = c sqrt(H^3 i / t), i = log(2SAT/p)."""
    horizon, n_states, n_actions = len(model.p), len(model.p[0]), len(model.p[0][0])
    iota = math.log(2 * n_states * n_actions * n_episodes * horizon / p)
    return optimistic_q_learning(model, n_episodes, lambda seen: c * math.sqrt(horizon**3 * iota / len(seen)))
