"""Algorithms 1 and 2 of Dai, Luo, Wei and Zimmert (2023) and their baseline in plain Python, one pair at a time.

Exact inverse covariance and bonus. Only the environment's and the algorithm's random streams are shared with the
implementation under test; leaders are found by bisection, covariances are added up along enumerated states.
"""

from __future__ import annotations

import math

import numpy as np

from kernels.driven import generator
from kernels.random import ENVIRONMENT, POLICY


def barrier(eta, losses):
    """p_a = 1/(eta L_a + x) with sum one, x by bisection."""
    least = min(losses)
    low, high = 0.5, float(len(losses)) + 0.5
    for _ in range(200):
        middle = 0.5 * (low + high)
        if sum(1.0 / (eta * (loss - least) + middle) for loss in losses) > 1.0:
            low = middle
        else:
            high = middle
    return [1.0 / (eta * (loss - least) + middle) for loss in losses]


def entropy(eta, losses):
    """p_a proportional to exp(-eta L_a)."""
    least = min(losses)
    weights = [math.exp(-eta * (loss - least)) for loss in losses]
    return [w / sum(weights) for w in weights]


def pick(probabilities, u):
    """The index whose share of the sum u falls into."""
    reached, target = 0.0, u * sum(probabilities)
    for i, p in enumerate(probabilities):
        reached += p
        if target < reached:
            return i
    return len(probabilities) - 1


def reference(mdp, leader, reduced, eta, beta, gamma, n_episodes, seed, run):
    """(policies of every episode, states and actions of every episode)."""
    H, S, A = mdp.horizon, mdp.n_states, mdp.n_actions
    P, phi = mdp.transitions, mdp.features
    moves, choices = generator(seed, ENVIRONMENT, run), generator(seed, POLICY, run)
    cells = [(s, a) for s in range(S) for a in range(A)]
    total = {(h, s, a): 0.0 for h in range(H) for s in range(S) for a in range(A)}
    policies, paths = [], []
    for k in range(1, n_episodes + 1):
        pi = {(h, s): leader(eta, [total[h, s, a] for a in range(A)]) for h in range(H) for s in range(S)}
        reach = [list(mdp.initial)]
        for h in range(H - 1):
            reach.append([sum(reach[h][s] * pi[h, s][a] * P[h, s, a, y] for s, a in cells) for y in range(S)])
        inverse, width, bonus = [], {}, {}
        for h in range(H):
            sigma = gamma * np.eye(phi.shape[3])
            for s, a in cells:
                sigma = sigma + reach[h][s] * pi[h, s][a] * np.outer(phi[h, s, a], phi[h, s, a])
            inverse.append(np.linalg.inv(sigma))
            for s, a in cells:
                width[h, s, a] = float(phi[h, s, a] @ inverse[h] @ phi[h, s, a])
        for h in range(H - 1, -1, -1):
            for s, a in cells:
                bonus[h, s, a] = beta * (width[h, s, a] + sum(pi[h, s][b] * width[h, s, b] for b in range(A)))
                if h < H - 1:
                    ahead = sum(P[h, s, a, y] * pi[h + 1, y][b] * bonus[h + 1, y, b] for y, b in cells)
                    bonus[h, s, a] += (1.0 + 1.0 / H) * ahead
        u, w = moves.random(H), choices.random(H)
        path, s = [], pick(list(mdp.initial), u[0])
        for h in range(H):
            a = pick(pi[h, s], w[h])
            path.append((s, a))
            if h < H - 1:
                s = pick(list(P[h, s, a]), u[h + 1])
        losses = mdp.losses(k)
        for h in range(H):
            to_go = sum(losses[i, *path[i]] for i in range(h, H))
            for s, a in cells:
                product = float(phi[h, s, a] @ inverse[h] @ phi[h, *path[h]])
                estimate = product * to_go
                if reduced:
                    mean = sum(
                        reach[h][y] * pi[h, y][b] * min(float(phi[h, s, a] @ inverse[h] @ phi[h, y, b]), 0.0)
                        for y, b in cells
                    )
                    estimate += -H * min(product, 0.0) + H * mean
                total[h, s, a] += estimate - bonus[h, s, a]
        policies.append(np.array([[pi[h, s] for s in range(S)] for h in range(H)]))
        paths.append(path)
    return policies, paths
