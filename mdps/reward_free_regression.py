"""What the value-targeted reward-free algorithms share: optimistic planning and the widest direction of a row.

Zhang, Zhou and Gu 2021, Reward-free model-based reinforcement learning with linear function approximation.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from mdps.model import Float, Int
from theory.errors import InvalidInput

#: The maximisation over f goes through all 2^S corners.
MOST_STATES = 12

#: (features, Sigma) -> (widths (S, A), maximisers f (S, A, S)) of max over f: S -> [0, 1].
Maximiser = Callable[[Float, Float], tuple[Float, Float]]


class Plan(NamedTuple):
    """Optimistic values of a plan.

    Attributes:
        values: (H + 1, S). policy: (H, S), lowest action on ties.
    """

    values: Float
    policy: Int


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
    features: Float, reward: Float, estimate: Float, whitener: Float, beta: float, largest: float
) -> Plan:
    """PLAN: Q_h = clip_[0,H](r_h + <psi_{V_{h+1}}, theta> + beta ||psi_{V_{h+1}}|| in Sigma^{-1}), greedy.

    Args:
        reward: (H, S, A). largest: H.
    """
    horizon, n_states, _ = reward.shape
    values, policy = np.zeros((horizon + 1, n_states)), np.zeros((horizon, n_states), np.int64)
    for h in reversed(range(horizon)):
        psi = integrated(features, values[h + 1])
        q = reward[h] + psi @ estimate + beta * np.linalg.norm(psi @ whitener.T, axis=-1)
        q = np.clip(q, 0.0, largest)
        policy[h] = q.argmax(axis=1)
        values[h] = q.max(axis=1)
    return Plan(values, policy)


def integrated(features: Float, values: Float) -> Float:
    """psi_V(s,a) = sum_y phi(y|s,a) V(y), (S, A, d)."""
    return np.asarray(np.tensordot(features, values, axes=([2], [0])))


def corners(n_states: int) -> Float:
    """{0, 1}^S, (2^S, S).

    Raises:
        InvalidInput: more than MOST_STATES states.
    """
    if n_states > MOST_STATES:
        raise InvalidInput(f"there are {n_states} states; expected at most {MOST_STATES} (2^S corners are tried)")
    return np.array(list(itertools.product((0.0, 1.0), repeat=n_states)))


def widest(features: Float, sigma: Float) -> tuple[Float, Float]:
    """max over f: S -> [0, 1] of ||psi_f(s,a)|| in Sigma^{-1}, exactly: a convex function peaks at a corner."""
    whitener = np.linalg.inv(np.linalg.cholesky(sigma))
    tried = corners(len(features))
    norms = np.linalg.norm(np.einsum("cy,sayd,id->saci", tried, features, whitener, optimize=True), axis=-1)
    best = norms.argmax(axis=2)
    return np.take_along_axis(norms, best[..., None], axis=2)[..., 0], tried[best]


def widest_l1(features: Float, sigma: Float) -> tuple[Float, Float]:
    """max over f: S -> [0, 1] of the 1-norm of Sigma^{-1/2} psi_f(s,a), at most sqrt(d) times the true maximum.

    For each sign of the d coordinates it is linear in f, a linear program over a box, solved by its signs.
    """
    eigenvalues, vectors = np.linalg.eigh(sigma)
    root = vectors @ np.diag(eigenvalues**-0.5) @ vectors.T
    signs = np.array(list(itertools.product((-1.0, 1.0), repeat=len(sigma))))
    slopes = np.einsum("gi,id,sayd->sagy", signs, root, features, optimize=True)
    best = np.maximum(slopes, 0.0).sum(axis=-1).argmax(axis=2)
    chosen = np.take_along_axis(slopes, best[..., None, None], axis=2)[:, :, 0]
    return np.maximum(chosen, 0.0).sum(axis=-1), (chosen > 0.0).astype(float)
