"""Asymptotically optimal UCB: Theorem 8.1 of Lattimore and Szepesvari (2020) and the steps of its proof."""

from __future__ import annotations

import math
import sys
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from bandits.algorithms.asymptotically_optimal_ucb import AsymptoticallyOptimalUCB
from bandits.instances.gaussian import gaussian
from kernels.jit import hook
from kernels.steps import Step, check
from proofs_check.claim import Bound, Case, Claim, Rate, Sabotage
from proofs_check.index_steps import ROUNDING, Float, IndexWatch, allocate_index_watch, check_highest
from proofs_check.tally import DECOMPOSITION as DECOMPOSITION_STEP
from proofs_check.tally import (
    EVENT_PROBABILITY,
    check_decomposition,
    clear,
    count,
    event_probability,
    lai_robbins_line,
    settled_after,
)
from theory.theorems import theorem

#: The proof's epsilon, and the slack of the suboptimal arms' means, as fractions of the gap.
FRACTION = 1.0 / 3.0

RULE, OPTIMISM, CONCENTRATION, PULLS, TOTAL, DECOMPOSITION = range(6)


def _gaps(instance: Any) -> Float:
    """The gaps; a placeholder of 1 for optimal arms, which the steps leave out."""
    return np.where(instance.gaps > 0.0, instance.gaps, 1.0)


def _slack(instance: Any) -> float:
    """epsilon: a fraction of the smallest positive gap."""
    return FRACTION * float(_gaps(instance).min())


def optimism_union(instance: Any, t: int) -> float:
    """2 sigma^2 / (e^2 f(t)), an upper bound of sum_s exp(-s (e + sigma sqrt(2 log f / s))^2 / (2 sigma^2))."""
    return 2.0 * (instance.subgaussian / _slack(instance)) ** 2 / (1.0 + t * math.log(t) ** 2)


def first_watched(instance: Any) -> int:
    """The least t0 beyond the first pulls with optimism_union <= EVENT_PROBABILITY."""
    t = instance.n_arms + 1
    while optimism_union(instance, t) > EVENT_PROBABILITY:
        t += 1
    return t


def optimism_probability(params: Any, instance: Any, horizon: int) -> float:
    """The union over the counts of the best arm at t0; the index only grows with t at a fixed count."""
    return optimism_union(instance, first_watched(instance))


STEPS = (
    Step(
        "rule",
        "index_i(t) <= index of the arm played, every arm i (indices from independent counts)",
        "Lattimore and Szepesvari 2020, Algorithm 6",
    ),
    Step(
        "optimism",
        "mu* - e <= index of the best arm, in every round t >= t0",
        "Lattimore and Szepesvari 2020, proof of Theorem 8.1, without the sum over t",
        "event",
        optimism_probability,
    ),
    Step(
        "concentration",
        "mean_i(s) <= mu_i + D_i/3 for every suboptimal arm i after every s >= s0_i of its pulls",
        "Lattimore and Szepesvari 2020, Lemma 8.2, by the union of P <= exp(-s D_i^2 / (18 sigma^2))",
        "event",
        event_probability,
    ),
    Step(
        "pulls",
        "N_i <= 2 sigma^2 log f(t) / (D_i - D_i/3 - e)^2 when arm i is played with mean_i <= mu_i + D_i/3, t >= t0",
        "Lattimore and Szepesvari 2020, proof of Theorem 8.1",
        "conditional",
        given=("optimism",),
    ),
    Step(
        "total-pulls",
        "N_i(T) <= 1 + max(t0, s0_i, 2 sigma^2 log f(T) / (D_i - D_i/3 - e)^2) for every suboptimal arm i",
        "Lattimore and Szepesvari 2020, proof of Theorem 8.1",
        "conditional",
        given=("optimism", "concentration"),
    ),
    DECOMPOSITION_STEP,
)


class Watch(NamedTuple):
    """The shared watch, and the proof's constants.

    Attributes:
        sigma: of the instance, not of the algorithm. lowered: mu* - e.
        raised: mu_i + D_i/3; settled: s0_i; room: D_i - D_i/3 - e, all (K,).
    """

    own: IndexWatch
    sigma: float
    lowered: float
    raised: Float
    settled: npt.NDArray[np.int64]
    room: Float


