"""UOB-REPS with upper occupancies by linear programs over whole transition tables, one state at a time."""

from __future__ import annotations

import math

import cvxpy as cp
import numpy as np

from kernels.driven import generator
from kernels.random import ENVIRONMENT, POLICY
from tests.reference.refined_regret import pick


def box(counts, logs):
    """(low, high) for every (h, s, a, y), one entry at a time."""
    low, high = np.zeros(counts.shape), np.zeros(counts.shape)
    for place in np.ndindex(counts.shape):
        n = counts[place[:3]].sum()
        mean = counts[place] / max(1.0, n)
        radius = 2.0 * math.sqrt(mean * logs / max(1.0, n - 1.0)) + 14.0 * logs / (3.0 * max(1.0, n - 1.0))
        low[place], high[place] = max(0.0, mean - radius), min(1.0, mean + radius)
    return low, high


def reach(low, high, initial, policy, stage, state):
    """max over transitions in the boxes of P(s_stage = state), as a linear program over occupancies q(s, a, y)."""
    _, S, A = policy.shape
    q = [cp.Variable((S * A, S), nonneg=True) for _ in range(stage)]
    mass = [cp.sum(x, axis=1) for x in q]
    constraints = []
    for h in range(stage):
        inflow = initial if h == 0 else cp.sum(q[h - 1], axis=0)
        for s in range(S):
            for a in range(A):
                i = s * A + a
                constraints.append(mass[h][i] == inflow[s] * policy[h, s, a])
                constraints += [q[h][i] <= high[h, s, a] * mass[h][i], q[h][i] >= low[h, s, a] * mass[h][i]]
    if stage == 0:
        return float(initial[state])
    problem = cp.Problem(cp.Maximize(cp.sum(q[-1][:, state])), constraints)
    problem.solve(solver=cp.CLARABEL)
    return float(problem.value)


def project(initial, log_weights, low, high):
    """argmin KL(q | w) over the boxes, in normalised form."""
    H, S = len(log_weights), len(initial)
    A = log_weights[0].shape[0] // S
    q = [cp.Variable(w.shape, nonneg=True) for w in log_weights]
    constraints = [cp.sum(q[0][s * A : (s + 1) * A]) == initial[s] for s in range(S)]
    for h in range(H - 1):
        for i in range(S * A):
            total = cp.sum(q[h][i])
            constraints += [
                q[h][i] <= high[h, i // A, i % A] * total,
                q[h][i] >= low[h, i // A, i % A] * total,
            ]
        constraints += [cp.sum(q[h + 1][s * A : (s + 1) * A]) == cp.sum(q[h][:, s]) for s in range(S)]
    objective = sum(cp.sum(cp.kl_div(x, np.exp(w))) for x, w in zip(q, log_weights))
    cp.Problem(cp.Minimize(objective), constraints).solve(
        solver=cp.CLARABEL, tol_gap_abs=1e-10, tol_gap_rel=1e-10, tol_feas=1e-10
    )
    return [np.log(np.maximum(x.value, 1e-12)) for x in q]


def reference(mdp, eta, gamma, delta, n_episodes, seed, run):
    """(policy and upper occupancy of every episode, (state, action) along every episode)."""
    H, S, A = mdp.horizon, mdp.n_states, mdp.n_actions
    logs = math.log(n_episodes * H * S * A / delta)
    moves, choices = generator(seed, ENVIRONMENT, run), generator(seed, POLICY, run)
    counts, visits, before = np.zeros((H - 1, S, A, S)), np.zeros((H, S, A)), np.zeros((H, S, A))
    low, high = box(counts, logs)
    log_q = [np.log(np.full((S * A, S), 1.0 / (S * A * S))) for _ in range(H - 1)] + [
        np.log(np.full((S * A, 1), 1 / (S * A)))
    ]
    policies, uppers, paths = [], [], []
    for k in range(1, n_episodes + 1):
        policy = np.zeros((H, S, A))
        for h in range(H):
            mass = np.exp(log_q[h]).sum(axis=1).reshape(S, A)
            policy[h] = mass / mass.sum(axis=1, keepdims=True)
        u, w = moves.random(H), choices.random(H)
        path, s = [], pick(list(mdp.initial), u[0])
        for h in range(H):
            a = pick(list(policy[h, s]), w[h])
            path.append((s, a))
            if h < H - 1:
                s = pick(list(mdp.transitions[h, s, a]), u[h + 1])
        upper, moved = {}, [x.copy() for x in log_q]
        for h, (s, a) in enumerate(path):
            upper[h] = policy[h, s, a] * reach(low, high, np.asarray(mdp.initial), policy, h, s)
            moved[h][s * A + a] -= eta * mdp.losses(k)[h, s, a] / (upper[h] + gamma)
            visits[h, s, a] += 1
            if h < H - 1:
                counts[h, s, a, path[h + 1][0]] += 1
        if any(visits[p] >= max(1.0, 2.0 * before[p]) for p in np.ndindex(visits.shape)):
            before = visits.copy()
            low, high = box(counts, logs)
        policies.append(policy)
        uppers.append(upper)
        paths.append(path)
        log_q = project(np.asarray(mdp.initial), moved, low, high)
    return policies, uppers, paths
