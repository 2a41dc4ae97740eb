"""Bernoulli arms whose means are constant between change points."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import numpy as np
import numpy.typing as npt

from bandits.model import Bandit, Float, as_vector, within
from kernels.jit import compiled
from kernels.random import uniform
from theory.errors import InvalidInput


class PiecewiseArrays(NamedTuple):
    """Means and gaps of each piece, (pieces, K); first round of each piece, (pieces,); means of the first piece."""

    means: Float
    gaps: Float
    starts: npt.NDArray[np.int64]
    table: Float


@dataclass(frozen=True, eq=False)
class PiecewiseBandit(Bandit):
    """At round t in starts[p] .. starts[p + 1] - 1 arm i pays 1 with probability table[p, i]; build with
    :func:`piecewise`.

    ``means`` are those of the first piece. The regret is dynamic: against the best arm of every round.
    The reward of the n-th pull of an arm compares the n-th uniform of its stack with the mean of the round.
    """

    starts: tuple[int, ...] = (1,)
    table: Float | None = None

    family: ClassVar[str] = "piecewise bernoulli"
    stationary: ClassVar[bool] = False

    @property
    def reward_range(self) -> tuple[float, float]:
        return (0.0, 1.0)

    @property
    def n_changes(self) -> int:
        """Number of change points."""
        return len(self.starts) - 1

    def means_at(self, t: int) -> Float:
        """Means at round t >= 1, shape (K,)."""
        assert self.table is not None
        return self.table[int(np.searchsorted(self.starts, t, side="right")) - 1]

    def trivial_regret(self, horizons: Float) -> Float:
        """The sum over rounds of the largest gap of the round."""
        assert self.table is not None
        largest = self.table.max(axis=1) - self.table.min(axis=1)
        ends = np.array([*self.starts[1:], np.inf]) - 1.0
        rounds = np.minimum(np.asarray(horizons, dtype=float)[..., None], ends) - (np.array(self.starts) - 1.0)
        return np.asarray(np.maximum(rounds, 0.0) @ largest)

    def arrays(self) -> PiecewiseArrays:
        assert self.table is not None
        gaps = self.table.max(axis=1, keepdims=True) - self.table
        return PiecewiseArrays(
            self.means.copy(), np.ascontiguousarray(gaps), np.array(self.starts, np.int64), self.table.copy()
        )


def piecewise(starts: Sequence[int], means: Sequence[npt.ArrayLike], name: str = "") -> PiecewiseBandit:
    """The Bernoulli bandit with means ``means[p]`` from round ``starts[p]`` on.

    Args:
        starts: first rounds of the pieces, increasing, the first is 1.
        means: one vector of K means in [0, 1] for each piece.

    Raises:
        InvalidInput: for starts that do not increase from 1 (place and value named), another number of pieces, pieces
            of different lengths, or a mean outside [0, 1].
    """
    first = tuple(int(s) for s in starts)
    if not first or first[0] != 1:
        raise InvalidInput(f"starts are {list(first)}; expected the first piece to start at round 1")
    for p in range(1, len(first)):
        if first[p] <= first[p - 1]:
            raise InvalidInput(f"starts[{p}] is {first[p]}, not after starts[{p - 1}] = {first[p - 1]}")
    if len(means) != len(first):
        raise InvalidInput(f"{len(first)} starts and {len(means)} vectors of means; expected as many")
    rows = [as_vector(f"means[{p}]", row) for p, row in enumerate(means)]
    for p, row in enumerate(rows):
        if len(row) != len(rows[0]):
            raise InvalidInput(f"means[{p}] has {len(row)} arms; expected {len(rows[0])} as in the first piece")
        within(f"means[{p}]", row, 0.0, 1.0)
    table = np.stack(rows)
    table.flags.writeable = False
    return PiecewiseBandit(rows[0], name, first, table)


@compiled
def piece_of(arrays, t):
    """The piece that round t belongs to (binary search for the last start <= t)."""
    low = 0
    high = arrays.starts.shape[0]
    while high - low > 1:
        middle = (low + high) // 2
        if arrays.starts[middle] <= t:
            low = middle
        else:
            high = middle
    return low


@compiled
def draw(arrays, arm, n, t, key, gamma):
    """The n-th reward of ``arm``, drawn with the mean of round t."""
    return 1.0 if uniform(key, gamma, n) < arrays.table[piece_of(arrays, t), arm] else 0.0


@compiled
def gap(arrays, t, arm):
    """Best mean of round t - the arm's."""
    return arrays.gaps[piece_of(arrays, t), arm]
