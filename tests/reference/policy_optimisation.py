"""Tabular policy optimisation with dilated bonuses in plain Python."""

from __future__ import annotations

import numpy as np

from kernels.driven import generator
from kernels.random import ENVIRONMENT, POLICY
from tests.reference.refined_regret import entropy, pick


def reference(mdp, eta, gamma, n_episodes, seed, run):
    """(policy of every episode, (state, action) along every episode)."""
    H, S, A, P = mdp.horizon, mdp.n_states, mdp.n_actions, mdp.transitions
    moves, choices = generator(seed, ENVIRONMENT, run), generator(seed, POLICY, run)
    total = np.zeros((H, S, A))
    policies, paths = [], []
    for k in range(1, n_episodes + 1):
        pi = [[entropy(eta, list(total[h, s])) for s in range(S)] for h in range(H)]
        reach = [list(mdp.initial)]
        for h in range(H - 1):
            reach.append(
                [sum(reach[h][s] * pi[h][s][a] * P[h, s, a, y] for s in range(S) for a in range(A)) for y in range(S)]
            )
        q = [[[reach[h][s] * pi[h][s][a] for a in range(A)] for s in range(S)] for h in range(H)]
        dilated = np.zeros((H + 1, S, A))
        for h in range(H - 1, -1, -1):
            for s in range(S):
                bonus = sum(pi[h][s][a] * 2 * gamma * H / (q[h][s][a] + gamma) for a in range(A))
                for a in range(A):
                    dilated[h, s, a] = bonus
                    if h < H - 1:
                        for y in range(S):
                            ahead = sum(pi[h + 1][y][b] * dilated[h + 1, y, b] for b in range(A))
                            dilated[h, s, a] += (1 + 1 / H) * P[h, s, a, y] * ahead
        u, w = moves.random(H), choices.random(H)
        path, s = [], pick(list(mdp.initial), u[0])
        for h in range(H):
            a = pick(pi[h][s], w[h])
            path.append((s, a))
            if h < H - 1:
                s = pick(list(P[h, s, a]), u[h + 1])
        losses = mdp.losses(k)
        for h, (s, a) in enumerate(path):
            total[h, s, a] += sum(losses[i, *path[i]] for i in range(h, H)) / (q[h][s][a] + gamma)
        total -= dilated[:H]
        policies.append(np.array(pi))
        paths.append(path)
    return policies, paths
