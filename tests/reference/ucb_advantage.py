"""UCB-Advantage: Algorithm 1 of Zhang, Zhou and Ji (2020), with lists of visits."""

from __future__ import annotations

import math
from collections import defaultdict

from tests.reference.episodes import StackedEpisodes


def stage_ends(horizon: int, longest: int) -> set[int]:
    """e_1, e_1 + e_2, ... up to ``longest``."""
    length, end, ends = horizon, horizon, set()
    while end <= longest:
        ends.add(end)
        length = math.floor(length + length / horizon)
        end += length
    return ends


def ucb_advantage(
    model: StackedEpisodes, n_episodes: int, delta: float, c: float, scale: float = 1.0
) -> tuple[list[int], list]:
    """Decisions, and the reference values (H, S) at the end."""
    horizon, n_states, n_actions = len(model.p), len(model.p[0]), len(model.p[0][0])
    steps = n_episodes * horizon
    iota = math.log(2 / (delta / (2 * steps * (horizon**2 * steps**3 + 7))))
    settled = math.ceil(c * n_states * n_actions * horizon**6 * iota)
    ends = stage_ends(horizon, n_episodes)
    q = [[[float(horizon - h)] * n_actions for _ in range(n_states)] for h in range(horizon)]
    value = [[float(horizon - h)] * n_states for h in range(horizon)] + [[0.0] * n_states]
    reference = [[float(horizon)] * n_states for _ in range(horizon)] + [[0.0] * n_states]
    everything, stage = defaultdict(list), defaultdict(list)  # (h, s, a) -> (V, Vref) at the next state
    arrivals = defaultdict(int)
    decisions: list[int] = []

    def moments(xs):
        mean = sum(xs) / len(xs)
        return mean, sum((x - mean) ** 2 for x in xs) / len(xs)

    for episode in range(1, n_episodes + 1):
        s = model.first(episode)
        for h in range(horizon):
            a = q[h][s].index(max(q[h][s]))
            decisions.append(a)
            reward, following = model.step(h, s, a)
            pair = value[h + 1][following], reference[h + 1][following]
            everything[h, s, a].append(pair)
            stage[h, s, a].append(pair)
            n = len(everything[h, s, a])
            if n in ends:
                m = len(stage[h, s, a])
                simple = sum(v for v, _ in stage[h, s, a]) / m + scale * 2 * math.sqrt(horizon**2 * iota / m)
                ref_mean, ref_spread = moments([r for _, r in everything[h, s, a]])
                adv_mean, adv_spread = moments([v - r for v, r in stage[h, s, a]])
                bonus = 2 * math.sqrt(ref_spread * iota / n) + 2 * math.sqrt(adv_spread * iota / m)
                bonus += 5 * horizon * (iota / n + iota / m + (iota / n) ** 0.75 + (iota / m) ** 0.75)
                q[h][s][a] = min(reward + simple, reward + ref_mean + adv_mean + scale * bonus, q[h][s][a])
                value[h][s] = max(q[h][s])
                stage[h, s, a] = []
            arrivals[h, s] += 1
            if arrivals[h, s] == settled:
                reference[h][s] = value[h][s]
            s = following
    return decisions, reference[:-1]
