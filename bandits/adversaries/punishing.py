"""An adaptive adversary that punishes the arm played most often."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import numpy as np
import numpy.typing as npt

from bandits.adversaries.model import Adversary, whole
from kernels.jit import compiled


class PunishingArrays(NamedTuple):
    """Number of arms."""

    n_arms: int


class PunishingMemory(NamedTuple):
    """Plays of each arm so far, (K,)."""

    plays: npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class PunishMostPlayed(Adversary):
    """The arm played most often so far (ties to the lowest index) loses 1, every other arm 0.

    Attributes:
        arms: number of arms K >= 1.

    Raises:
        InvalidInput: if it is out of range.
    """

    arms: int = 2

    family: ClassVar[str] = "punishing"
    oblivious: ClassVar[bool] = False
    deterministic: ClassVar[bool] = True

    def __post_init__(self) -> None:
        self._set("arms", whole("number of arms", self.arms, 1))
        if not self.name:
            self._set("name", f"{self.family}({self.arms} arms)")

    @property
    def n_arms(self) -> int:
        return self.arms

    def arrays(self) -> tuple[PunishingArrays, PunishingMemory]:
        return PunishingArrays(self.arms), PunishingMemory(np.zeros(self.arms, np.int64))


@compiled
def prepare(adversary, memory, key, gamma):
    """Forget the last run."""
    for i in range(adversary.n_arms):
        memory.plays[i] = 0


@compiled
def losses(adversary, memory, t, key, gamma, row, mean_row):
    """One for the most played arm."""
    most = 0
    for i in range(adversary.n_arms):
        row[i] = 0.0
        if memory.plays[i] > memory.plays[most]:
            most = i
    row[most] = 1.0
    for i in range(adversary.n_arms):
        mean_row[i] = row[i]


@compiled
def played(adversary, memory, t, arm):
    """Count the play."""
    memory.plays[arm] += 1
