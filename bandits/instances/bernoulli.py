"""Bernoulli arms."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import numpy as np

from bandits.model import Bandit, Float, within
from kernels.jit import compiled
from kernels.random import uniform
from theory.divergences import bernoulli_kl
from theory.lower_bounds import lai_robbins


class BernoulliArrays(NamedTuple):
    """Means and gaps, shape (K,)."""

    means: Float
    gaps: Float


@dataclass(frozen=True, eq=False)
class BernoulliBandit(Bandit):
    """Arm i pays 1 with probability ``means[i]``, otherwise 0.

    Raises:
        InvalidInput: if a mean lies outside [0, 1].
    """

    family: ClassVar[str] = "bernoulli"

    def __post_init__(self) -> None:
        super().__post_init__()
        within("means", self.means, 0.0, 1.0)

    @property
    def reward_range(self) -> tuple[float, float]:
        return (0.0, 1.0)

    @property
    def lai_robbins(self) -> float:
        """liminf R_T / log T is at least this for every policy consistent on Bernoulli bandits (Lai-Robbins 1985)."""
        return lai_robbins(self.means, bernoulli_kl)

    def arrays(self) -> BernoulliArrays:
        return BernoulliArrays(self.means.copy(), np.ascontiguousarray(self.gaps))


def bernoulli(*means: float) -> BernoulliBandit:
    """The Bernoulli bandit with these means."""
    return BernoulliBandit(np.array(means))


@compiled
def draw(arrays, arm, n, t, key, gamma):
    """The n-th reward of ``arm``."""
    return 1.0 if uniform(key, gamma, n) < arrays.means[arm] else 0.0


@compiled
def gap(arrays, t, arm):
    """max mean - means[arm]."""
    return arrays.gaps[arm]
