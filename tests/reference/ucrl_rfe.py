"""UCRL-RFE as printed: data in lists, every regression solved afresh, every f tried in plain loops."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable

import numpy as np


class Data:
    """Observations (psi, y, variance) of one regression with ridge B^{-2}."""

    def __init__(self, d: int, bound: float) -> None:
        self.rows: list[tuple[np.ndarray, float, float]] = []
        self.d, self.bound = d, bound

    def inverse(self) -> np.ndarray:
        sigma = np.eye(self.d) / self.bound**2
        for psi, _, nu in self.rows:
            sigma = sigma + np.outer(psi, psi) / nu
        return np.linalg.inv(sigma)

    def estimate(self) -> np.ndarray:
        b = np.zeros(self.d)
        for psi, y, nu in self.rows:
            b = b + psi * y / nu
        return self.inverse() @ b


def integrate(features: np.ndarray, s: int, a: int, v: list[float]) -> np.ndarray:
    return sum((features[s, a, y] * v[y] for y in range(len(v))), np.zeros(features.shape[3]))


def plan(features, reward, theta, inverse, beta) -> tuple[list[list[float]], list[list[int]]]:
    horizon, n_states, n_actions = reward.shape
    v, policy = [[0.0] * n_states for _ in range(horizon + 1)], [[0] * n_states for _ in range(horizon)]
    for h in reversed(range(horizon)):
        for s in range(n_states):
            q = []
            for a in range(n_actions):
                psi = integrate(features, s, a, v[h + 1])
                bonus = beta * math.sqrt(max(0.0, float(psi @ inverse @ psi)))
                q.append(min(float(horizon), max(0.0, reward[h, s, a] + float(psi @ theta) + bonus)))
            v[h][s] = max(q)
            policy[h][s] = next(a for a in range(n_actions) if q[a] >= max(q) - 1e-12)
    return v, policy


def uncertainty(features, inverse, beta, horizon) -> tuple[np.ndarray, dict]:
    """r_h(s,a) and, for every (h, s, a), the f that attains its maximum."""
    n_states, n_actions = features.shape[:2]
    reward, best = np.zeros((horizon, n_states, n_actions)), {}
    for h in range(horizon):
        for s in range(n_states):
            for a in range(n_actions):
                largest = -1.0
                for f in itertools.product((0.0, float(horizon - 1 - h)), repeat=n_states):
                    psi = integrate(features, s, a, list(f))
                    norm = math.sqrt(max(0.0, float(psi @ inverse @ psi)))
                    if norm > largest + 1e-12:
                        largest, best[h, s, a] = norm, list(f)
                reward[h, s, a] = min(1.0, 2 * beta / horizon * largest)
    return reward, best


def ucrl_rfe(
    features: np.ndarray,
    horizon: int,
    bound: float,
    episode: Callable[[], list[tuple[int, int, int]]],
    n_episodes: int,
    delta: float,
    c_beta: float,
) -> list[tuple[np.ndarray, float, list[list[int]]]]:
    """(r^k, V^k_1, pi^k) of every episode; ``episode`` gives the walk (state, action, successor)."""
    d = features.shape[3]
    data = Data(d, bound)
    inside = 3 * (1 + n_episodes * horizon**3 * bound**2) / delta
    beta = c_beta * (horizon * math.sqrt(d * math.log(inside)) + 1)
    out = []
    for _ in range(n_episodes):
        inverse = data.inverse()
        reward, best = uncertainty(features, inverse, beta, horizon)
        v, policy = plan(features, reward, data.estimate(), inverse, beta)
        out.append((reward, v[0], policy))
        for h, (s, a, y) in enumerate(episode()):
            f = best[h, s, a]
            data.rows.append((integrate(features, s, a, f), f[y], 1.0))
    return out
