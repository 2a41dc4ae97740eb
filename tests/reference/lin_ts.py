"""Linear Thompson sampling, Algorithm 1 of Abeille and Lazaric (2017), in plain numpy, everything solved afresh."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from tests.reference.normal import normal


def lin_ts(
    sets: Sequence[np.ndarray],
    reward: Callable[[int, int], float],
    words: Iterator[int],
    noise: float,
    parameter_bound: float,
    regularization: float,
    delta: float,
    scale: float,
) -> list[int]:
    """Decisions of one run of len(sets) rounds."""
    horizon, d = len(sets), sets[0].shape[1]
    v, b, decisions = regularization * np.eye(d), np.zeros(d), []
    for t, actions in enumerate(sets):
        radius = noise * math.sqrt(2 * math.log(4 * horizon / delta) + np.linalg.slogdet(v / regularization)[1])
        radius += math.sqrt(regularization) * parameter_bound
        eta = np.array([normal(words) for _ in range(d)])
        # inv(L') = inv(chol(V))' : a root of V^{-1}.
        sample = np.linalg.inv(v) @ b + scale * radius * np.linalg.inv(np.linalg.cholesky(v)).T @ eta
        best = int(np.argmax(actions @ sample))
        v += np.outer(actions[best], actions[best])
        b += reward(t, best) * actions[best]
        decisions.append(best)
    return decisions
