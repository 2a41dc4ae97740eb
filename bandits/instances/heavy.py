"""Heavy-tailed arms: symmetric Lomax (Pareto II) noise, of which only moments below the tail index exist."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import numpy as np

from bandits.model import Bandit, Float
from kernels.jit import compiled
from kernels.random import uniform
from theory.errors import InvalidInput


class HeavyArrays(NamedTuple):
    """Means and gaps, shape (K,), the tail index and the scale."""

    means: Float
    gaps: Float
    tail: float
    scale: float


@dataclass(frozen=True, eq=False)
class HeavyBandit(Bandit):
    """Arm i pays means[i] + S Z, S a fair sign and P(Z > z) = (1 + z/scale)^-tail.

    Attributes:
        tail: tail index > 1; moments of order p exist for p < tail.
        scale: > 0.

    Raises:
        InvalidInput: unless tail > 1 and scale > 0 are finite.
    """

    tail: float = 3.0
    scale: float = 1.0

    family: ClassVar[str] = "heavy-tailed"

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 1.0 < self.tail < math.inf:
            raise InvalidInput(f"tail is {self.tail}; expected a finite number > 1 (else there is no mean)")
        if not 0.0 < self.scale < math.inf:
            raise InvalidInput(f"scale is {self.scale}; expected a finite number > 0")

    @property
    def reward_range(self) -> tuple[float, float]:
        return (-math.inf, math.inf)

    @property
    def subgaussian(self) -> float:
        """Infinite: no exponential moment exists."""
        return math.inf

    def central_moment(self, order: float) -> float:
        """E |X - mu|^order = scale^order Gamma(tail - order) Gamma(1 + order) / Gamma(tail); infinite from tail on.

        Raises:
            InvalidInput: unless order > 0.
        """
        if not order > 0.0:
            raise InvalidInput(f"order is {order}; expected > 0")
        if order >= self.tail:
            return math.inf
        logs = math.lgamma(self.tail - order) + math.lgamma(1.0 + order) - math.lgamma(self.tail)
        return self.scale**order * math.exp(logs)

    def arrays(self) -> HeavyArrays:
        return HeavyArrays(self.means.copy(), np.ascontiguousarray(self.gaps), float(self.tail), float(self.scale))


def heavy(*means: float, tail: float = 3.0, scale: float = 1.0) -> HeavyBandit:
    """The bandit with these means and symmetric Lomax noise."""
    return HeavyBandit(np.array(means), tail=tail, scale=scale)


@compiled
def draw(arrays, arm, n, t, key, gamma):
    """The n-th reward of ``arm``: the quantile function of the noise at a uniform."""
    u = uniform(key, gamma, n)
    side = 2.0 * u - 1.0  # in [-1, 1); its size is uniform again
    size = arrays.scale * (max(1.0 - abs(side), 2.0**-54) ** (-1.0 / arrays.tail) - 1.0)
    return arrays.means[arm] + (size if side > 0.0 else -size)


@compiled
def gap(arrays, t, arm):
    """max mean - means[arm]."""
    return arrays.gaps[arm]
