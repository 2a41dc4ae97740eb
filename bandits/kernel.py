"""Kernel bandits on finite domains, as linear bandits whose features have the kernel as their inner products."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.stats import chi2

from bandits.linear import LinearBandit, LinearProblem
from bandits.model import Float
from bandits.worlds import LinearWorld
from kernels.driven import Driven
from kernels.engine import Protocol
from theory.errors import InvalidInput

#: Probability of the draws that the trivial regret of a Gaussian process leaves aside.
UNLIKELY = 1e-12
#: Eigenvalues of a Gram matrix below this share of the largest are dropped from the features.
EIGENVALUE_TOLERANCE = 1e-14


def squared_exponential(points: npt.ArrayLike, length: float) -> Float:
    """exp(-|x - y|^2 / (2 length^2)), shape (n, n), for points (n, d)."""
    x = np.asarray(points, dtype=np.float64)
    if x.ndim != 2 or x.size == 0:
        raise InvalidInput(f"points have shape {x.shape}; expected (n, d), both >= 1")
    if not length > 0.0:
        raise InvalidInput(f"length of the kernel is {length}; expected a number > 0")
    return np.asarray(np.exp(-0.5 * ((x[:, None] - x[None]) ** 2).sum(axis=2) / length**2))


def kernel_features(gram: npt.ArrayLike) -> Float:
    """Features (n, r) with X X' = K, from the eigenvectors of K.

    Raises:
        InvalidInput: unless K is square, symmetric and positive semidefinite (to rounding).
    """
    k = np.asarray(gram, dtype=np.float64)
    if k.ndim != 2 or k.shape[0] != k.shape[1] or k.size == 0:
        raise InvalidInput(f"the Gram matrix has shape {k.shape}; expected (n, n), n >= 1")
    if not np.allclose(k, k.T, rtol=0.0, atol=1e-12 * np.abs(k).max()):
        raise InvalidInput("the Gram matrix is not symmetric")
    values, vectors = np.linalg.eigh(k)
    if values[0] < -1e-10 * values[-1]:
        raise InvalidInput(f"the Gram matrix has eigenvalue {values[0]:g}; expected none below zero")
    kept = values > EIGENVALUE_TOLERANCE * values[-1]
    return np.asarray(vectors[:, kept] * np.sqrt(values[kept]))


def kernel_bandit(gram: npt.ArrayLike, coefficients: npt.ArrayLike, *, scale: float, name: str = "") -> LinearBandit:
    """f = K c on a finite domain, Gaussian noise of standard deviation ``scale``; |theta| is the norm sqrt(c' K c)."""
    features = kernel_features(gram)
    theta = features.T @ np.asarray(coefficients, dtype=np.float64)
    return LinearBandit.fixed(features, theta, scale=scale, name=name)


class GaussianProcessArrays(NamedTuple):
    """Everything that the numbers of the instance depend on."""

    features: Float
    scale: float


class GaussianProcessWorld(LinearWorld):
    """One run: f = X theta with theta ~ N(0, I) is a draw of the Gaussian process with covariance X X'."""

    def __init__(self, instance: GaussianProcessBandit, seed: int, run: int) -> None:
        chance = LinearWorld(LinearBandit.fixed(instance.features, np.zeros(instance.dimension)), seed, run).chance
        theta = chance.standard_normal(instance.dimension)
        super().__init__(LinearBandit.fixed(instance.features, theta, scale=instance.scale), seed, run)


@dataclass(frozen=True, eq=False)
class GaussianProcessBandit:
    """A bandit whose means are drawn from a Gaussian process in every run; Gaussian noise.

    Attributes:
        features: shape (n, d); the covariance is X X'.
        scale: standard deviation of the noise, > 0.
        name: shown in tables.
    """

    features: Float
    scale: float
    name: str = "Gaussian process"

    protocol: ClassVar[Protocol] = Driven("linear bandit")
    n_contexts: ClassVar[int] = 1
    #: The means are a draw of the prior: what Bayesian theorems ask for.
    drawn: ClassVar[bool] = True

    def __post_init__(self) -> None:
        checked = LinearBandit.fixed(self.features, np.zeros(np.shape(self.features)[-1]), scale=self.scale)
        object.__setattr__(self, "features", checked.features[0])

    @property
    def n_actions(self) -> int:
        """Size of the domain."""
        return int(self.features.shape[0])

    @property
    def dimension(self) -> int:
        """Length of a feature vector."""
        return int(self.features.shape[1])

    @property
    def feature_bound(self) -> float:
        """max sqrt(k(x, x))."""
        return float(np.linalg.norm(self.features, axis=1).max())

    @property
    def noise_subgaussian(self) -> float:
        """Standard deviation of the noise."""
        return self.scale

    @property
    def module(self) -> str:
        """Name of the module of the instance."""
        return sys.modules[type(self).__module__].__name__

    def arrays(self) -> GaussianProcessArrays:
        """What names the experiment."""
        return GaussianProcessArrays(self.features, float(self.scale))

    def problem(self, horizon: int) -> LinearProblem:
        """What an algorithm may know."""
        return LinearProblem(1, self.n_actions, self.dimension, horizon)

    def world(self, seed: int, run: int) -> GaussianProcessWorld:
        """One run, with its own draw of the means."""
        return GaussianProcessWorld(self, seed, run)

    def trivial_regret(self, horizons: Float) -> Float:
        """T times a gap that a run exceeds with probability at most 1e-12: 2 max |x| times that quantile of |theta|.

        Gaussian means are unbounded, so that no finite number is a limit of every run.
        """
        length = float(np.sqrt(chi2.isf(UNLIKELY, self.dimension)))
        return np.asarray(np.asarray(horizons, dtype=np.float64) * 2.0 * self.feature_bound * length)
