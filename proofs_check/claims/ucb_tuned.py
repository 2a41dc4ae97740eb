"""UCB1-Tuned: a baseline without a theorem. Only its rule is checked."""

from __future__ import annotations

import math
import sys
from typing import Any, NamedTuple

import numpy as np

from bandits.algorithms.ucb_tuned import UCBTuned
from bandits.instances.bernoulli import bernoulli
from bandits.moments import record_moments
from kernels.jit import hook
from kernels.steps import Step, check
from proofs_check.claim import Case, Claim, Sabotage
from proofs_check.index_steps import (
    ROUNDING,
    Float,
    IndexWatch,
    allocate_index_watch,
    biased_variance,
    check_highest,
)
from proofs_check.tally import DECOMPOSITION as DECOMPOSITION_STEP
from proofs_check.tally import check_decomposition, clear, count, lai_robbins_line

RULE, VARIANCE, DECOMPOSITION = range(3)

STEPS = (
    Step(
        "rule",
        "index_i(t) <= index of the arm played, every arm i (means and variances from independent sums)",
        "Auer, Cesa-Bianchi and Fischer 2002, Section 4",
    ),
    Step(
        "variance",
        "V_i <= 1/4 for every arm: the rewards lie in [0, 1], so that the cap of the index is justified",
        "Popoviciu's inequality",
    ),
    DECOMPOSITION_STEP,
)


class Watch(NamedTuple):
    """The shared watch, and the sums of squared rewards, shape (K,)."""

    own: IndexWatch
    squares: Float


def allocate(params: UCBTuned, instance: Any, horizon: int) -> Watch:
    """Arrays of the watch."""
    return Watch(allocate_index_watch(instance, 1), np.zeros(instance.n_arms))


@hook
def begin(watch, params, instance):
    """Forget the last run."""
    clear(watch.own.tally)
    for i in range(watch.squares.shape[0]):
        watch.squares[i] = 0.0


@hook
def acted(records, run, watch, params, state, instance, t, arm):
    """Before the reward of round t."""
    tally, upper = watch.own.tally, watch.own.upper
    if t <= upper.shape[0]:
        return
    log_n = math.log(t - 1.0)
    for i in range(upper.shape[0]):
        share = log_n / tally.pulls[i]
        variance = biased_variance(tally, watch.squares, i)
        upper[i] = tally.means[i] + math.sqrt(share * min(0.25, variance + math.sqrt(2.0 * share)))
        check(records, run, VARIANCE, variance, 0.25, ROUNDING, t, i, -1, -1)
    check_highest(records, run, RULE, upper, arm, t)


@hook
def observed(records, run, watch, params, state, instance, t, arm, reward):
    """Count independently of the algorithm."""
    count(watch.own.tally, arm, reward, instance.gaps[arm])
    watch.squares[arm] += reward * reward


@hook
def ended(records, run, watch, params, state, instance, t):
    """The regret decomposition."""
    check_decomposition(records, run, DECOMPOSITION, watch.own.tally, instance.gaps, t)


@hook
def observe_unbiased(params, state, t, arm, reward):
    """Planted fault: the variance with N - 1 in the denominator (0 at one pull)."""
    record_moments(state, arm, reward)
    if state.pulls[arm] > 1:
        state.variance[arm] *= state.pulls[arm] / (state.pulls[arm] - 1.0)


CLAIM = Claim(
    slug="ucb-tuned",
    title="UCB1-Tuned (no theorem)",
    paper="Auer, Cesa-Bianchi and Fischer 2002, Finite-time analysis of the multiarmed bandit problem",
    setting="stochastic bandit",
    algorithm=lambda instance, horizon: UCBTuned(),
    cases=(
        Case("easy", lambda: bernoulli(0.9, 0.5), 5_000, max_runs=50),
        Case("ten arms", lambda: bernoulli(0.1, *[0.05] * 3, *[0.02] * 3, *[0.01] * 3), 5_000, max_runs=50),
    ),
    bounds=(),
    watch=sys.modules[__name__],
    sabotages=(
        Sabotage("no-cap", "the variance is not capped at 1/4", ("rule",), lambda p: UCBTuned(1e9)),
        Sabotage("unbiased", "N - 1 in the variance's denominator", ("rule",), overrides={"observe": observe_unbiased},
                 case="ten arms"),
        Sabotage("greedy", "no bonus", ("rule",), lambda p: UCBTuned(0.0)),
    ),
    lower_bound=lai_robbins_line,
    lower_bound_name="Lai and Robbins 1985, asymptotic slope",
    notes="NO regret bound is proved for this rule. It is hosted as a baseline: what is checked is that the algorithm "
    "is the paper's and that its regret is accounted for. Nothing is claimed of its size.",
)  # fmt: skip
