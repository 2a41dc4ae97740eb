"""Stochastic losses with a budget of corruption, spent at once from the first round."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import numpy as np
import numpy.typing as npt

from bandits.adversaries.model import Adversary, Float, NoMemory, no_memory, overlook, stand_by, toss
from bandits.model import as_vector, within
from kernels.jit import compiled
from theory.errors import InvalidInput

prepare, played = stand_by, overlook


class CorruptedArrays(NamedTuple):
    """Honest and reversed means, (K,), and the number of corrupted rounds."""

    means: Float
    reversed: Float
    rounds: int


@dataclass(frozen=True, eq=False)
class CorruptedBernoulli(Adversary):
    """Bernoulli losses; in the first rounds every mean m_i is replaced by max m + min m - m_i.

    A corrupted round changes the means by max m - min m in the supremum norm; as many rounds are corrupted as
    ``budget`` pays for. Regret is counted on the losses as they are, corrupted or not.

    Attributes:
        means: honest mean losses, (K,), entries in [0, 1], not all equal. budget: >= 0.

    Raises:
        InvalidInput: if one of them is out of range.
    """

    means: npt.ArrayLike = ()
    budget: float = 0.0

    family: ClassVar[str] = "corrupted bernoulli"

    def __post_init__(self) -> None:
        vector = as_vector("means", self.means)
        within("means", vector, 0.0, 1.0)
        if vector.max() == vector.min():
            raise InvalidInput(f"means are all {vector[0]:g}; expected at least two different ones")
        self._set("means", vector)
        if not 0.0 <= self.budget < np.inf:
            raise InvalidInput(f"budget of corruption is {self.budget!r}; expected a finite number >= 0")
        if not self.name:
            self._set("name", f"{self.family}({len(vector)} arms, budget {self.budget:g})")

    @property
    def n_arms(self) -> int:
        return len(np.asarray(self.means))

    @property
    def gaps(self) -> Float:
        """Of the honest means, (K,)."""
        vector = np.asarray(self.means)
        return np.asarray(vector - vector.min())

    @property
    def corrupted_rounds(self) -> int:
        """floor(budget / largest gap)."""
        return int(self.budget / self.gaps.max())

    @property
    def corruption(self) -> float:
        """The C of the self-bounding regime Reg >= E sum_t sum_i p_{t,i} gap_i - C: twice the corruption spent.

        In a corrupted round the loss of the algorithm and that of the best arm each move by at most the change.
        """
        return 2.0 * self.corrupted_rounds * float(self.gaps.max())

    def trivial_regret(self, horizons: Float) -> Float:
        return np.asarray(horizons, dtype=float) * self.gaps.max()

    def least_regret(self, horizons: Float) -> Float:
        rounds = np.minimum(np.asarray(horizons, dtype=float), self.corrupted_rounds)
        return np.asarray(-self.gaps.max() * rounds)

    def arrays(self) -> tuple[CorruptedArrays, NoMemory]:
        means = np.array(self.means)
        return CorruptedArrays(means, means.max() + means.min() - means, self.corrupted_rounds), no_memory()


@compiled
def losses(adversary, memory, t, key, gamma, row, mean_row):
    """Bernoulli draws around the reversed means as long as the budget lasts, around the honest ones afterwards."""
    means = adversary.reversed if t <= adversary.rounds else adversary.means
    for i in range(row.shape[0]):
        mean_row[i] = means[i]
    toss(mean_row, t, key, gamma, row)
