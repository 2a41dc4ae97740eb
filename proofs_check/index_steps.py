"""What the claims on index policies share: a watch that recomputes every index from its own counts."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from kernels.jit import hook
from kernels.steps import check
from proofs_check.tally import Tally, allocate_tally, clear

Float = npt.NDArray[np.float64]

#: Allowance for rounding when indices of two sources are compared, relative to 1 + index.
ROUNDING = 1e-9


class IndexWatch(NamedTuple):
    """Own counts, and the indices of the round recomputed from them.

    Attributes:
        upper: the indices, shape (K,). best: the first best arm.
        start: events of the proof are watched from this round on.
    """

    tally: Tally
    upper: Float
    best: int
    start: int


def allocate_index_watch(instance: Any, start: int) -> IndexWatch:
    """Arrays of the watch."""
    k = instance.n_arms
    return IndexWatch(allocate_tally(k), np.zeros(k), int(instance.means.argmax()), start)


@hook
def begin(watch, params, instance):
    """Forget the last run."""
    clear(watch.tally)


@hook
def check_highest(records, run, step, upper, arm, t):
    """No index exceeds that of the arm played."""
    for i in range(upper.shape[0]):
        if i != arm:
            check(records, run, step, upper[i], upper[arm], ROUNDING, t, i, -1, -1)


@hook
def biased_variance(tally, squares, arm):
    """1/N sum of squared deviations, from the sum of the squared rewards."""
    return max(0.0, squares[arm] / tally.pulls[arm] - tally.means[arm] ** 2)
