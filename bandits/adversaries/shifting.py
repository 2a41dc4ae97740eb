"""A best arm that stays while its gap shifts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import numpy as np

from bandits.adversaries.model import Adversary, Float, overlook, share, toss, whole
from bandits.adversaries.phases import PhaseMemory, first_phase, phase_ends, phase_memory, phase_of
from kernels.jit import compiled
from theory.errors import InvalidInput

played = overlook


class ShiftingArrays(NamedTuple):
    """Gaps in even and in odd phases, and the growth of the phases."""

    wide: float
    narrow: float
    ratio: float


@dataclass(frozen=True, eq=False)
class GapShifting(Adversary):
    """Bernoulli losses: arm 0 has mean (1 - gap)/2, the others (1 + gap)/2; the gap is ``wide`` or ``narrow``.

    Even phases are wide, odd ones narrow; phase n lasts ceil(ratio^n) rounds.

    Attributes:
        arms: number of arms K >= 2. wide >= narrow: in [0, 1]. ratio: > 1.

    Raises:
        InvalidInput: if one of them is out of range.
    """

    arms: int = 4
    wide: float = 0.5
    narrow: float = 0.05
    ratio: float = 1.6

    family: ClassVar[str] = "gap-shifting"

    def __post_init__(self) -> None:
        self._set("arms", whole("number of arms", self.arms, 2))
        self._set("wide", share("wide gap", self.wide, 0.0, 1.0))
        self._set("narrow", share("narrow gap", self.narrow, 0.0, self.wide))
        if not 1.0 < self.ratio < np.inf:
            raise InvalidInput(f"ratio of the phases is {self.ratio!r}; expected a number > 1")
        if not self.name:
            self._set("name", f"{self.family}({self.arms} arms, {self.wide:g} or {self.narrow:g})")

    @property
    def n_arms(self) -> int:
        return self.arms

    def trivial_regret(self, horizons: Float) -> Float:
        """The sum of the gaps of the rounds."""
        rounds = np.asarray(horizons, dtype=np.int64)
        ends = np.array(phase_ends(self.ratio, int(rounds.max())))
        gaps = np.where(np.arange(len(ends)) % 2 == 0, self.wide, self.narrow)
        starts = np.concatenate([[0], ends[:-1]])
        inside = np.clip(rounds[..., None] - starts, 0, ends - starts)
        return np.asarray(inside @ gaps, dtype=float)

    def least_regret(self, horizons: Float) -> Float:
        return np.zeros_like(np.asarray(horizons, dtype=float))

    def arrays(self) -> tuple[ShiftingArrays, PhaseMemory]:
        return ShiftingArrays(self.wide, self.narrow, self.ratio), phase_memory()


@compiled
def prepare(adversary, memory, key, gamma):
    """Back to the first phase."""
    first_phase(memory)


@compiled
def losses(adversary, memory, t, key, gamma, row, mean_row):
    """Bernoulli draws with the gap of the phase."""
    gap = adversary.wide if phase_of(memory, adversary.ratio, t) % 2 == 0 else adversary.narrow
    for i in range(row.shape[0]):
        mean_row[i] = 0.5 * (1.0 + gap)
    mean_row[0] = 0.5 * (1.0 - gap)
    toss(mean_row, t, key, gamma, row)
