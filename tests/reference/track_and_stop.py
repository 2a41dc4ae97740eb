"""Track-and-Stop with D-tracking (Garivier and Kaufmann 2016), weights by a generic maximiser."""

from __future__ import annotations

import math

import numpy as np
from scipy.optimize import minimize_scalar


def d(p: float, q: float) -> float:
    """Bernoulli divergence."""
    value = 0.0
    if p > 0:
        value += p * math.log(p / q) if q > 0 else math.inf
    if p < 1:
        value += (1 - p) * math.log((1 - p) / (1 - q)) if q < 1 else math.inf
    return value


def cost(weights: np.ndarray, mean: list[float], best: int) -> float:
    """min over alternatives of sum_i w_i d(mu_i, lambda_i)."""
    found = math.inf
    for arm, mu in enumerate(mean):
        if arm != best:
            total = weights[best] + weights[arm]
            joint = (weights[best] * mean[best] + weights[arm] * mu) / total if total > 0 else mu
            found = min(found, weights[best] * d(mean[best], joint) + weights[arm] * d(mu, joint))
    return found


def two_arm_weights(mean: list[float]) -> np.ndarray:
    """w* of two arms by a direct search over the share of the first; uniform if they are tied."""
    if mean[0] == mean[1]:
        return np.array([0.5, 0.5])
    best = int(mean[1] > mean[0])
    found = minimize_scalar(
        lambda w: -cost(np.array([w, 1 - w]), mean, best), bounds=(1e-9, 1 - 1e-9), method="bounded",
        options={"xatol": 1e-12},
    )  # fmt: skip
    return np.array([found.x, 1 - found.x])


def track_and_stop(stack: list[list[float]], horizon: int, delta: float, tied: list[int]) -> tuple[list[int], int]:
    """(decisions, answer or -1) of two Bernoulli arms on a stack.

    Where both arms are equally far behind w*, up to the 1e-5 that the search leaves, the decision is that of ``tied``.
    """
    seen = [[stack[0][0]], [stack[1][0]]]
    decisions = [0, 1]
    while len(decisions) < horizon:
        t = len(decisions)
        mean = [math.fsum(s) / len(s) for s in seen]
        pulls = [len(s) for s in seen]
        best = int(mean[1] > mean[0])
        if cost(np.array(pulls, float), mean, best) > math.log(2 * t / delta):
            return decisions + [best] * (horizon - t), best
        if min(pulls) < math.sqrt(t) - 1:
            arm = pulls.index(min(pulls))
        else:
            behind = t * two_arm_weights(mean) - np.array(pulls)
            arm = int(behind[1] > behind[0]) if abs(behind[1] - behind[0]) > 1e-5 else tied[t]
        seen[arm].append(stack[arm][len(seen[arm])])
        decisions.append(arm)
    return decisions, -1
