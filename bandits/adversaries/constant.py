"""The same losses in every round."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import numpy as np
import numpy.typing as npt

from bandits.adversaries.model import Adversary, Float, NoMemory, copy, no_memory, overlook, stand_by
from bandits.model import as_vector, within
from kernels.jit import compiled

prepare, played = stand_by, overlook


class ConstantArrays(NamedTuple):
    """The losses, (K,)."""

    losses: Float


@dataclass(frozen=True, eq=False)
class ConstantLosses(Adversary):
    """Arm i always loses ``losses[i]``.

    Attributes:
        losses: (K,), entries in [0, 1].

    Raises:
        InvalidInput: if an entry is no number in [0, 1].
    """

    losses: npt.ArrayLike = ()

    family: ClassVar[str] = "constant"
    deterministic: ClassVar[bool] = True

    def __post_init__(self) -> None:
        vector = as_vector("losses", self.losses)
        within("losses", vector, 0.0, 1.0)
        self._set("losses", vector)
        if not self.name:
            shown = ", ".join(f"{x:g}" for x in vector[:4]) + (", ..." if len(vector) > 4 else "")
            self._set("name", f"{self.family}({shown})")

    @property
    def n_arms(self) -> int:
        return len(np.asarray(self.losses))

    @property
    def gaps(self) -> Float:
        """losses - min losses, (K,)."""
        vector = np.asarray(self.losses)
        return np.asarray(vector - vector.min())

    def trivial_regret(self, horizons: Float) -> Float:
        return np.asarray(horizons, dtype=float) * self.gaps.max()

    def least_regret(self, horizons: Float) -> Float:
        return np.zeros_like(np.asarray(horizons, dtype=float))

    def arrays(self) -> tuple[ConstantArrays, NoMemory]:
        return ConstantArrays(np.array(self.losses)), no_memory()


@compiled
def losses(adversary, memory, t, key, gamma, row, mean_row):
    """The vector of losses."""
    copy(adversary.losses, row)
    copy(row, mean_row)
