"""HF-UCRL-RFE++ as printed: every policy, candidate and reward in plain loops, HOME moment by moment."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable

import numpy as np


def hf_rfe(
    features: np.ndarray,
    rewards: np.ndarray,
    candidates: np.ndarray,
    initial: int,
    episode: Callable[[list[dict[int, int]]], list[tuple[int, int, int]]],
    n_episodes: int,
    delta: float,
    c_beta: float,
) -> tuple[list[float], list[list[int]]]:
    """The maxima and the candidates left in U_k of every episode.

    Args:
        episode: policy, a dictionary state -> action for each stage, -> walked (state, action, successor).
    """
    n_states, n_actions, _, d = features.shape
    horizon = rewards.shape[1]
    bound = max(float(np.linalg.norm(theta)) for theta in candidates)
    m_count = math.ceil(math.log2(7 * n_episodes * horizon))
    alpha, gamma, lam = 1 / math.sqrt(horizon), d**-0.25, d / bound**2
    part = delta / (4 * m_count)

    def beta(k: int) -> float:
        eta = math.log(1 + k * horizon / (alpha**2 * d * lam))
        layers = max(math.log(gamma**2 / alpha) + 1, math.e)
        tau = math.log(32 * layers * k**2 * horizon**2 / part)
        return c_beta * (12 * math.sqrt(d * eta * tau) + 30 * tau / gamma**2) + math.sqrt(lam) * bound

    def norm(inverse: np.ndarray, x: np.ndarray) -> float:
        return math.sqrt(float(x @ inverse @ x))

    def integrate(s: int, a: int, v: list[float]) -> np.ndarray:
        return sum((features[s, a, y] * v[y] for y in range(n_states)), np.zeros(d))

    names = ("hat", "tilde")
    sigma = {(f, m): lam * np.eye(d) for f in names for m in range(m_count)}
    b = {(f, m): np.zeros(d) for f in names for m in range(m_count)}
    big = beta(n_episodes)
    policies = [
        [dict(enumerate(actions[h * n_states : (h + 1) * n_states])) for h in range(horizon)]
        for actions in itertools.product(range(n_actions), repeat=n_states * horizon)
    ]
    left, maxima, lefts = list(range(len(candidates))), [], []
    for k in range(1, n_episodes + 1):
        start = {key: np.linalg.inv(value) for key, value in sigma.items()}  # inverses of dotSigma
        estimate = {key: start[key] @ b[key] for key in start}
        best = (-1.0, None, None, None)
        for j in left:
            theta = candidates[j]
            for reward in rewards:
                for policy in policies:
                    v = [[0.0] * n_states for _ in range(horizon + 1)]
                    w = [[0.0] * n_states for _ in range(horizon + 1)]
                    for h in reversed(range(horizon)):
                        for s in range(n_states):
                            a = policy[h][s]
                            x, z = integrate(s, a, v[h + 1]), integrate(s, a, w[h + 1])
                            u = min(1.0, big * norm(start["tilde", 0], x))
                            v[h][s] = reward[h, s, a] + float(x @ theta)
                            w[h][s] = min(1.0, u + 2 * big * norm(start["hat", 0], z) + float(z @ theta))
                    if w[0][initial] > best[0] + 1e-12:
                        best = (w[0][initial], policy, v, w)
        value, policy, v, w = best
        maxima.append(value)
        lefts.append(left)
        bk = beta(k)
        for h, (s, a, y) in enumerate(episode(policy)):
            for f, target in (("hat", w), ("tilde", v)):
                phi = [integrate(s, a, [x ** (2**m) for x in target[h + 1]]) for m in range(m_count)]
                for m in range(m_count):
                    wide = gamma**2 * norm(np.linalg.inv(sigma[f, m]), phi[m])
                    if m == m_count - 1:
                        var = 1.0
                    else:
                        second = min(1.0, max(0.0, float(phi[m + 1] @ estimate[f, m + 1])))
                        first = min(1.0, max(0.0, float(phi[m] @ estimate[f, m])))
                        error = min(1.0, 2 * bk * norm(start[f, m], phi[m]))
                        error += min(1.0, bk * norm(start[f, m + 1], phi[m + 1]))
                        var = second - first**2 + error
                    weight = max(wide, var, alpha**2)
                    sigma[f, m] = sigma[f, m] + np.outer(phi[m], phi[m]) / weight
                    b[f, m] = b[f, m] + phi[m] * target[h + 1][y] ** (2**m) / weight
        kept = []
        for j in left:
            fits = True
            for key in sigma:
                error = candidates[j] - np.linalg.inv(sigma[key]) @ b[key]
                fits = fits and math.sqrt(float(error @ sigma[key] @ error)) <= big
            if fits:
                kept.append(j)
        left = kept or left
    return maxima, lefts
