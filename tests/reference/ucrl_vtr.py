"""UCRL-VTR written with plain sums: every episode solves its least squares from the whole history."""

from __future__ import annotations

import math

import numpy as np


def plan(psi, rewards, history, bound, delta, ridge):
    """(q, policy) for the next episode; ``history[h]`` lists (psi_V(s, a), V(s')) of stage h."""
    horizon, n_states, n_actions = rewards.shape
    d = psi.shape[3]
    values = [0.0] * n_states
    q = np.zeros(rewards.shape)
    for h in range(horizon - 1, -1, -1):
        sigma = np.eye(d) * ridge + sum((np.outer(x, x) for x, _ in history[h]), np.zeros((d, d)))
        theta = np.linalg.inv(sigma) @ sum((x * y for x, y in history[h]), np.zeros(d))
        ratio = math.log(np.linalg.det(sigma) / ridge**d)
        beta = horizon / 2 * math.sqrt(ratio + 2 * math.log(2 * horizon / delta)) + math.sqrt(ridge) * bound
        for s in range(n_states):
            for a in range(n_actions):
                x = sum(psi[s, a, y] * values[y] for y in range(n_states))
                width = math.sqrt(x @ np.linalg.inv(sigma) @ x)
                q[h, s, a] = min(max(rewards[h, s, a] + x @ theta + beta * width, 0.0), horizon)
        values = [max(q[h, s]) for s in range(n_states)]
    return q, q.argmax(axis=2)
