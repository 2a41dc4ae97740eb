"""The stochastically constrained adversary (Zimmert and Seldin 2021, Section 7): levels move, the gap stays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import numpy as np

from bandits.adversaries.model import Adversary, Float, overlook, share, toss, whole
from bandits.adversaries.phases import PhaseMemory, first_phase, phase_memory, phase_of
from kernels.jit import compiled
from theory.errors import InvalidInput

played = overlook


class ConstrainedArrays(NamedTuple):
    """Mean losses in even and in odd phases, (2, K), and the growth of the phases."""

    levels: Float
    ratio: float


@dataclass(frozen=True, eq=False)
class StochasticallyConstrained(Adversary):
    """Bernoulli losses whose means jump between two levels; arm 0 is better by ``gap`` in every round.

    In even phases arm 0 has mean 0 and the others ``gap``; in odd phases arm 0 has mean 1 - gap and the others 1.
    Phase n lasts ceil(ratio^n) rounds. An algorithm that averages the rewards of an arm over phases is misled.

    Attributes:
        arms: number of arms K >= 2. gap: in (0, 1]. ratio: > 1 (1.6 in the paper).

    Raises:
        InvalidInput: if one of them is out of range.
    """

    arms: int = 8
    gap: float = 0.125
    ratio: float = 1.6

    family: ClassVar[str] = "stochastically constrained"

    def __post_init__(self) -> None:
        self._set("arms", whole("number of arms", self.arms, 2))
        self._set("gap", share("gap", self.gap, np.nextafter(0.0, 1.0), 1.0))
        if not 1.0 < self.ratio < np.inf:
            raise InvalidInput(f"ratio of the phases is {self.ratio!r}; expected a number > 1")
        if not self.name:
            self._set("name", f"{self.family}({self.arms} arms, gap {self.gap:g})")

    @property
    def n_arms(self) -> int:
        return self.arms

    @property
    def gaps(self) -> Float:
        """0 for the first arm, ``gap`` for the others, (K,)."""
        gaps = np.full(self.arms, self.gap)
        gaps[0] = 0.0
        return gaps

    @property
    def levels(self) -> Float:
        """Mean losses in even and in odd phases, (2, K)."""
        return np.stack([self.gaps, 1.0 - self.gap + self.gaps])

    def trivial_regret(self, horizons: Float) -> Float:
        return np.asarray(horizons, dtype=float) * self.gap

    def least_regret(self, horizons: Float) -> Float:
        return np.zeros_like(np.asarray(horizons, dtype=float))

    def arrays(self) -> tuple[ConstrainedArrays, PhaseMemory]:
        return ConstrainedArrays(np.clip(self.levels, 0.0, 1.0), self.ratio), phase_memory()


@compiled
def prepare(adversary, memory, key, gamma):
    """Back to the first phase."""
    first_phase(memory)


@compiled
def losses(adversary, memory, t, key, gamma, row, mean_row):
    """Bernoulli draws at the level of the phase."""
    level = phase_of(memory, adversary.ratio, t) % 2
    for i in range(row.shape[0]):
        mean_row[i] = adversary.levels[level, i]
    toss(mean_row, t, key, gamma, row)
