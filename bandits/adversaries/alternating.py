"""Losses that repeat with a period."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import numpy as np
import numpy.typing as npt

from bandits.adversaries.model import Adversary, Float, NoMemory, copy, no_memory, overlook, stand_by
from bandits.adversaries.sequence import loss_table
from kernels.jit import compiled

prepare, played = stand_by, overlook


class AlternatingArrays(NamedTuple):
    """One period, (P, K)."""

    cycle: Float


@dataclass(frozen=True, eq=False)
class AlternatingLosses(Adversary):
    """Round t has the losses ``cycle[(t - 1) % P]``; the default alternates between (1, 0) and (0, 1).

    Attributes:
        cycle: (P, K), entries in [0, 1].

    Raises:
        InvalidInput: as :class:`bandits.adversaries.sequence.LossSequence`.
    """

    cycle: npt.ArrayLike = ((1.0, 0.0), (0.0, 1.0))

    family: ClassVar[str] = "alternating"
    deterministic: ClassVar[bool] = True

    def __post_init__(self) -> None:
        self._set("cycle", loss_table("cycle", self.cycle))
        if not self.name:
            self._set("name", f"{self.family}(period {len(self.table)}, {self.n_arms} arms)")

    @property
    def table(self) -> Float:
        """The period as an array."""
        return np.asarray(self.cycle)

    @property
    def n_arms(self) -> int:
        return int(self.table.shape[1])

    def _sum(self, horizons: Float, per_round: Float) -> Float:
        """Sum of per_round (P, ...) over the first T rounds."""
        rounds = np.asarray(horizons, dtype=np.int64)
        partial = np.concatenate([np.zeros((1, *per_round.shape[1:])), np.cumsum(per_round, axis=0)])
        periods, rest = np.divmod(rounds, len(self.table))
        return np.asarray(np.multiply.outer(periods, partial[-1]) + partial[rest])

    def trivial_regret(self, horizons: Float) -> Float:
        return self._sum(horizons, self.table.max(axis=1)) - self._sum(horizons, self.table).min(axis=-1)

    def least_regret(self, horizons: Float) -> Float:
        return self._sum(horizons, self.table.min(axis=1)) - self._sum(horizons, self.table).min(axis=-1)

    def arrays(self) -> tuple[AlternatingArrays, NoMemory]:
        return AlternatingArrays(self.table.copy()), no_memory()


@compiled
def losses(adversary, memory, t, key, gamma, row, mean_row):
    """The row of round t in its period."""
    copy(adversary.cycle[(t - 1) % adversary.cycle.shape[0]], row)
    copy(row, mean_row)
