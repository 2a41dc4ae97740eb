"""Tsallis-INF as in Algorithm 1 of Zimmert and Seldin (2021), with either estimator; weights by bisection."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from tests.reference.exp3 import draw


def weights(total: Sequence[float], eta: float) -> list[float]:
    """w_i = 4 / (eta (L_i - x))^2 with x < min L such that they sum to one (eq. (4) of the paper)."""
    low, high = min(total) - 2 * math.sqrt(len(total)) / eta, min(total) - 2 / eta
    for _ in range(200):
        x = (low + high) / 2
        if math.fsum(4 / (eta * (loss - x)) ** 2 for loss in total) > 1:
            high = x
        else:
            low = x
    w = [4 / (eta * (loss - low)) ** 2 for loss in total]
    norm = math.fsum(w)
    return [share / norm for share in w]


def tsallis_inf(losses: Sequence[Sequence[float]], uniforms: Iterator[float]) -> list[int]:
    """Importance weighting, eta_t = 2 / sqrt t."""
    total = [0.0] * len(losses[0])
    decisions = []
    for t, row in enumerate(losses, start=1):
        w = weights(total, 2 / math.sqrt(t))
        arm = draw(w, next(uniforms))
        decisions.append(arm)
        total[arm] += row[arm] / w[arm]
    return decisions


def tsallis_inf_rv(losses: Sequence[Sequence[float]], uniforms: Iterator[float]) -> list[int]:
    """Reduced variance, eta_t = 4 / sqrt t: B_i = 1/2 if w_i >= eta_t^2, else 0."""
    total = [0.0] * len(losses[0])
    decisions = []
    for t, row in enumerate(losses, start=1):
        eta = 4 / math.sqrt(t)
        w = weights(total, eta)
        arm = draw(w, next(uniforms))
        decisions.append(arm)
        base = [0.5 if share >= eta**2 else 0.0 for share in w]
        total = [loss + b for loss, b in zip(total, base)]
        total[arm] += (row[arm] - base[arm]) / w[arm]
    return decisions
