"""UCB(delta): Theorems 7.1 and 7.2 of Lattimore and Szepesvari (2020) and the event of their proof."""

from __future__ import annotations

import math
import sys
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from bandits.algorithms.ucb_delta import UCBDelta
from bandits.instances.gaussian import gaussian
from kernels.jit import hook
from kernels.steps import Step, check
from proofs_check.claim import Bound, Case, Claim, Sabotage
from proofs_check.index_steps import ROUNDING, IndexWatch, allocate_index_watch, check_highest
from proofs_check.tally import DECOMPOSITION as DECOMPOSITION_STEP
from proofs_check.tally import check_decomposition, clear, count, lai_robbins_line
from theory.theorems import theorem

RULE, EVENT, PULLS, TOTAL, DECOMPOSITION = range(5)


def most_pulls(instance: Any, horizon: int) -> npt.NDArray[np.int64]:
    """u_i = ceil(2 log(1/delta) / ((1-c)^2 D_i^2)) with c = 1/2, delta = 1/T^2; 0 for an optimal arm, shape (K,)."""
    safe = np.where(instance.gaps > 0.0, instance.gaps, 1.0)
    return np.where(instance.gaps > 0.0, np.ceil(16.0 * math.log(horizon) / safe**2), 0.0).astype(np.int64)


def event_probability(params: Any, instance: Any, horizon: int) -> float:
    """T delta + sum_{D_i > 0} exp(-u_i c^2 D_i^2 / 2), delta = 1/T^2, c = 1/2 (eqs. (7.7)-(7.10))."""
    suboptimal = instance.gaps > 0.0
    exponents = most_pulls(instance, horizon)[suboptimal] * instance.gaps[suboptimal] ** 2 / 8.0
    return 1.0 / horizon + float(np.exp(-exponents).sum())


STEPS = (
    Step(
        "rule",
        "index_i(t) <= index of the arm played, every arm i (indices from independent counts)",
        "Lattimore and Szepesvari 2020, Algorithm 3",
    ),
    Step(
        "good-event",
        "mu* <= index of a best arm in every round, and index_i <= mu* once a suboptimal arm i has u_i pulls",
        "Lattimore and Szepesvari 2020, eqs. (7.6)-(7.10), c = 1/2",
        "event",
        event_probability,
    ),
    Step(
        "pulls",
        "N_i <= 8 log(1/delta) / D_i^2 when a suboptimal arm i is played although mean_i <= mu_i + D_i/2 and the "
        "index of a best arm is at least mu*",
        "Lattimore and Szepesvari 2020, proof of Theorem 7.1",
    ),
    Step(
        "total-pulls",
        "N_i(T) <= u_i = ceil(16 log T / D_i^2) for every suboptimal arm i",
        "Lattimore and Szepesvari 2020, eq. (7.6)",
        "conditional",
        given=("good-event",),
    ),
    DECOMPOSITION_STEP,
)


class Watch(NamedTuple):
    """The shared watch, log(1/delta) = 2 log T, and u_i, shape (K,)."""

    own: IndexWatch
    exponent: float
    most: npt.NDArray[np.int64]


def allocate(params: UCBDelta, instance: Any, horizon: int) -> Watch:
    """Arrays of the watch; delta is the theorem's, not the algorithm's."""
    return Watch(allocate_index_watch(instance, 1), 2.0 * math.log(horizon), most_pulls(instance, horizon))


@hook
def begin(watch, params, instance):
    """Forget the last run."""
    clear(watch.own.tally)


@hook
def acted(records, run, watch, params, state, instance, t, arm):
    """Before the reward of round t."""
    tally, upper, best = watch.own.tally, watch.own.upper, watch.own.best
    n_arms = upper.shape[0]
    if t <= n_arms:
        return
    for i in range(n_arms):
        upper[i] = tally.means[i] + math.sqrt(2.0 * watch.exponent / tally.pulls[i])
        if instance.gaps[i] > 0.0 and tally.pulls[i] == watch.most[i]:
            check(records, run, EVENT, upper[i], instance.means[best], ROUNDING, t, i, -1, -1)
    check_highest(records, run, RULE, upper, arm, t)
    check(records, run, EVENT, instance.means[best], upper[best], ROUNDING, t, best, -1, -1)
    gap = instance.gaps[arm]
    if gap > 0.0 and upper[best] >= instance.means[best] and tally.means[arm] <= instance.means[arm] + 0.5 * gap:
        check(records, run, PULLS, float(tally.pulls[arm]), 8.0 * watch.exponent / gap**2, ROUNDING, t, arm, -1, -1)


@hook
def observed(records, run, watch, params, state, instance, t, arm, reward):
    """Count independently of the algorithm."""
    count(watch.own.tally, arm, reward, instance.gaps[arm])


@hook
def ended(records, run, watch, params, state, instance, t):
    """The pull counts at the horizon."""
    for i in range(instance.gaps.shape[0]):
        if instance.gaps[i] > 0.0:
            pulls = float(watch.own.tally.pulls[i])
            check(records, run, TOTAL, pulls, float(watch.most[i]), 0.0, t, i, -1, -1)
    check_decomposition(records, run, DECOMPOSITION, watch.own.tally, instance.gaps, t)


def tuned(instance: Any, horizon: int) -> UCBDelta:
    """The theorems' delta."""
    return UCBDelta(1.0 / horizon**2)


CLAIM = Claim(
    slug="ucb-delta",
    title="UCB(delta)",
    paper="Lattimore and Szepesvari 2020, Bandit algorithms, chapter 7",
    setting="stochastic bandit",
    algorithm=tuned,
    cases=(
        Case("gap 1", lambda: gaussian(1.0, 0.0), 200, max_runs=6_400),
        Case("gap 2", lambda: gaussian(2.0, 0.0), 200, max_runs=6_400),
        Case("five arms", lambda: gaussian(1.0, 0.0, 0.2, 0.3, 0.5), 5_000, full_only=True, watched=False),
    ),
    bounds=(Bound(theorem("ucb-delta/regret")), Bound(theorem("ucb-delta/minimax"))),
    watch=sys.modules[__name__],
    sabotages=(
        Sabotage("half-width", "width sqrt(log(1/delta)/(2N))", ("rule",), lambda p: UCBDelta(p.delta**0.25)),
        Sabotage("log10", "decimal logarithm", ("rule",), lambda p: UCBDelta(p.delta ** (1.0 / math.log(10.0)))),
        Sabotage("greedy", "delta = 1: no bonus", ("rule",), lambda p: UCBDelta(1.0)),
    ),
    lower_bound=lai_robbins_line,
    lower_bound_name="Lai and Robbins 1985, asymptotic slope",
)  # fmt: skip
