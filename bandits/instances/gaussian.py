"""Gaussian arms with a known standard deviation."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import numpy as np

from bandits.model import Bandit, Float
from kernels.jit import compiled
from kernels.random import standard_normal, uniform
from theory.divergences import gaussian_kl
from theory.errors import InvalidInput
from theory.lower_bounds import lai_robbins


class GaussianArrays(NamedTuple):
    """Means and gaps, shape (K,), and the common standard deviation."""

    means: Float
    gaps: Float
    sd: float


@dataclass(frozen=True, eq=False)
class GaussianBandit(Bandit):
    """Arm i pays N(means[i], sd^2).

    Attributes:
        sd: standard deviation of every arm, > 0.

    Raises:
        InvalidInput: unless sd is a finite number > 0.
    """

    sd: float = 1.0

    family: ClassVar[str] = "gaussian"

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0.0 < self.sd < math.inf:
            raise InvalidInput(f"sd is {self.sd}; expected a finite number > 0")

    @property
    def reward_range(self) -> tuple[float, float]:
        return (-math.inf, math.inf)

    @property
    def subgaussian(self) -> float:
        return self.sd

    @property
    def lai_robbins(self) -> float:
        """liminf R_T / log T is at least this for every policy consistent on these Gaussian bandits."""
        variance = self.sd**2
        return lai_robbins(self.means, lambda mean, best: gaussian_kl(mean, best, variance))

    def arrays(self) -> GaussianArrays:
        return GaussianArrays(self.means.copy(), np.ascontiguousarray(self.gaps), float(self.sd))


def gaussian(*means: float, sd: float = 1.0) -> GaussianBandit:
    """The Gaussian bandit with these means."""
    return GaussianBandit(np.array(means), sd=sd)


@compiled
def draw(arrays, arm, n, t, key, gamma):
    """The n-th reward of ``arm``."""
    return arrays.means[arm] + arrays.sd * standard_normal(uniform(key, gamma, n))


@compiled
def gap(arrays, t, arm):
    """max mean - means[arm]."""
    return arrays.gaps[arm]
