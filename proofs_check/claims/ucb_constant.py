"""UCB of constant regret: Theorem 7 of Abbasi-Yadkori, Pal and Szepesvari (2011), over all rounds at once."""

from __future__ import annotations

import math
import sys
from typing import Any

from bandits.algorithms.ucb_constant import UCBConstant
from bandits.instances.gaussian import gaussian
from kernels.jit import hook
from kernels.steps import Step, check
from proofs_check.claim import Bound, Case, Claim, Sabotage
from proofs_check.index_steps import ROUNDING, IndexWatch, allocate_index_watch, check_highest
from proofs_check.index_steps import begin as begin
from proofs_check.tally import DECOMPOSITION as DECOMPOSITION_STEP
from proofs_check.tally import check_decomposition, count, lai_robbins_line
from theory.theorems import theorem

#: The delta that the claim runs, whatever a fault gives the algorithm.
DELTA = 0.1

RULE, EVENT, PULLS, TOTAL, DECOMPOSITION = range(5)


def event_probability(params: Any, instance: Any, horizon: int) -> float:
    """delta, for all arms and counts at once."""
    return DELTA


STEPS = (
    Step(
        "rule",
        "index_i(t) <= index of the arm played, every arm i (indices from independent counts)",
        "Abbasi-Yadkori, Pal and Szepesvari 2011, Section 5",
    ),
    Step(
        "good-event",
        "|mean_i - mu_i| <= c_i for every arm in every round",
        "Abbasi-Yadkori, Pal and Szepesvari 2011, Lemma 6 (self-normalised bound, union over arms)",
        "event",
        event_probability,
    ),
    Step(
        "pulls",
        "D_i <= 2 c_i when a suboptimal arm i is played",
        "Abbasi-Yadkori, Pal and Szepesvari 2011, proof of Theorem 7",
        "conditional",
        given=("good-event",),
    ),
    Step(
        "total-pulls",
        "N_i(T) <= 3 + (16/D_i^2) log(2K/(D_i delta)) for every suboptimal arm i",
        "Abbasi-Yadkori, Pal and Szepesvari 2011, Theorem 7",
        "conditional",
        given=("good-event",),
    ),
    DECOMPOSITION_STEP,
)


def allocate(params: UCBConstant, instance: Any, horizon: int) -> IndexWatch:
    """Arrays of the watch."""
    return allocate_index_watch(instance, 1)


@hook
def width(tally, arm):
    """c of the theorem."""
    n = float(tally.pulls[arm])
    log_term = math.log(tally.pulls.shape[0] * math.sqrt(1.0 + n) / DELTA)
    return math.sqrt((1.0 + n) * (1.0 + 2.0 * log_term)) / n


@hook
def acted(records, run, watch, params, state, instance, t, arm):
    """Before the reward of round t."""
    tally, upper = watch.tally, watch.upper
    if t <= upper.shape[0]:
        return
    for i in range(upper.shape[0]):
        upper[i] = tally.means[i] + width(tally, i)
    check_highest(records, run, RULE, upper, arm, t)
    gap = instance.gaps[arm]
    if gap > 0.0:
        check(records, run, PULLS, gap, 2.0 * width(tally, arm), ROUNDING, t, arm, -1, -1)


@hook
def observed(records, run, watch, params, state, instance, t, arm, reward):
    """Count independently of the algorithm."""
    count(watch.tally, arm, reward, instance.gaps[arm])
    deviation = abs(watch.tally.means[arm] - instance.means[arm])
    check(records, run, EVENT, deviation, width(watch.tally, arm), ROUNDING, t, arm, -1, -1)


@hook
def ended(records, run, watch, params, state, instance, t):
    """The pull counts at the horizon."""
    n_arms = instance.gaps.shape[0]
    for i in range(n_arms):
        gap = instance.gaps[i]
        if gap > 0.0:
            limit = 3.0 + 16.0 / gap**2 * math.log(2.0 * n_arms / (gap * DELTA))
            check(records, run, TOTAL, float(watch.tally.pulls[i]), limit, ROUNDING, t, i, -1, -1)
    check_decomposition(records, run, DECOMPOSITION, watch.tally, instance.gaps, t)


CLAIM = Claim(
    slug="ucb-constant",
    title="UCB of constant regret",
    paper="Abbasi-Yadkori, Pal and Szepesvari 2011, Improved algorithms for linear stochastic bandits",
    setting="stochastic bandit",
    algorithm=lambda instance, horizon: UCBConstant(DELTA),
    cases=(
        Case("gap 1", lambda: gaussian(1.0, 0.0), 2_000),
        Case("three arms", lambda: gaussian(1.5, 0.0, 0.5), 2_000),
        Case("long", lambda: gaussian(1.0, 0.0, 0.2, 0.3, 0.5), 100_000, full_only=True),
    ),
    bounds=(Bound(theorem("ucb-constant/regret"), anytime=True),),
    watch=sys.modules[__name__],
    sabotages=(
        Sabotage("half-width", "half the width", ("rule",), lambda p: p._replace(scale=0.5)),
        Sabotage("other-delta", "delta ten times too large", ("rule",), lambda p: p._replace(delta=0.99)),
        Sabotage("greedy", "no bonus", ("rule",), lambda p: p._replace(scale=0.0)),
    ),
    lower_bound=lai_robbins_line,
    lower_bound_name="Lai and Robbins 1985, asymptotic slope (of the expectation, for consistent algorithms)",
    notes="Constant with probability 1 - delta and linear otherwise: the expected regret is not logarithmic, so the "
    "Lai-Robbins slope does not apply to the runs that keep the promise.",
)  # fmt: skip
