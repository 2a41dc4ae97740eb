"""Regression on the values of next states in linear mixture MDPs, and optimistic planning with it.

Ayoub et al. 2020; Zhou, Gu and Szepesvari 2021; Zhang, Zhou and Gu 2021.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from mdps.model import Float, Int


class Plan(NamedTuple):
    """Optimistic values of a plan.

    Attributes:
        values: (H + 1, S). policy: (H, S), lowest action on ties. q: action values, (H, S, A).
    """

    values: Float
    policy: Int
    q: Float


class Ridge:
    """A ridge regression: Sigma = lambda I + sum of psi psi'/nu, b = sum of psi y/nu."""

    def __init__(self, dimension: int, ridge: float) -> None:
        self.sigma = ridge * np.eye(dimension)
        self.targets = np.zeros(dimension)

    def add(self, psi: Float, answer: float, variance: float = 1.0) -> None:
        """One observation with weight 1/variance."""
        self.sigma = self.sigma + np.outer(psi, psi) / variance
        self.targets = self.targets + psi * (answer / variance)

    def estimate(self) -> Float:
        """theta = Sigma^{-1} b."""
        return np.asarray(np.linalg.solve(self.sigma, self.targets))

    def whitener(self) -> Float:
        """L^{-1} with Sigma = L L': ||x|| in Sigma^{-1} is |L^{-1} x|."""
        return np.asarray(np.linalg.inv(np.linalg.cholesky(self.sigma)))


def optimistic_plan(
    features: Float, reward: Float, estimate: Float, whitener: Float, beta: npt.ArrayLike, largest: float
) -> Plan:
    """PLAN: Q_h = clip_[0,H](r_h + <psi_{V_{h+1}}, theta> + beta ||psi_{V_{h+1}}|| in Sigma^{-1}), greedy.

    Args:
        features: psi(y|s,a), (S, A, S, d). reward: (H, S, A).
        estimate: theta, (d,), or one for each stage, (H, d). whitener: L^{-1} with Sigma = L L', (d, d) or (H, d, d).
        beta: a number, or one for each stage, (H,). largest: H.
    """
    horizon, n_states, _ = reward.shape
    d = features.shape[3]
    theta, white = np.broadcast_to(estimate, (horizon, d)), np.broadcast_to(whitener, (horizon, d, d))
    radii = np.broadcast_to(np.asarray(beta, dtype=np.float64), (horizon,))
    values, q = np.zeros((horizon + 1, n_states)), np.zeros(reward.shape)
    for h in reversed(range(horizon)):
        psi = integrated(features, values[h + 1])
        upper = reward[h] + psi @ theta[h] + radii[h] * np.linalg.norm(psi @ white[h].T, axis=-1)
        q[h] = np.clip(upper, 0.0, largest)
        values[h] = q[h].max(axis=1)
    return Plan(values, q.argmax(axis=2), q)


def integrated(features: Float, values: Float) -> Float:
    """psi_V(s,a) = sum_y phi(y|s,a) V(y), (S, A, d)."""
    return np.asarray(np.tensordot(features, values, axes=([2], [0])))