def allocate(params: AsymptoticallyOptimalUCB, instance: Any, horizon: int) -> Watch:
    """Arrays of the watch."""
    gaps, sigma = _gaps(instance), float(instance.subgaussian)
    share = EVENT_PROBABILITY / max(1, int((instance.gaps > 0.0).sum()))
    rates = (FRACTION * gaps) ** 2 / (2.0 * sigma**2)
    return Watch(
        allocate_index_watch(instance, first_watched(instance)), sigma,
        float(instance.means.max()) - _slack(instance), instance.means + FRACTION * gaps,
        np.array([settled_after(float(rate), share) for rate in rates], np.int64),
        (1.0 - FRACTION) * gaps - _slack(instance),
    )  # fmt: skip


@hook
def begin(watch, params, instance):
    """Forget the last run."""
    clear(watch.own.tally)


@hook
def twice_log_f(watch, t):
    """2 sigma^2 log f(t)."""
    log_t = math.log(np.float64(t))
    return 2.0 * watch.sigma**2 * math.log1p(t * log_t * log_t)


@hook
def acted(records, run, watch, params, state, instance, t, arm):
    """Before the reward of round t."""
    tally, upper, best = watch.own.tally, watch.own.upper, watch.own.best
    if t <= upper.shape[0]:
        return
    x = twice_log_f(watch, t)
    for i in range(upper.shape[0]):
        upper[i] = tally.means[i] + math.sqrt(x / tally.pulls[i])
    check_highest(records, run, RULE, upper, arm, t)
    if t >= watch.own.start:
        check(records, run, OPTIMISM, watch.lowered, upper[best], ROUNDING, t, best, -1, -1)
        if instance.gaps[arm] > 0.0 and tally.means[arm] <= watch.raised[arm]:
            limit = x / watch.room[arm] ** 2
            check(records, run, PULLS, float(tally.pulls[arm]), limit, ROUNDING, t, arm, -1, -1)


@hook
def observed(records, run, watch, params, state, instance, t, arm, reward):
    """Count independently of the algorithm."""
    tally = watch.own.tally
    count(tally, arm, reward, instance.gaps[arm])
    if instance.gaps[arm] > 0.0 and tally.pulls[arm] >= watch.settled[arm]:
        check(records, run, CONCENTRATION, tally.means[arm], watch.raised[arm], ROUNDING, t, arm, -1, -1)


@hook
def ended(records, run, watch, params, state, instance, t):
    """The pull counts at the horizon."""
    x = twice_log_f(watch, t)
    for i in range(instance.gaps.shape[0]):
        if instance.gaps[i] > 0.0:
            limit = 1.0 + max(float(watch.own.start), float(watch.settled[i]), x / watch.room[i] ** 2)
            check(records, run, TOTAL, float(watch.own.tally.pulls[i]), limit, ROUNDING, t, i, -1, -1)
    check_decomposition(records, run, DECOMPOSITION, watch.own.tally, instance.gaps, t)


CLAIM = Claim(
    slug="asymptotically-optimal-ucb",
    title="Asymptotically optimal UCB",
    paper="Lattimore and Szepesvari 2020, Bandit algorithms, chapter 8",
    setting="stochastic bandit",
    algorithm=lambda instance, horizon: AsymptoticallyOptimalUCB(float(instance.subgaussian)),
    cases=(
        Case("gap 1", lambda: gaussian(1.0, 0.0), 3_000),
        Case("three arms", lambda: gaussian(1.5, 0.0, 0.5), 3_000),
        Case("five arms", lambda: gaussian(1.0, 0.0, 0.2, 0.3, 0.5), 20_000, full_only=True),
    ),
    bounds=(Bound(theorem("asymptotically-optimal-ucb/regret")),),
    watch=sys.modules[__name__],
    rate=Rate(
        theorem("asymptotically-optimal-ucb/asymptotic"), "the theorem's parameters",
        lambda instance, horizon: AsymptoticallyOptimalUCB(), "T",
        (2**11, 2**12, 2**13, 2**14, 2**15), lambda horizon: (gaussian(2.0, 0.0), horizon), n_runs=200, prefix=True,
    ),
    sabotages=(
        Sabotage("half-width", "half the width", ("rule",), lambda p: p._replace(sigma=0.5 * p.sigma)),
        Sabotage(
            "log10", "decimal logarithm in the width", ("rule",),
            lambda p: p._replace(sigma=p.sigma / math.sqrt(math.log(10.0))),
        ),
        Sabotage("greedy", "no bonus", ("rule", "asymptotically-optimal-ucb/regret"), lambda p: p._replace(sigma=0.0)),
    ),
    lower_bound=lai_robbins_line,
    lower_bound_name="Lai and Robbins 1985, asymptotic slope",
)  # fmt: skip
