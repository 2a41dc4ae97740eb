"""LSVI-UCB as in Algorithm 1 of Jin, Yang, Wang and Jordan (2020): every episode regresses on the whole history."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np


def lsvi_ucb(
    features: np.ndarray,
    horizon: int,
    n_episodes: int,
    first: Callable[[int], int],
    step: Callable[[int, int, int], tuple[float, int]],
    radius: float,
    regularization: float,
) -> list[int]:
    """Decisions of one run, stage by stage.

    Args:
        features: phi, (n_states, n_actions, d).
        first: episode from 0 -> first state. step: (h, s, a) -> the next (reward, successor) of that row's stack.
    """
    n_states, n_actions, d = features.shape
    history: list[list[tuple[int, int, float, int]]] = [[] for _ in range(horizon)]
    decisions = []
    for k in range(n_episodes):
        q = np.zeros((horizon + 1, n_states, n_actions))
        for h in reversed(range(horizon)):
            gram = regularization * np.eye(d)
            target = np.zeros(d)
            for s, a, r, y in history[h]:
                gram += np.outer(features[s, a], features[s, a])
                target += features[s, a] * (r + max(q[h + 1, y]))
            w = np.linalg.solve(gram, target)
            for s in range(n_states):
                for a in range(n_actions):
                    x = features[s, a]
                    bonus = radius * math.sqrt(float(x @ np.linalg.solve(gram, x)))
                    q[h, s, a] = min(float(w @ x) + bonus, horizon)
        s = first(k)
        for h in range(horizon):
            a = int(np.argmax(q[h, s]))
            r, y = step(h, s, a)
            history[h].append((s, a, r, y))
            decisions.append(a)
            s = y
    return decisions
