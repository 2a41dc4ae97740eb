"""alpha-UCB: Theorem 2.1 of Bubeck and Cesa-Bianchi (2012) and the three cases of its proof."""

from __future__ import annotations

import math
import sys
from typing import Any

from bandits.algorithms.alpha_ucb import AlphaUCB
from bandits.instances.bernoulli import bernoulli
from kernels.jit import hook
from kernels.steps import Step, check
from proofs_check.claim import Bound, Case, Claim, Rate, Sabotage
from proofs_check.index_steps import ROUNDING, IndexWatch, allocate_index_watch, check_highest
from proofs_check.index_steps import begin as begin
from proofs_check.tally import DECOMPOSITION as DECOMPOSITION_STEP
from proofs_check.tally import EVENT_PROBABILITY, check_decomposition, count, lai_robbins_line
from theory.theorems import theorem

#: The theorem's alpha that the claim runs, whatever a fault gives the algorithm.
ALPHA = 3.0

RULE, EVENT, PULLS, TOTAL, DECOMPOSITION = range(5)


def union(n_arms: int, t: int) -> float:
    """K sum_{s >= t} s^(1 - alpha) <= K (t - 1/2)^(2 - alpha) / (alpha - 2): one side, every arm and count."""
    return n_arms * (t - 0.5) ** (2.0 - ALPHA) / (ALPHA - 2.0)


def first_watched(n_arms: int) -> int:
    """The least t0 with union <= EVENT_PROBABILITY."""
    return math.ceil(0.5 + (n_arms / ((ALPHA - 2.0) * EVENT_PROBABILITY)) ** (1.0 / (ALPHA - 2.0)))


def event_probability(params: Any, instance: Any, horizon: int) -> float:
    """The union over arms, rounds t >= t0 and counts s <= t of t^-alpha."""
    return union(instance.n_arms, first_watched(instance.n_arms))


STEPS = (
    Step(
        "rule",
        "mean_i + sqrt(alpha log(t) / (2 N_i)) <= that of the arm played (indices from independent counts)",
        "Bubeck and Cesa-Bianchi 2012, eq. (2.2)",
    ),
    Step(
        "good-event",
        "mu* <= index of a best arm (2.5), and mean_i <= mu_i + width for suboptimal arms (2.6), rounds t >= t0",
        "Bubeck and Cesa-Bianchi 2012, proof of Theorem 2.1",
        "event",
        event_probability,
    ),
    Step(
        "pulls",
        "whenever a suboptimal arm i is played, one of these holds: index of a best arm <= mu* (2.5); mean_i > mu_i + "
        "width (2.6); N_i <= 2 alpha log(t) / D_i^2 (2.7)",
        "Bubeck and Cesa-Bianchi 2012, eqs. (2.5)-(2.7)",
    ),
    Step(
        "total-pulls",
        "N_i(T) <= max(t0, 1 + 2 alpha log(T) / D_i^2) for every suboptimal arm i",
        "Bubeck and Cesa-Bianchi 2012, proof of Theorem 2.1",
        "conditional",
        given=("good-event",),
    ),
    DECOMPOSITION_STEP,
)


def allocate(params: AlphaUCB, instance: Any, horizon: int) -> IndexWatch:
    """Arrays of the watch."""
    return allocate_index_watch(instance, first_watched(instance.n_arms))


@hook
def acted(records, run, watch, params, state, instance, t, arm):
    """Before the reward of round t."""
    tally, upper, best = watch.tally, watch.upper, watch.best
    if t <= upper.shape[0]:
        return
    x = 0.5 * ALPHA * math.log(float(t))
    for i in range(upper.shape[0]):
        width = math.sqrt(x / tally.pulls[i])
        upper[i] = tally.means[i] + width
        if t >= watch.start:
            if instance.gaps[i] > 0.0:
                check(records, run, EVENT, tally.means[i], instance.means[i] + width, ROUNDING, t, i, -1, -1)
            else:
                check(records, run, EVENT, instance.means[i], upper[i], ROUNDING, t, i, -1, -1)
    check_highest(records, run, RULE, upper, arm, t)
    gap = instance.gaps[arm]
    if gap > 0.0 and upper[best] > instance.means[best]:
        if tally.means[arm] <= instance.means[arm] + math.sqrt(x / tally.pulls[arm]):
            check(records, run, PULLS, float(tally.pulls[arm]), 4.0 * x / gap**2, ROUNDING, t, arm, -1, -1)


@hook
def observed(records, run, watch, params, state, instance, t, arm, reward):
    """Count independently of the algorithm."""
    count(watch.tally, arm, reward, instance.gaps[arm])


@hook
def ended(records, run, watch, params, state, instance, t):
    """The pull counts at the horizon."""
    for i in range(instance.gaps.shape[0]):
        if instance.gaps[i] > 0.0:
            limit = max(float(watch.start), 1.0 + 2.0 * ALPHA * math.log(float(t)) / instance.gaps[i] ** 2)
            check(records, run, TOTAL, float(watch.tally.pulls[i]), limit, ROUNDING, t, i, -1, -1)
    check_decomposition(records, run, DECOMPOSITION, watch.tally, instance.gaps, t)


CLAIM = Claim(
    slug="alpha-ucb",
    title="alpha-UCB",
    paper="Bubeck and Cesa-Bianchi 2012, Regret analysis of stochastic and nonstochastic multi-armed bandit problems",
    setting="stochastic bandit",
    algorithm=lambda instance, horizon: AlphaUCB(ALPHA),
    cases=(
        Case("easy", lambda: bernoulli(0.9, 0.5), 5_000),
        Case("five arms", lambda: bernoulli(0.8, 0.5, 0.45, 0.4, 0.3), 5_000),
        Case("ten arms", lambda: bernoulli(0.1, *[0.05] * 3, *[0.02] * 3, *[0.01] * 3), 50_000, full_only=True),
    ),
    bounds=(Bound(theorem("alpha-ucb/regret")), Bound(theorem("alpha-ucb/scaled"))),
    watch=sys.modules[__name__],
    rate=Rate(
        theorem("alpha-ucb/regret"), "the theorem's parameters, alpha = 3", lambda instance, horizon: AlphaUCB(ALPHA),
        "T", (2**11, 2**12, 2**13, 2**14, 2**15), lambda horizon: (bernoulli(0.9, 0.1), horizon),
        n_runs=200, prefix=True,
    ),
    sabotages=(
        Sabotage("half-width", "half the width", ("rule",), lambda p: AlphaUCB(0.25 * ALPHA)),
        Sabotage("log10", "decimal logarithm", ("rule",), lambda p: AlphaUCB(ALPHA / math.log(10.0))),
        Sabotage("ucb1", "the width of UCB1, alpha = 4", ("rule",), lambda p: AlphaUCB(4.0)),
        Sabotage(
            "greedy", "no bonus", ("good-event", "rule"), lambda p: AlphaUCB(0.0),
            build=lambda: bernoulli(0.6, 0.5), horizon=1_000,
        ),
    ),
    lower_bound=lai_robbins_line,
    lower_bound_name="Lai and Robbins 1985, asymptotic slope",
    notes="The printed theorem drops the factor D_i on the constant term; both forms are checked.",
)  # fmt: skip
