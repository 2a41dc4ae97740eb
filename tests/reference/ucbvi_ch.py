"""UCBVI as in Algorithms 1-3 of Azar, Osband and Munos (2017), with dictionaries and lists of visits."""

from __future__ import annotations

import math
from collections import defaultdict

from tests.reference.episodes import StackedEpisodes


def ucbvi(model: StackedEpisodes, n_episodes: int, bonus) -> tuple[list[int], list]:
    """Decisions of all episodes and the last Q (H, S, A).

    ``bonus(history, s, a, h, value)`` gets, for a visited pair, the list of its successors and V_{h+1}.
    """
    horizon, n_states, n_actions = len(model.p), len(model.p[0]), len(model.p[0][0])
    seen = defaultdict(list)  # (s, a) -> successors, in order, of all earlier episodes
    arrived = defaultdict(int)  # (stage, state) -> earlier episodes that were there
    q = [[[float(horizon)] * n_actions for _ in range(n_states)] for _ in range(horizon)]
    decisions = []
    for episode in range(1, n_episodes + 1):
        value = [0.0] * n_states
        for h in reversed(range(horizon)):
            for s in range(n_states):
                for a in range(n_actions):
                    successors = seen[s, a]
                    if successors:
                        mean = sum(value[y] for y in successors) / len(successors)
                        optimistic = model.r[h][s][a] + mean + bonus(successors, h, value, arrived)
                        q[h][s][a] = min(q[h][s][a], horizon, optimistic)
            value = [max(q[h][s]) for s in range(n_states)]
        s = model.first(episode)
        path = []
        for h in range(horizon):
            arrived_here = s
            a = q[h][s].index(max(q[h][s]))
            _, following = model.step(h, s, a)
            path.append((h, arrived_here, a, following))
            decisions.append(a)
            s = following
        for h, here, a, following in path:
            seen[here, a].append(following)
            arrived[h, here] += 1
        arrived[horizon, path[-1][3]] += 1
    return decisions, q


def hoeffding_bonus(n_states: int, n_actions: int, horizon: int, n_episodes: int, delta: float, scale: float):
    """7 H L / sqrt(N), L = log(5 S A T / delta)."""
    level = math.log(5 * n_states * n_actions * n_episodes * horizon / delta)
    return lambda successors, h, value, arrived: scale * 7 * horizon * level / math.sqrt(len(successors))


def ucbvi_ch(model: StackedEpisodes, n_episodes: int, delta: float, scale: float = 1.0) -> tuple[list[int], list]:
    """UCBVI-CH."""
    horizon, n_states, n_actions = len(model.p), len(model.p[0]), len(model.p[0][0])
    return ucbvi(model, n_episodes, hoeffding_bonus(n_states, n_actions, horizon, n_episodes, delta, scale))
