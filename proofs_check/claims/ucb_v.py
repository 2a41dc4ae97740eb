"""UCB-V: the regret bound of Audibert, Munos and Szepesvari (2009) and the inequality behind it."""

from __future__ import annotations

import math
import sys
from typing import Any, NamedTuple

import numpy as np

from bandits.algorithms.ucb_v import UCBV
from bandits.instances.bernoulli import bernoulli
from kernels.jit import hook
from kernels.steps import Step, check
from proofs_check.claim import Bound, Case, Claim, Rate, Sabotage
from proofs_check.index_steps import (
    ROUNDING,
    Float,
    IndexWatch,
    allocate_index_watch,
    biased_variance,
    check_highest,
)
from proofs_check.tally import DECOMPOSITION as DECOMPOSITION_STEP
from proofs_check.tally import EVENT_PROBABILITY, check_decomposition, clear, count, event_probability, lai_robbins_line
from theory.theorems import theorem
from theory.theorems.ucb_v import variances

#: The theorem's zeta and c, whatever a fault gives the algorithm.
ZETA, C = 1.2, 1.0

RULE, BERNSTEIN, PULLS, DECOMPOSITION = range(4)


STEPS = (
    Step(
        "rule",
        "index_i(t) <= index of the arm played, every arm i (means and variances from independent sums)",
        "Audibert, Munos and Szepesvari 2009, eq. (3)",
    ),
    Step(
        "bernstein",
        "|mean_i(s) - mu_i| <= sqrt(2 V_i(s) x / s) + 3 x / s, x = log(3KT/0.05), every arm i and count s",
        "Audibert, Munos and Szepesvari 2009, Theorem 1 (probability 3 exp(-x) each), union over arms and counts",
        "event",
        event_probability,
    ),
    Step(
        "pulls",
        "N_i <= 8 (s_i^2/D_i^2 + 2/D_i) zeta log t when a suboptimal arm i is played although mu* <= index of a best "
        "arm, mean_i <= mu_i + D_i/2 and V_i <= s_i^2 + D_i/2",
        "Audibert, Munos and Szepesvari 2009, proof of Theorem 3",
    ),
    DECOMPOSITION_STEP,
)


class Watch(NamedTuple):
    """The shared watch, sums of squared rewards and variances of the laws, shape (K,), and the level of the event."""

    own: IndexWatch
    squares: Float
    variances: Float
    level: float


def allocate(params: UCBV, instance: Any, horizon: int) -> Watch:
    """Arrays of the watch."""
    k = instance.n_arms
    level = math.log(3.0 * k * horizon / EVENT_PROBABILITY)
    return Watch(allocate_index_watch(instance, 1), np.zeros(k), variances(instance), level)


@hook
def begin(watch, params, instance):
    """Forget the last run."""
    clear(watch.own.tally)
    for i in range(watch.squares.shape[0]):
        watch.squares[i] = 0.0


@hook
def width(watch, arm, x):
    """sqrt(2 V x / N) + 3 x / N."""
    n = float(watch.own.tally.pulls[arm])
    return math.sqrt(2.0 * biased_variance(watch.own.tally, watch.squares, arm) * x / n) + 3.0 * x / n


@hook
def acted(records, run, watch, params, state, instance, t, arm):
    """Before the reward of round t."""
    tally, upper, best = watch.own.tally, watch.own.upper, watch.own.best
    if t <= upper.shape[0]:
        return
    x = ZETA * math.log(float(t))
    for i in range(upper.shape[0]):
        upper[i] = tally.means[i] + width(watch, i, x)
    check_highest(records, run, RULE, upper, arm, t)
    gap = instance.gaps[arm]
    if gap > 0.0 and upper[best] >= instance.means[best] and tally.means[arm] <= instance.means[arm] + 0.5 * gap:
        if biased_variance(tally, watch.squares, arm) <= watch.variances[arm] + 0.5 * gap:
            limit = 8.0 * (watch.variances[arm] / gap**2 + 2.0 / gap) * x
            check(records, run, PULLS, float(tally.pulls[arm]), limit, ROUNDING, t, arm, -1, -1)


@hook
def observed(records, run, watch, params, state, instance, t, arm, reward):
    """Count independently of the algorithm."""
    tally = watch.own.tally
    count(tally, arm, reward, instance.gaps[arm])
    watch.squares[arm] += reward * reward
    deviation = abs(tally.means[arm] - instance.means[arm])
    check(records, run, BERNSTEIN, deviation, width(watch, arm, watch.level), ROUNDING, t, arm, -1, -1)


@hook
def ended(records, run, watch, params, state, instance, t):
    """The regret decomposition."""
    check_decomposition(records, run, DECOMPOSITION, watch.own.tally, instance.gaps, t)


@hook
def observe_without_variance(params, state, t, arm, reward):
    """Planted fault: the variance is never learnt, so that only the term 3 c x / N is left of the width."""
    state.pulls[arm] += 1
    state.total[arm] += reward
    state.mean[arm] = state.total[arm] / state.pulls[arm]


CLAIM = Claim(
    slug="ucb-v",
    title="UCB-V",
    paper="Audibert, Munos and Szepesvari 2009, Exploration-exploitation tradeoff using variance estimates in "
    "multi-armed bandits",
    setting="stochastic bandit",
    algorithm=lambda instance, horizon: UCBV(ZETA, C),
    cases=(
        Case("easy", lambda: bernoulli(0.9, 0.5), 5_000),
        Case("small variance", lambda: bernoulli(0.5, 0.02, 0.01), 5_000),
        Case("ten arms", lambda: bernoulli(0.1, *[0.05] * 3, *[0.02] * 3, *[0.01] * 3), 50_000, full_only=True),
    ),
    bounds=(Bound(theorem("ucb-v/regret")),),
    watch=sys.modules[__name__],
    rate=Rate(
        theorem("ucb-v/regret"), "the theorem's parameters", lambda instance, horizon: UCBV(), "T",
        (2**11, 2**12, 2**13, 2**14, 2**15), lambda horizon: (bernoulli(0.9, 0.1), horizon), n_runs=200, prefix=True,
    ),
    sabotages=(
        Sabotage("zeta-one", "zeta = c = 1, as in much code", ("rule",), lambda p: UCBV(1.0, 1.0)),
        Sabotage("no-linear-term", "without 3 c x / N", ("rule",), lambda p: UCBV(ZETA, 0.0)),
        Sabotage("log10", "decimal logarithm", ("rule",), lambda p: UCBV(ZETA / math.log(10.0), C)),
        Sabotage("no-variance", "the variance stays zero", ("rule",), overrides={"observe": observe_without_variance}),
    ),
    lower_bound=lai_robbins_line,
    lower_bound_name="Lai and Robbins 1985, asymptotic slope",
)  # fmt: skip
