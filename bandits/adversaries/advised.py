"""Losses that repeat with a period, with experts whose advice repeats as well."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import numpy as np
import numpy.typing as npt

from bandits.adversaries.alternating import AlternatingLosses
from bandits.adversaries.alternating import losses as losses  # of the cycle
from bandits.adversaries.alternating import played as played
from bandits.adversaries.alternating import prepare as prepare
from bandits.adversaries.model import Float, NoMemory, no_memory
from theory.errors import InvalidInput


class AdvisedProblem(NamedTuple):
    """What an algorithm may know: the experts' laws, of which round t shows it ``advice[(t - 1) % Q]``, (Q, M, K)."""

    n_arms: int
    horizon: int
    advice: Float


class AdvisedArrays(NamedTuple):
    """One period of the losses, (P, K), and of the advice, (Q, M, K)."""

    cycle: Float
    advice: Float


@dataclass(frozen=True, eq=False)
class AdvisedLosses(AlternatingLosses):
    """Round t has the losses ``cycle[(t - 1) % P]``, and expert m advises the law ``advice[(t - 1) % Q, m]``.

    Attributes:
        cycle: (P, K), entries in [0, 1]. advice: (Q, M, K), every row a law over the arms.

    Raises:
        InvalidInput: for losses outside [0, 1], or advice that is no law (place and value named).
    """

    advice: npt.ArrayLike = (((1.0, 0.0), (0.0, 1.0)),)

    family: ClassVar[str] = "advised"

    def __post_init__(self) -> None:
        super().__post_init__()
        try:
            table = np.array(self.advice, dtype=np.float64, order="C", copy=True)
        except (TypeError, ValueError) as error:
            raise InvalidInput(f"advice cannot be read as a table of numbers: {error}") from error
        if table.ndim != 3 or table.size == 0 or table.shape[2] != self.n_arms:
            raise InvalidInput(f"advice has shape {table.shape}; expected (period, experts, {self.n_arms} arms)")
        bad = ~((table >= 0.0).all(axis=2) & (np.abs(table.sum(axis=2) - 1.0) <= 1e-9))
        if bad.any():
            t, m = (int(i) for i in np.argwhere(bad)[0])
            raise InvalidInput(f"advice[{t}, {m}] is {table[t, m].tolist()}; expected a law over the arms")
        self._set("advice", table)

    @property
    def laws(self) -> Float:
        """The advice as an array, (Q, M, K)."""
        return np.asarray(self.advice)

    @property
    def n_experts(self) -> int:
        """Number of experts M."""
        return int(self.laws.shape[1])

    def expert_losses(self, horizons: npt.ArrayLike) -> Float:
        """Expected loss of every expert over the first T rounds, (..., M)."""
        period = int(np.lcm(len(self.table), len(self.laws)))
        rounds = np.arange(period)
        rows, laws = self.table[rounds % len(self.table)], self.laws[rounds % len(self.laws)]
        per_round = np.einsum("tmk,tk->tm", laws, rows)
        partial = np.concatenate([np.zeros((1, self.n_experts)), np.cumsum(per_round, axis=0)])
        periods, rest = np.divmod(np.asarray(horizons, dtype=np.int64), period)
        return np.asarray(np.multiply.outer(periods, partial[-1]) + partial[rest])

    def advantage(self, horizons: npt.ArrayLike) -> Float:
        """Loss of the best fixed arm less that of the best expert over the first T rounds; may be negative."""
        arms = self._sum(np.asarray(horizons, dtype=float), self.table).min(axis=-1)
        return np.asarray(arms - self.expert_losses(horizons).min(axis=-1))

    def problem(self, horizon: int) -> Any:
        return AdvisedProblem(self.n_arms, horizon, self.laws)

    def arrays(self) -> tuple[Any, NoMemory]:
        return AdvisedArrays(self.table.copy(), self.laws.copy()), no_memory()
