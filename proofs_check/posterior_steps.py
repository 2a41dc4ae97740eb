"""What the claims on Thompson sampling share: concentration of means and samples, in counts kept independently.

The posteriors differ, and with them the distances in which means and samples are measured; the events, what follows
from them for the arms played, and the bookkeeping do not (Agrawal and Goyal 2012).
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from kernels.jit import hook
from kernels.steps import check
from proofs_check.tally import EVENT_PROBABILITY, Tally, allocate_tally, check_decomposition, clear

#: Places of the steps.
RULE, MEANS, SAMPLES, SPREAD, PULLS, DECOMPOSITION = range(6)


class Watch(NamedTuple):
    """Own counts, thresholds and sums.

    Attributes:
        tally: pulls and means. excess: the sum of z^2 - 1 over the standardised samples z of an arm, shape (K,).
        level: threshold of the unions over arms and counts, in the units of the claim.
        most: threshold of `spread`. best: the best arm.
    """

    tally: Tally
    excess: npt.NDArray[np.float64]
    level: float
    most: float
    best: int


def union_log(n_arms: int, horizon: int) -> float:
    """log(2KT/p), the exponent that a union over arms, rounds and two sides asks for."""
    return math.log(2.0 * n_arms * horizon / EVENT_PROBABILITY)


def allocate_watch(instance: Any, horizon: int, level: float, variance: float) -> Watch:
    """Arrays of the watch; ``variance`` is the largest conditional variance of z^2, for Chebyshev's inequality."""
    k = instance.n_arms
    most = math.sqrt(variance * k * horizon / EVENT_PROBABILITY)
    return Watch(allocate_tally(k), np.zeros(k), level, most, int(instance.means.argmax()))


@hook
def begin(watch, params, instance):
    """Forget the last run."""
    clear(watch.tally)
    for arm in range(watch.excess.shape[0]):
        watch.excess[arm] = 0.0


@hook
def check_pulls(records, run, watch, instance, t, arm, radius):
    """gap_i <= radius (N_i^(-1/2) + N_best^(-1/2)) if a suboptimal arm is played again; radius is that of one pull."""
    pulls = watch.tally.pulls
    if instance.gaps[arm] > 0.0 and pulls[arm] > 0 and pulls[watch.best] > 0:
        roots = 1.0 / math.sqrt(float(pulls[arm])) + 1.0 / math.sqrt(float(pulls[watch.best]))
        check(records, run, PULLS, instance.gaps[arm], radius * roots, 1e-9, t, arm, -1, -1)


@hook
def ended(records, run, watch, params, state, instance, t):
    """The spread of each arm's samples over the run."""
    for i in range(instance.gaps.shape[0]):
        check(records, run, SPREAD, abs(watch.excess[i]), watch.most, 1e-9, t, i, -1, -1)
    check_decomposition(records, run, DECOMPOSITION, watch.tally, instance.gaps, t)
