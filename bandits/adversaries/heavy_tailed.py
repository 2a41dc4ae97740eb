"""Losses of either sign whose size is spread over many decades: far outside [0, 1], for lemmas without magnitudes."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import numpy as np
import numpy.typing as npt

from bandits.adversaries.model import Adversary, Float, NoMemory, no_memory, overlook, stand_by
from bandits.model import as_vector, within
from kernels.jit import compiled
from kernels.random import uniform
from theory.errors import InvalidInput

prepare, played = stand_by, overlook


class HeavyArrays(NamedTuple):
    """Probability that an arm's loss is negative, (K,); exponents; mean of a loss's absolute value."""

    negative: Float
    low: float
    high: float
    size: float


@dataclass(frozen=True, eq=False)
class HeavyTailedLosses(Adversary):
    """Loss of arm i: +-10^U, U uniform on [low, high], negative with probability ``negative[i]``, all independent.

    Attributes:
        negative: (K,), entries in [0, 1]. low < high: finite exponents.

    Raises:
        InvalidInput: if one of them is out of range.
    """

    negative: npt.ArrayLike = (0.9, 0.1)
    low: float = -2.0
    high: float = 5.0

    family: ClassVar[str] = "heavy-tailed"

    def __post_init__(self) -> None:
        negative = as_vector("negative", self.negative)
        within("negative", negative, 0.0, 1.0)
        self._set("negative", negative)
        if not (math.isfinite(self.low) and math.isfinite(self.high) and self.low < self.high):
            raise InvalidInput(f"exponents are {self.low!r} and {self.high!r}; expected finite numbers low < high")
        if not self.name:
            self._set("name", f"{self.family}({self.n_arms} arms, +-10^[{self.low:g}, {self.high:g}])")

    @property
    def n_arms(self) -> int:
        return len(np.asarray(self.negative))

    @property
    def loss_range(self) -> tuple[float, float]:  # type: ignore[override]
        """(-10^high, 10^high)."""
        return -(10.0**self.high), 10.0**self.high

    def _moment(self, power: float) -> float:
        """E 10^(power U)."""
        log10 = power * math.log(10.0)
        return (10.0 ** (power * self.high) - 10.0 ** (power * self.low)) / (log10 * (self.high - self.low))

    @property
    def second_moment(self) -> float:
        """E l_{t,i}^2 given the past, the same for every arm."""
        return self._moment(2.0)

    @property
    def gaps(self) -> Float:
        """Mean loss less the least mean loss, (K,)."""
        means = self._moment(1.0) * (1.0 - 2.0 * np.asarray(self.negative))
        return np.asarray(means - means.min())

    def trivial_regret(self, horizons: Float) -> Float:
        return np.asarray(horizons, dtype=float) * self.gaps.max()

    def least_regret(self, horizons: Float) -> Float:
        return np.zeros_like(np.asarray(horizons, dtype=float))

    def arrays(self) -> tuple[HeavyArrays, NoMemory]:
        return HeavyArrays(np.array(self.negative), self.low, self.high, self._moment(1.0)), no_memory()


@compiled
def losses(adversary, memory, t, key, gamma, row, mean_row):
    """Two draws an arm: the sign, then the exponent."""
    n_arms = row.shape[0]
    for i in range(n_arms):
        first = 2 * ((t - 1) * n_arms + i)
        sign = -1.0 if uniform(key, gamma, first) < adversary.negative[i] else 1.0
        exponent = adversary.low + (adversary.high - adversary.low) * uniform(key, gamma, first + 1)
        row[i] = sign * 10.0**exponent
        mean_row[i] = (1.0 - 2.0 * adversary.negative[i]) * adversary.size
