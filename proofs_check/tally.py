"""What the claims on stochastic bandits share: a count of the run, how often events may fail, a lower-bound line."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from kernels.jit import hook
from kernels.steps import Step, check
from theory.errors import InvalidInput

DECOMPOSITION = Step(
    "decomposition",
    "sum of the gaps of the arms played = sum_i gap_i N_i(T)",
    "Lattimore and Szepesvari 2020, Lemma 4.5; |difference| against rounding",
    place=("round",),
)


#: Failure probability of every watched event whose threshold a watch is free to choose.
EVENT_PROBABILITY = 0.05


def event_probability(params: Any, instance: Any, horizon: int) -> float:
    """The probability that the watch chose its thresholds for."""
    return EVENT_PROBABILITY


class Tally(NamedTuple):
    """Pulls and mean reward of every arm, shape (K,), and the regret so far, one entry.

    Counted from the arms played and the rewards paid alone, so that a fault in an algorithm's own statistics is seen.
    """

    pulls: npt.NDArray[np.int64]
    means: npt.NDArray[np.float64]
    regret: npt.NDArray[np.float64]


def allocate_tally(n_arms: int) -> Tally:
    """An empty tally."""
    return Tally(np.zeros(n_arms, np.int64), np.zeros(n_arms), np.zeros(1))


@hook
def clear(tally):
    """Forget the last run."""
    tally.regret[0] = 0.0
    for arm in range(tally.pulls.shape[0]):
        tally.pulls[arm] = 0
        tally.means[arm] = 0.0


@hook
def count(tally, arm, reward, gap):
    """One more pull of ``arm``, of regret ``gap``."""
    tally.regret[0] += gap
    tally.pulls[arm] += 1
    tally.means[arm] += (reward - tally.means[arm]) / tally.pulls[arm]


@hook
def check_decomposition(records, run, step, tally, gaps, t):
    """Check :data:`DECOMPOSITION` after t rounds."""
    total = 0.0
    for arm in range(gaps.shape[0]):
        total += gaps[arm] * tally.pulls[arm]
    check(records, run, step, abs(total - tally.regret[0]), 1e-9 * (1.0 + total), 0.0, t, -1, -1, -1)


def settled_after(rate: float, probability: float) -> int:
    """The least s0 >= 1 with sum_{s >= s0} exp(-s rate) = exp(-s0 rate) / (1 - exp(-rate)) <= probability.

    Raises:
        InvalidInput: unless rate > 0 and probability lies in (0, 1).
    """
    if not rate > 0.0 or not 0.0 < probability < 1.0:
        raise InvalidInput(f"need rate > 0 and a probability in (0, 1), got {rate!r} and {probability!r}")
    return max(1, math.ceil(-math.log(probability * -math.expm1(-rate)) / rate))


def last_count(holds: Callable[[int], bool], beyond: int) -> int:
    """The largest n in 1 .. beyond - 1 with ``holds(n)``, or 0; what holds for n holds for every smaller count."""
    low, high = 0, beyond
    while high - low > 1:
        middle = (low + high) // 2
        if holds(middle):
            low = middle
        else:
            high = middle
    return low


def lai_robbins_line(instance: Any, horizons: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """log T times the Lai-Robbins constant of the instance's family; nan for a family that states none."""
    return float(getattr(instance, "lai_robbins", math.nan)) * np.log(horizons)
