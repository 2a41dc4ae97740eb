"""UCRL-RFE+ as printed: three lists of observations, every regression solved afresh."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from tests.reference.ucrl_rfe import Data, integrate, plan, uncertainty


def ucrl_rfe_plus(
    features: np.ndarray,
    horizon: int,
    bound: float,
    episode: Callable[[], list[tuple[int, int, int]]],
    n_episodes: int,
    delta: float,
    c_beta: float,
) -> list[tuple[np.ndarray, float, list[float]]]:
    """(r^k, V^k_1, nu_k) of every episode; ``episode`` gives the walk (state, action, successor)."""
    d, h2 = features.shape[3], float(horizon**2)
    l1 = math.log(1 + n_episodes * horizon * bound**2)
    l2 = math.log(48 * n_episodes**2 * h2 / delta)
    beta = c_beta * (horizon * math.sqrt(d * math.log(12 * (1 + n_episodes * horizon**3 * bound**2) / delta)) + 1)
    hat = c_beta * (8 * math.sqrt(d * l1 * l2) + 4 * math.sqrt(d) * l2 + 1)
    check = c_beta * (8 * d * math.sqrt(l1 * l2) + 4 * math.sqrt(d) * l2 + 1)
    til = c_beta * (8 * h2 * math.sqrt(d * l1 * l2) + 4 * h2 * l2 + 1)
    base, weighted, square = (Data(d, bound) for _ in range(3))
    out = []
    for _ in range(n_episodes):
        reward, best = uncertainty(features, base.inverse(), beta, horizon)
        theta, inverse = weighted.estimate(), weighted.inverse()
        theta2, inverse2 = square.estimate(), square.inverse()
        v, _ = plan(features, reward, theta, inverse, hat)
        variances = []
        for h, (s, a, y) in enumerate(episode()):
            f = best[h, s, a]
            psi = integrate(features, s, a, v[h + 1])
            psi2 = integrate(features, s, a, [x * x for x in v[h + 1]])
            mean = min(horizon, max(0.0, float(psi @ theta)))
            nu = min(h2, max(0.0, float(psi2 @ theta2))) - mean**2
            nu += min(h2, til * math.sqrt(max(0.0, float(psi2 @ inverse2 @ psi2))))
            nu += min(h2, 2 * horizon * check * math.sqrt(max(0.0, float(psi @ inverse @ psi))))
            nu = max(h2 / d, nu)
            variances.append(nu)
            base.rows.append((integrate(features, s, a, f), f[y], 1.0))
            weighted.rows.append((psi, v[h + 1][y], nu))
            square.rows.append((psi2, v[h + 1][y] ** 2, 1.0))
        out.append((reward, v[0], variances))
    return out
