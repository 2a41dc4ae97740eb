"""IMED: the asymptotic statement of Honda and Takemura (2015) and the pull counts behind it."""

from __future__ import annotations

import math
import sys
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from bandits.algorithms.imed import IMED
from bandits.instances.bernoulli import bernoulli
from kernels.jit import hook
from kernels.kl import bernoulli_kl as compiled_kl
from kernels.steps import Step, check
from proofs_check.claim import Case, Claim, Rate, Sabotage
from proofs_check.index_steps import ROUNDING, Float, IndexWatch, allocate_index_watch
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
from theory.divergences import bernoulli_kl
from theory.theorems import theorem

#: Slack of the means, as a fraction of the gap.
FRACTION = 1.0 / 3.0

RULE, EVIDENCE, CONCENTRATION, PULLS, DECOMPOSITION = range(5)


STEPS = (
    Step(
        "rule",
        "I of the arm played <= I_i = N_i d(mean_i, max mean) + log N_i, every arm i (from independent counts)",
        "Honda and Takemura 2015, Algorithm 1",
    ),
    Step(
        "evidence",
        "I of the arm played <= log t (an empirically best arm has I = log N <= log t)",
        "Honda and Takemura 2015, proof of the regret bound",
    ),
    Step(
        "concentration",
        "mean_i(s) <= mu_i + D_i/3 for every suboptimal arm i after every s >= s0_i of its pulls",
        "Chernoff's bound exp(-s d(mu_i + D_i/3, mu_i)), union over s",
        "event",
        event_probability,
    ),
    Step(
        "pulls",
        "N_i d(mu_i + D_i/3, mu* - D_i/3) + log N_i <= log t when a suboptimal arm i is played although mean_i <= mu_i "
        "+ D_i/3 and max mean >= mu* - D_i/3",
        "Honda and Takemura 2015, proof of the regret bound",
    ),
    DECOMPOSITION_STEP,
)


class Watch(NamedTuple):
    """The shared watch; mu_i + D_i/3, mu* - D_i/3, their divergence, and s0_i, all (K,)."""

    own: IndexWatch
    raised: Float
    lowered: Float
    divergence: Float
    settled: npt.NDArray[np.int64]


def allocate(params: IMED, instance: Any, horizon: int) -> Watch:
    """Arrays of the watch."""
    gaps, means = instance.gaps, instance.means
    used = gaps > 0.0
    raised, lowered = means + FRACTION * gaps, means.max() - FRACTION * gaps
    share = EVENT_PROBABILITY / max(1, int(used.sum()))
    # A degenerate arm of mean 0 never exceeds it: its divergence is infinite and one pull settles it.
    rates = np.minimum(np.where(used, bernoulli_kl(raised, means), 1.0), 700.0)
    settled = np.array([settled_after(float(rate), share) for rate in rates], np.int64)
    return Watch(allocate_index_watch(instance, 1), raised, lowered, bernoulli_kl(raised, lowered), settled)


@hook
def begin(watch, params, instance):
    """Forget the last run."""
    clear(watch.own.tally)


@hook
def acted(records, run, watch, params, state, instance, t, arm):
    """Before the reward of round t."""
    tally, index = watch.own.tally, watch.own.upper
    n_arms = index.shape[0]
    if t <= n_arms:
        return
    leader = 0.0
    for i in range(n_arms):
        leader = max(leader, min(tally.means[i], 1.0))
    for i in range(n_arms):
        n = float(tally.pulls[i])
        index[i] = n * compiled_kl(min(tally.means[i], 1.0), leader) + math.log(n)
    for i in range(n_arms):
        if i != arm:
            check(records, run, RULE, index[arm], index[i], ROUNDING, t, i, -1, -1)
    log_t = math.log(float(t))
    check(records, run, EVIDENCE, index[arm], log_t, ROUNDING, t, arm, -1, -1)
    if instance.gaps[arm] > 0.0 and tally.means[arm] <= watch.raised[arm] and leader >= watch.lowered[arm]:
        n = float(tally.pulls[arm])
        check(records, run, PULLS, n * watch.divergence[arm] + math.log(n), log_t, ROUNDING, t, arm, -1, -1)


@hook
def observed(records, run, watch, params, state, instance, t, arm, reward):
    """Count independently of the algorithm."""
    tally = watch.own.tally
    count(tally, arm, reward, instance.gaps[arm])
    if instance.gaps[arm] > 0.0 and tally.pulls[arm] >= watch.settled[arm]:
        check(records, run, CONCENTRATION, tally.means[arm], watch.raised[arm], ROUNDING, t, arm, -1, -1)


@hook
def ended(records, run, watch, params, state, instance, t):
    """The regret decomposition."""
    check_decomposition(records, run, DECOMPOSITION, watch.own.tally, instance.gaps, t)


@hook
def act_reversed(params, state, t, rng):
    """Planted fault: d(max mean, mean_i), the arguments of the divergence exchanged."""
    n_arms = state.pulls.shape[0]
    if t <= n_arms:
        return t - 1
    leader = 0.0
    for arm in range(n_arms):
        leader = max(leader, state.mean[arm])
    best, lowest = 0, np.inf
    for arm in range(n_arms):
        n = float(state.pulls[arm])
        index = n * compiled_kl(leader, state.mean[arm]) + math.log(n)
        if index < lowest:
            lowest = index
            best = arm
    return best


CLAIM = Claim(
    slug="imed",
    title="IMED",
    paper="Honda and Takemura 2015, Non-asymptotic analysis of a new bandit algorithm for semi-bounded rewards",
    setting="stochastic bandit",
    algorithm=lambda instance, horizon: IMED(),
    cases=(
        Case("easy", lambda: bernoulli(0.9, 0.5), 5_000),
        Case("five arms", lambda: bernoulli(0.8, 0.5, 0.45, 0.4, 0.3), 5_000),
    ),
    bounds=(),
    watch=sys.modules[__name__],
    rate=Rate(
        theorem("imed/asymptotic"), "the paper's parameters", lambda instance, horizon: IMED(), "T",
        (2**11, 2**12, 2**13, 2**14, 2**15), lambda horizon: (bernoulli(0.7, 0.2), horizon), n_runs=400, prefix=True,
    ),
    sabotages=(
        Sabotage("no-log", "without log N", ("rule", "evidence"), lambda p: IMED(0.0)),
        Sabotage("log10", "decimal logarithm of N", ("rule",), lambda p: IMED(1.0 / math.log(10.0))),
        Sabotage("reversed", "d(max mean, mean_i)", ("rule", "evidence"), overrides={"act": act_reversed}),
    ),
    lower_bound=lai_robbins_line,
    lower_bound_name="Lai and Robbins 1985, asymptotic slope",
    notes="The paper's finite-time bound is not hosted (its constants were not available): the theorem is judged by "
    "its rate, and the proof steps bite at any horizon.",
)  # fmt: skip
