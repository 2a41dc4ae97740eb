"""A loss sequence of the user's own: one row a round, one column an arm."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import numpy as np
import numpy.typing as npt

from bandits.adversaries.model import Adversary, Float, NoMemory, copy, no_memory, overlook, stand_by
from bandits.model import BanditProblem, within
from kernels.jit import compiled
from theory.errors import InvalidInput

prepare, played = stand_by, overlook


class SequenceArrays(NamedTuple):
    """The losses, (T, K)."""

    losses: Float


@dataclass(frozen=True, eq=False)
class LossSequence(Adversary):
    """Losses fixed in advance; runs longer than the table are refused.

    Attributes:
        losses: (T, K), entries in [0, 1].

    Raises:
        InvalidInput: if it is not a finite table of numbers in [0, 1] with at least one round and one arm.
    """

    losses: npt.ArrayLike = ()

    family: ClassVar[str] = "loss sequence"
    deterministic: ClassVar[bool] = True

    def __post_init__(self) -> None:
        self._set("losses", loss_table("losses", self.losses))
        if not self.name:
            self._set("name", f"{self.family}({self.n_rounds} rounds, {self.n_arms} arms)")

    @property
    def table(self) -> Float:
        """The losses as an array."""
        return np.asarray(self.losses)

    @property
    def n_rounds(self) -> int:
        """Number of rounds T that the table covers."""
        return int(self.table.shape[0])

    @property
    def n_arms(self) -> int:
        return int(self.table.shape[1])

    def problem(self, horizon: int) -> BanditProblem:
        """What an algorithm may know.

        Raises:
            InvalidInput: if the horizon exceeds the table.
        """
        if horizon > self.n_rounds:
            raise InvalidInput(
                f"horizon is {horizon}, but {self.name} has {self.n_rounds} rounds; expected at most that many"
            )
        return super().problem(horizon)

    def _extreme(self, horizons: Float, per_round: Float) -> Float:
        at = np.minimum(np.asarray(horizons, dtype=np.int64), self.n_rounds) - 1
        return np.asarray(np.cumsum(per_round)[at] - np.cumsum(self.table, axis=0)[at].min(axis=-1))

    def trivial_regret(self, horizons: Float) -> Float:
        """The regret of the worst arm of every round."""
        return self._extreme(horizons, self.table.max(axis=1))

    def least_regret(self, horizons: Float) -> Float:
        """The (never positive) regret of the best arm of every round."""
        return self._extreme(horizons, self.table.min(axis=1))

    def arrays(self) -> tuple[SequenceArrays, NoMemory]:
        return SequenceArrays(self.table.copy()), no_memory()


def loss_table(what: str, values: npt.ArrayLike) -> Float:
    """A fresh table of losses in [0, 1], one row a round, one column an arm.

    Raises:
        InvalidInput: naming the shape, or the entry and its value.
    """
    try:
        table = np.array(values, dtype=np.float64, order="C", copy=True)
    except (TypeError, ValueError) as error:
        raise InvalidInput(f"{what} cannot be read as a table of numbers: {error}") from error
    if table.ndim != 2 or table.size == 0:
        raise InvalidInput(f"{what} have shape {table.shape}; expected (rounds, arms), at least one of each")
    if not np.isfinite(table).all():
        t, i = (int(k) for k in np.argwhere(~np.isfinite(table))[0])
        raise InvalidInput(f"{what}[{t}, {i}] is {table[t, i]}; expected a finite number")
    within(what, table, 0.0, 1.0)
    return table


@compiled
def losses(adversary, memory, t, key, gamma, row, mean_row):
    """Row t - 1 of the table."""
    copy(adversary.losses[t - 1], row)
    copy(row, mean_row)
