"""PSRL: Algorithm 1 of Osband, Russo and Van Roy (2013), with lists of visits."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from tests.reference.episodes import StackedEpisodes
from tests.reference.thompson_beta import gamma_draw


def psrl(model: StackedEpisodes, n_episodes: int, words: Iterator[int], concentration: float = 1.0) -> tuple:
    """Decisions, and the sampled model of the last episode as {row: (law, mean)}."""
    horizon, n_states, n_actions = len(model.p), len(model.p[0]), len(model.p[0][0])
    seen = defaultdict(list)  # row -> (reward, successor) of the earlier episodes
    decisions: list[int] = []
    rows = [
        (h, s, a) for h in range(1 if model.stationary else horizon) for s in range(n_states) for a in range(n_actions)
    ]
    sampled = {}
    for episode in range(1, n_episodes + 1):
        for row in rows:
            visits = [y for _, y in seen[row]]
            law = [gamma_draw(concentration + visits.count(y), words) for y in range(n_states)]
            successes = sum(reward for reward, _ in seen[row])
            x = gamma_draw(1 + successes, words)
            y = gamma_draw(1 + len(visits) - successes, words)
            sampled[row] = ([g / sum(law) for g in law], x / (x + y))
        value = [0.0] * n_states
        policy = []
        for h in reversed(range(horizon)):
            best, actions = [], []
            for s in range(n_states):
                q = []
                for a in range(n_actions):
                    law, mean = sampled[0 if model.stationary else h, s, a]
                    q.append(mean + sum(p * v for p, v in zip(law, value)))
                best.append(max(q))
                actions.append(q.index(max(q)))
            value, policy = best, [actions, *policy]
        s, path = model.first(episode), []
        for h in range(horizon):
            a = policy[h][s]
            reward, following = model.step(h, s, a)
            path.append(((0 if model.stationary else h, s, a), (reward, following)))
            decisions.append(a)
            s = following
        for row, step in path:
            seen[row].append(step)
    return decisions, sampled
