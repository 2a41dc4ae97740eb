"""MOSS-anytime: the minimax bound of Degenne and Perchet (2016), and optimism by peeling over counts and horizons."""

from __future__ import annotations

import math
import sys
from typing import Any, NamedTuple

import numpy as np

from bandits.algorithms.moss_anytime import MOSSAnytime
from bandits.instances.bernoulli import bernoulli
from kernels.jit import hook
from kernels.steps import Step, check
from proofs_check.claim import Bound, Case, Claim, Rate, Sabotage
from proofs_check.claims.moss import moving
from proofs_check.index_steps import ROUNDING, IndexWatch, allocate_index_watch, check_highest
from proofs_check.tally import DECOMPOSITION as DECOMPOSITION_STEP
from proofs_check.tally import EVENT_PROBABILITY, check_decomposition, clear, count, event_probability
from theory.lower_bounds import minimax_engine_best
from theory.theorems import theorem

#: The theorem's alpha, whatever a fault gives the algorithm.
ALPHA = 1.35

RULE, OPTIMISM, PULLS, DECOMPOSITION = range(4)


def first_watched(horizon: int) -> int:
    """t0 = T/4, rounded up."""
    return math.ceil(horizon / 4)


def optimism_gap(instance: Any, horizon: int) -> float:
    """The x with 30 K sigma^2 / (t0 x^2) = EVENT_PROBABILITY, sigma = 1/2."""
    return math.sqrt(7.5 * instance.n_arms / (EVENT_PROBABILITY * first_watched(horizon)))


STEPS = (
    Step(
        "rule",
        "index_i(t) <= index of the arm played, every arm i (indices from independent counts)",
        "Degenne and Perchet 2016, MOSS-anytime",
    ),
    Step(
        "optimism",
        "mu* - x <= index of the best arm in every round t >= t0 = T/4, x^2 = 30 K sigma^2 / (0.05 t0)",
        "Lattimore and Szepesvari 2020, Lemma 9.3, at the horizons t0, 2 t0, 4 t0, ... (the index grows with t, and "
        "(1 + alpha)/2 >= 1)",
        "event",
        event_probability,
    ),
    Step(
        "pulls",
        "N_i D_i^2 / 9 <= ((1 + alpha)/2) log+(t / (K N_i)) when a suboptimal arm i is played although mu* - D_i/3 <= "
        "index of the best arm and mean_i <= mu_i + D_i/3",
        "as for MOSS: the width is then at least D_i/3",
    ),
    DECOMPOSITION_STEP,
)


class Watch(NamedTuple):
    """The shared watch, and mu* - x."""

    own: IndexWatch
    lowered: float


def allocate(params: MOSSAnytime, instance: Any, horizon: int) -> Watch:
    """Arrays of the watch."""
    lowered = float(instance.means.max()) - optimism_gap(instance, horizon)
    return Watch(allocate_index_watch(instance, first_watched(horizon)), lowered)


@hook
def begin(watch, params, instance):
    """Forget the last run."""
    clear(watch.own.tally)


@hook
def squared_width(tally, arm, t):
    """((1 + alpha)/2) log+(t / (K N)) / N."""
    n = float(tally.pulls[arm])
    return 0.5 * (1.0 + ALPHA) * math.log(max(1.0, t / (tally.pulls.shape[0] * n))) / n


@hook
def acted(records, run, watch, params, state, instance, t, arm):
    """Before the reward of round t."""
    tally, upper, best = watch.own.tally, watch.own.upper, watch.own.best
    if t <= upper.shape[0]:
        return
    for i in range(upper.shape[0]):
        upper[i] = tally.means[i] + math.sqrt(squared_width(tally, i, t))
    check_highest(records, run, RULE, upper, arm, t)
    if t >= watch.own.start:
        check(records, run, OPTIMISM, watch.lowered, upper[best], ROUNDING, t, best, -1, -1)
    gap = instance.gaps[arm]
    third = gap / 3.0
    if gap > 0.0 and upper[best] >= instance.means[best] - third and tally.means[arm] <= instance.means[arm] + third:
        n = float(tally.pulls[arm])
        check(records, run, PULLS, n * third**2, n * squared_width(tally, arm, t), ROUNDING, t, arm, -1, -1)


@hook
def observed(records, run, watch, params, state, instance, t, arm, reward):
    """Count independently of the algorithm."""
    count(watch.own.tally, arm, reward, instance.gaps[arm])


@hook
def ended(records, run, watch, params, state, instance, t):
    """The regret decomposition."""
    check_decomposition(records, run, DECOMPOSITION, watch.own.tally, instance.gaps, t)


@hook
def act_without_own_count(params, state, t, rng):
    """Planted fault: log+(t / K) without the arm's own count."""
    n_arms = state.pulls.shape[0]
    if t <= n_arms:
        return t - 1
    scale = math.sqrt(0.5 * (1.0 + params.alpha) * math.log(max(1.0, t / n_arms)))
    best, highest = 0, -np.inf
    for arm in range(n_arms):
        upper = state.mean[arm] + scale * state.inverse_root[arm]
        if upper > highest:
            highest = upper
            best = arm
    return best


def engine_line(instance: Any, horizons: Any) -> Any:
    """What some instance of as many Bernoulli arms costs every algorithm (Bubeck and Cesa-Bianchi 2012, Lemma 3.2)."""
    return np.array([minimax_engine_best(instance.n_arms, float(t))[0] for t in horizons])


CLAIM = Claim(
    slug="moss-anytime",
    title="MOSS-anytime",
    paper="Degenne and Perchet 2016, Anytime optimal algorithms in stochastic multi-armed bandits",
    setting="stochastic bandit",
    algorithm=lambda instance, horizon: MOSSAnytime(ALPHA),
    cases=(
        Case("far", lambda: bernoulli(0.9, 0.1), 5_000),
        Case("five arms", lambda: bernoulli(0.8, 0.5, 0.45, 0.4, 0.3), 5_000),
        Case("long", lambda: bernoulli(0.95, 0.05), 50_000, max_runs=50, watched=False),
    ),
    bounds=(Bound(theorem("moss-anytime/minimax")),),
    watch=sys.modules[__name__],
    rate=Rate(
        theorem("moss-anytime/order"), "the theorem's parameters; gap sqrt(K/T) moves with the horizon",
        lambda instance, horizon: MOSSAnytime(), "T", (2**9, 2**10, 2**11, 2**12, 2**13), moving, n_runs=400,
    ),
    sabotages=(
        Sabotage("greedy", "no bonus", ("rule",), lambda p: MOSSAnytime(-1.0)),
        Sabotage("alpha-zero", "alpha = 0", ("rule",), lambda p: MOSSAnytime(0.0)),
        Sabotage(
            "own-count-missing", "log+(t/K) in place of log+(t/(K N))", ("rule", "pulls"),
            overrides={"act": act_without_own_count},
        ),
    ),
    lower_bound=engine_line,
    lower_bound_name="Bubeck and Cesa-Bianchi 2012, Lemma 3.2: the worst instance",
)  # fmt: skip
