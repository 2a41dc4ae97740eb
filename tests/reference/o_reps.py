"""Relative entropy policy search with every projection solved as a convex program."""

from __future__ import annotations

import cvxpy as cp
import numpy as np

from kernels.driven import generator
from kernels.random import ENVIRONMENT, POLICY
from tests.reference.refined_regret import pick


def projection(mdp, weights):
    """argmin KL(q | weights) over the occupancies, (H, S, A), by an interior-point solver."""
    H, S, A = weights.shape
    q = [cp.Variable((S, A), nonneg=True) for _ in range(H)]
    constraints = [cp.sum(q[0], axis=1) == mdp.initial]
    for h in range(H - 1):
        inflow = [sum(q[h][s, :] @ mdp.transitions[h, s, :, y] for s in range(S)) for y in range(S)]
        constraints += [cp.sum(q[h + 1][y, :]) == inflow[y] for y in range(S)]
    objective = sum(cp.sum(cp.kl_div(q[h], weights[h])) for h in range(H))
    cp.Problem(cp.Minimize(objective), constraints).solve(
        solver=cp.CLARABEL, tol_gap_abs=1e-11, tol_gap_rel=1e-11, tol_feas=1e-11
    )
    return np.stack([v.value for v in q])


def reference(mdp, rate, bandit, n_episodes, seed, run):
    """(q_t of every episode, (state, action) along every episode)."""
    H, S, A = mdp.horizon, mdp.n_states, mdp.n_actions
    moves, choices = generator(seed, ENVIRONMENT, run), generator(seed, POLICY, run)
    q = projection(mdp, np.ones((H, S, A)))
    occupancies, paths = [], []
    for k in range(1, n_episodes + 1):
        losses, u, w = mdp.losses(k), moves.random(H), choices.random(H)
        path, s = [], pick(list(mdp.initial), u[0])
        for h in range(H):
            a = pick(list(q[h, s] / q[h, s].sum()), w[h])
            path.append((s, a))
            if h < H - 1:
                s = pick(list(mdp.transitions[h, s, a]), u[h + 1])
        occupancies.append(q)
        paths.append(path)
        weights = q.copy()
        for h in range(H):
            for s in range(S):
                for a in range(A):
                    if bandit:
                        seen = losses[h, s, a] / q[h, s, a] if path[h] == (s, a) else 0.0
                    else:
                        seen = losses[h, s, a]
                    weights[h, s, a] *= np.exp(-rate * seen)
        q = projection(mdp, weights)
    return occupancies, paths
