"""The minimax lower-bound family: fair coins with one slightly better arm, hidden anew in every run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import numpy as np
import numpy.typing as npt

from bandits.adversaries.model import Adversary, Float, overlook, share, toss, whole
from kernels.jit import compiled
from kernels.random import uniform

played = overlook

#: The draw of a run's stream that hides the arm, beyond those of any horizon.
_HIDE = 2**62


class HiddenArrays(NamedTuple):
    """Number of arms and advantage."""

    n_arms: int
    advantage: float


class HiddenMemory(NamedTuple):
    """Mean losses of the run, (K,)."""

    means: Float


@dataclass(frozen=True, eq=False)
class HiddenArm(Adversary):
    """Losses are Ber((1 + e)/2), those of one arm, uniform over the arms and drawn anew for every run, Ber((1 - e)/2).

    Every algorithm has mean regret at least ``theory.lower_bounds.minimax_engine(K, T, e)`` on it (Bubeck and
    Cesa-Bianchi 2012, Lemma 3.2: the largest regret over the hidden arms is at least their average, which is what
    the proof bounds).

    Attributes:
        arms: number of arms K >= 2. advantage: e in [0, 1].

    Raises:
        InvalidInput: if one of them is out of range.
    """

    arms: int = 2
    advantage: float = 0.1

    family: ClassVar[str] = "hidden arm"

    def __post_init__(self) -> None:
        self._set("arms", whole("number of arms", self.arms, 2))
        self._set("advantage", share("advantage", self.advantage, 0.0, 1.0))
        if not self.name:
            self._set("name", f"{self.family}({self.arms} arms, advantage {self.advantage:.4g})")

    @property
    def n_arms(self) -> int:
        return self.arms

    def trivial_regret(self, horizons: Float) -> Float:
        return np.asarray(horizons, dtype=float) * self.advantage

    def least_regret(self, horizons: Float) -> Float:
        return np.zeros_like(np.asarray(horizons, dtype=float))

    def arrays(self) -> tuple[HiddenArrays, HiddenMemory]:
        means: npt.NDArray[np.float64] = np.zeros(self.arms)
        return HiddenArrays(self.arms, self.advantage), HiddenMemory(means)


@compiled
def prepare(adversary, memory, key, gamma):
    """Hide an arm."""
    for i in range(adversary.n_arms):
        memory.means[i] = 0.5 * (1.0 + adversary.advantage)
    memory.means[int(uniform(key, gamma, _HIDE) * adversary.n_arms)] = 0.5 * (1.0 - adversary.advantage)


@compiled
def losses(adversary, memory, t, key, gamma, row, mean_row):
    """Independent Bernoulli draws."""
    for i in range(row.shape[0]):
        mean_row[i] = memory.means[i]
    toss(mean_row, t, key, gamma, row)
