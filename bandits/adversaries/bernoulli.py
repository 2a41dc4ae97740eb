"""Independent Bernoulli losses: the stochastic regime, seen by an adversarial algorithm."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import numpy as np
import numpy.typing as npt

from bandits.adversaries.model import Adversary, Float, NoMemory, copy, no_memory, overlook, stand_by, toss
from bandits.model import as_vector, within
from kernels.jit import embedded

prepare, played = stand_by, overlook


class BernoulliArrays(NamedTuple):
    """Mean losses, (K,)."""

    means: Float


@dataclass(frozen=True, eq=False)
class BernoulliLosses(Adversary):
    """Arm i loses 1 with probability ``means[i]``, otherwise 0, independently of everything.

    Attributes:
        means: mean losses, (K,), entries in [0, 1].

    Raises:
        InvalidInput: if an entry is no number in [0, 1].
    """

    means: npt.ArrayLike = ()

    family: ClassVar[str] = "bernoulli losses"

    def __post_init__(self) -> None:
        vector = as_vector("means", self.means)
        within("means", vector, 0.0, 1.0)
        self._set("means", vector)
        if not self.name:
            shown = ", ".join(f"{x:g}" for x in vector[:4]) + (", ..." if len(vector) > 4 else "")
            self._set("name", f"{self.family}({shown})")

    @property
    def n_arms(self) -> int:
        return len(np.asarray(self.means))

    @property
    def gaps(self) -> Float:
        """means - min means, (K,)."""
        vector = np.asarray(self.means)
        return np.asarray(vector - vector.min())

    def trivial_regret(self, horizons: Float) -> Float:
        return np.asarray(horizons, dtype=float) * self.gaps.max()

    def least_regret(self, horizons: Float) -> Float:
        return np.zeros_like(np.asarray(horizons, dtype=float))

    def arrays(self) -> tuple[BernoulliArrays, NoMemory]:
        return BernoulliArrays(np.array(self.means)), no_memory()


@embedded
def losses(adversary, memory, t, key, gamma, row, mean_row):
    """K independent draws."""
    toss(adversary.means, t, key, gamma, row)
    copy(adversary.means, mean_row)
