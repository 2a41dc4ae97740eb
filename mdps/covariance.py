"""Three ways to the regularised inverse covariance of a policy's features.

Sigma_h = E_pi[phi(s_h, a_h) phi(s_h, a_h)^T]; each way gives an estimate of (gamma I + Sigma_h)^{-1} for every layer,
(H, d, d), from nothing but transitions (Dai, Luo, Wei and Zimmert 2023, Section 3). ``measure`` is the matching
law of (s_h, a_h), (H, S, A), for averages over the policy.
"""

from __future__ import annotations

import math
from typing import NamedTuple, Protocol

import numpy as np

from mdps.adversarial import AdversarialProblem, AdversarialWorld
from mdps.planning.layered import Float, occupancy
from theory.errors import InvalidInput


def gram(features: Float, weights: Float) -> Float:
    """sum over (s, a) of w_h(s, a) phi phi^T, (H, d, d), for features (H, S, A, d) and weights (H, S, A)."""
    horizon, d = features.shape[0], features.shape[3]
    phi = features.reshape(horizon, -1, d)
    return (phi * weights.reshape(horizon, -1, 1)).transpose(0, 2, 1) @ phi


def regularised_inverse(covariance: Float, regularization: float) -> Float:
    """(gamma I + Sigma)^{-1} through a Cholesky factor, exactly symmetric, (..., d, d)."""
    factor = np.linalg.cholesky(covariance + regularization * np.eye(covariance.shape[-1]))
    half = np.linalg.inv(factor)
    return np.swapaxes(half, -1, -2) @ half


class Covariance(Protocol):
    """What the three ways have in common."""

    @property
    def exact(self) -> bool: ...

    def require(self) -> None: ...

    def measure(self, problem: AdversarialProblem, policy: Float, world: AdversarialWorld) -> Float: ...

    def inverse(
        self, problem: AdversarialProblem, policy: Float, regularization: float, world: AdversarialWorld
    ) -> Float: ...


class Exact(NamedTuple):
    """From the occupancy of the policy."""

    @property
    def exact(self) -> bool:
        """Whether there is no sampling error."""
        return True

    def require(self) -> None:
        """Nothing to check."""

    def measure(self, problem: AdversarialProblem, policy: Float, world: AdversarialWorld) -> Float:
        """The occupancy q_h(s, a)."""
        return occupancy(problem.transitions, problem.initial, policy)

    def inverse(
        self, problem: AdversarialProblem, policy: Float, regularization: float, world: AdversarialWorld
    ) -> Float:
        """(gamma I + Sigma_h)^{-1}."""
        return regularised_inverse(gram(problem.features, self.measure(problem, policy, world)), regularization)


class Sampled(NamedTuple):
    """(gamma I + (1/W) sum_w phi_w phi_w^T)^{-1} from W simulated trajectories: the paper's way."""

    n_samples: int

    @property
    def exact(self) -> bool:
        """Whether there is no sampling error."""
        return False

    def require(self) -> None:
        """Raises InvalidInput without a sample."""
        if self.n_samples < 1:
            raise InvalidInput(f"n_samples is {self.n_samples}; expected at least 1 trajectory")

    def measure(self, problem: AdversarialProblem, policy: Float, world: AdversarialWorld) -> Float:
        """Frequencies of (s_h, a_h) over fresh trajectories."""
        return world.counts(policy, self.n_samples) / self.n_samples

    def inverse(
        self, problem: AdversarialProblem, policy: Float, regularization: float, world: AdversarialWorld
    ) -> Float:
        """The inverse for the empirical second moment."""
        return regularised_inverse(gram(problem.features, self.measure(problem, policy, world)), regularization)


def covering_samples(dimension: int, delta: float, regularization: float) -> int:
    """W = 4 d log(d/delta) / gamma^2, for which (T3) holds with probability 1 - delta at one layer."""
    return math.ceil(4.0 * dimension * math.log(dimension / delta) / regularization**2)


class Resampled(NamedTuple):
    """Matrix geometric resampling (Neu and Olkhovskaya 2020): the mean over blocks of a truncated Neumann series.

    A block draws N trajectories and returns c I + c sum_{n <= N} Z_n, Z_n = prod_{j <= n} (I - c (gamma I +
    phi_j phi_j^T)).

    Attributes:
        n_blocks: M. length: N. step: c, 0 < c <= 1/2.
    """

    n_blocks: int
    length: int
    step: float = 0.5

    @property
    def exact(self) -> bool:
        """Whether there is no sampling error."""
        return False

    def require(self) -> None:
        """Raises InvalidInput for sizes below 1 or a step outside (0, 1/2]."""
        if self.n_blocks < 1 or self.length < 1:
            raise InvalidInput(f"got {self.n_blocks} blocks of length {self.length}; expected at least 1 of each")
        if not 0.0 < self.step <= 0.5:
            raise InvalidInput(f"step is {self.step}; expected in (0, 1/2], so that the series converges")

    def measure(self, problem: AdversarialProblem, policy: Float, world: AdversarialWorld) -> Float:
        """Frequencies of (s_h, a_h) over as many fresh trajectories."""
        n = self.n_blocks * self.length
        return world.counts(policy, n) / n

    def inverse(
        self, problem: AdversarialProblem, policy: Float, regularization: float, world: AdversarialWorld
    ) -> Float:
        """The mean of the truncated series over the blocks."""
        horizon, d = problem.horizon, problem.features.shape[3]
        phi = problem.features.reshape(horizon, -1, d)
        pairs = world.trajectories(policy, self.n_blocks * self.length).reshape(self.n_blocks, self.length, horizon)
        product = np.broadcast_to(np.eye(d), (self.n_blocks, horizon, d, d))
        total = np.zeros((horizon, d, d))
        for n in range(self.length):
            drawn = phi[np.arange(horizon), pairs[:, n]]  # (M, H, d)
            # Z (I - c (gamma I + phi phi^T)) = (1 - c gamma) Z - c (Z phi) phi^T.
            image = (product @ drawn[..., None]) * drawn[..., None, :]
            product = (1.0 - self.step * regularization) * product - self.step * image
            total += product.sum(axis=0)
        return self.step * (np.eye(d) + total / self.n_blocks)


def series_length(regularization: float, accuracy: float) -> int:
    """N = ceil((2/gamma) ln(1/(eps gamma))), after which the truncated series is within eps of its limit."""
    return math.ceil(2.0 / regularization * math.log(1.0 / (accuracy * regularization)))
