"""GLOW in plain Python: every tuple is kept and every average is taken over the list of tuples."""

from __future__ import annotations

import math
from collections.abc import Callable


def greedy(row: list[float]) -> int:
    """The lowest index of the largest entry."""
    return row.index(max(row))


def supremum(tuples: list, f: list, h: int, weights: list, clip: float, alpha: float) -> float:
    """max over w of the average of (f_h - r - max f_{h+1}) wc - alpha wc^2 over the tuples (s, a, r, s') of stage h."""
    best = -math.inf
    for w in weights:
        total = 0.0
        for s, a, r, y in tuples:
            ahead = max(f[h + 1][y]) if h + 1 < len(f) else 0.0
            wc = min(w[h][s][a], clip)
            total += (f[h][s][a] - r - ahead) * wc - alpha * wc * wc
        best = max(best, total / len(tuples))
    return best


def mixture_ratios(occupancies: list, played: list[int]) -> list:
    """For each policy its occupancy over that of the mixture of the played policies and itself."""
    result = []
    for own in occupancies:
        every = [occupancies[p] for p in played] + [own]
        n = len(every)
        result.append([
            [[own[h][s][a] * n / sum(d[h][s][a] for d in every) if own[h][s][a] > 0.0 else 0.0
              for a in range(len(own[h][s]))] for s in range(len(own[h]))] for h in range(len(own))
        ])  # fmt: skip
    return result


def glow(
    functions: list,
    weights_of: Callable[[list], list],
    log_classes: float,
    n_rounds: int,
    episode: Callable[[list], tuple[list, list, list]],
    gamma: float,
    delta: float,
    n_trajectories: int = 1,
    alpha_scale: float = 1.0,
    beta_scale: float = 1.0,
) -> list[int]:
    """The functions chosen.

    Args:
        weights_of: policies played so far (as lists) -> the weight functions of the round. log_classes: log(|F||W|).
        episode: a policy -> (states, actions, rewards).
    """
    horizon = len(functions[0])
    data: list[list] = [[] for _ in range(horizon)]
    policies = [[[greedy(row) for row in stage] for stage in f] for f in functions]
    log_factor = log_classes + math.log(6.0 * n_rounds * horizon / delta)
    chosen, played, firsts = [], [], []
    for t in range(1, n_rounds + 1):
        members = list(range(len(functions)))
        if t > 1:
            gamma_t = gamma * t
            alpha = alpha_scale * 8.0 / gamma_t
            beta = beta_scale * 36.0 * gamma_t / (n_trajectories * (t - 1)) * log_factor
            weights = weights_of(played)
            members = [
                i for i in members
                if all(supremum(data[h], functions[i], h, weights, gamma_t, alpha) <= beta for h in range(horizon))
            ] or members  # fmt: skip
        value = {i: math.fsum(max(functions[i][0][s]) for s in firsts) / max(len(firsts), 1) for i in members}
        best = max(value.values())
        f = min(i for i in members if value[i] >= best - 1e-11)
        chosen.append(f)
        for _ in range(n_trajectories):
            states, actions, rewards = episode(policies[f])
            firsts.append(states[0])
            for h in range(horizon):
                data[h].append((states[h], actions[h], rewards[h], states[h + 1]))
        played.append(policies[f])
    return chosen
