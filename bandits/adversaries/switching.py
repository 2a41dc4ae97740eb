"""A best arm that moves on after every so many rounds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, NamedTuple

from bandits.adversaries.model import Adversary, NoMemory, no_memory, overlook, share, stand_by, whole
from kernels.jit import compiled
from theory.errors import InvalidInput

prepare, played = stand_by, overlook


class SwitchingArrays(NamedTuple):
    """See :class:`SwitchingLosses`."""

    period: int
    low: float
    high: float


@dataclass(frozen=True, eq=False)
class SwitchingLosses(Adversary):
    """In the rounds m * period + 1 .. (m + 1) * period arm m mod K loses ``low``, every other arm ``high``.

    Attributes:
        arms: number of arms K >= 1. period: >= 1. low <= high: in [0, 1].

    Raises:
        InvalidInput: if one of them is out of range.
    """

    arms: int = 2
    period: int = 100
    low: float = 0.0
    high: float = 1.0

    family: ClassVar[str] = "switching"
    deterministic: ClassVar[bool] = True

    def __post_init__(self) -> None:
        self._set("arms", whole("number of arms", self.arms, 1))
        self._set("period", whole("period", self.period, 1))
        self._set("low", share("low loss", self.low, 0.0, 1.0))
        self._set("high", share("high loss", self.high, 0.0, 1.0))
        if self.high < self.low:
            raise InvalidInput(f"high loss is {self.high:g}, below the low loss {self.low:g}; expected at least that")
        if not self.name:
            self._set("name", f"{self.family}({self.arms} arms, every {self.period} rounds)")

    @property
    def n_arms(self) -> int:
        return self.arms

    def arrays(self) -> tuple[SwitchingArrays, NoMemory]:
        return SwitchingArrays(self.period, self.low, self.high), no_memory()


@compiled
def losses(adversary, memory, t, key, gamma, row, mean_row):
    """Low for the arm of the phase, high for the others."""
    n_arms = row.shape[0]
    for i in range(n_arms):
        row[i] = adversary.high
    row[((t - 1) // adversary.period) % n_arms] = adversary.low
    for i in range(n_arms):
        mean_row[i] = row[i]
