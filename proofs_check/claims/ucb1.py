"""UCB1: Theorem 1 of Auer, Cesa-Bianchi and Fischer (2002) and the steps of its proof."""

from __future__ import annotations

import math
import sys
from typing import Any, NamedTuple

from bandits.algorithms.ucb1 import UCB1
from bandits.instances.bernoulli import BernoulliBandit, bernoulli
from bandits.policies import set_statistics
from kernels.jit import hook
from kernels.steps import Step, check
from proofs_check.claim import Bound, Case, Claim, Rate, Sabotage
from proofs_check.tally import DECOMPOSITION as DECOMPOSITION_STEP
from proofs_check.tally import (
    EVENT_PROBABILITY,
    Tally,
    allocate_tally,
    check_decomposition,
    clear,
    count,
    lai_robbins_line,
)
from theory.theorems import theorem

RULE, EVENT, OPTIMISM, PULLS, DECOMPOSITION = range(5)


def first_watched(n_arms: int) -> int:
    """The least n0 with sum_{n >= n0} 2 K n^-3 <= EVENT_PROBABILITY (sum_{n >= m} n^-3 <= 1 / (2 (m - 1/2)^2))."""
    return max(n_arms, math.ceil(0.5 + math.sqrt(n_arms / EVENT_PROBABILITY)))


def event_probability(params: Any, instance: Any, horizon: int) -> float:
    """Union bound 2 K sum_{n >= n0} n^-3: Hoeffding gives n^-4 each side, for every arm and count up to n."""
    return instance.n_arms / (first_watched(instance.n_arms) - 0.5) ** 2


STEPS = (
    Step(
        "rule",
        "mean_i + sqrt(2 log(n) / N_i) <= that of the arm played after n plays (indices from independent counts)",
        "Auer et al. 2002, Figure 1",
    ),
    Step(
        "good-event",
        "|mean_i(N_i) - mu_i| <= sqrt(2 log(n) / N_i) for every arm, after every n >= n0 plays",
        "Auer et al. 2002, eqs. (7)-(8) with the union over counts",
        "event",
        event_probability,
    ),
    Step(
        "optimism",
        "mu* <= the algorithm's own index of a best arm, in every round after n0 plays",
        "Auer et al. 2002, eq. (7)",
        "conditional",
        given=("good-event",),
    ),
    Step(
        "pulls",
        "N_i <= 8 log(n) / gap_i^2 whenever a suboptimal arm i is pulled after n >= n0 plays",
        "Auer et al. 2002, eq. (9)",
        "conditional",
        given=("good-event",),
    ),
    DECOMPOSITION_STEP,
)


class Watch(NamedTuple):
    """Own counts, and the first watched number of plays n0."""

    tally: Tally
    start: int


def allocate(params: UCB1, instance: BernoulliBandit, horizon: int) -> Watch:
    """Arrays of the watch."""
    return Watch(allocate_tally(instance.n_arms), first_watched(instance.n_arms))


@hook
def begin(watch, params, instance):
    """Forget the last run."""
    clear(watch.tally)


@hook
def acted(records, run, watch, params, state, instance, t, arm):
    """Before the reward of round t: the statements after n = t - 1 plays."""
    tally = watch.tally
    n = t - 1
    if n < tally.pulls.shape[0]:
        return
    log_n = math.log(n)
    played = tally.means[arm] + math.sqrt(2.0 * log_n / tally.pulls[arm])
    for i in range(tally.pulls.shape[0]):
        radius = math.sqrt(2.0 * log_n / tally.pulls[i])
        if i != arm:
            check(records, run, RULE, tally.means[i] + radius, played, 1e-9, t, i, -1, -1)
        if n >= watch.start:
            deviation = abs(tally.means[i] - instance.means[i])
            check(records, run, EVENT, deviation, radius, 1e-12, t, i, -1, -1)
            if instance.gaps[i] == 0.0:
                index = state.mean[i] + math.sqrt(params.width * log_n) * state.inverse_root[i]
                check(records, run, OPTIMISM, instance.means[i], index, 1e-12, t, i, -1, -1)
    gap = instance.gaps[arm]
    if n >= watch.start and gap > 0.0:
        check(records, run, PULLS, float(tally.pulls[arm]), 8.0 * log_n / gap**2, 1e-12, t, arm, -1, -1)


@hook
def observed(records, run, watch, params, state, instance, t, arm, reward):
    """Count independently of the algorithm."""
    count(watch.tally, arm, reward, instance.gaps[arm])


@hook
def ended(records, run, watch, params, state, instance, t):
    """The regret decomposition."""
    check_decomposition(records, run, DECOMPOSITION, watch.tally, instance.gaps, t)


@hook
def observe_for_the_neighbour(params, state, t, arm, reward):
    """Planted fault: the pull is counted for the arm, its reward is credited to the next one."""
    other = (arm + 1) % state.pulls.shape[0]
    set_statistics(state, arm, state.pulls[arm] + 1, state.total[arm])
    set_statistics(state, other, state.pulls[other], state.total[other] + reward)


CLAIM = Claim(
    slug="ucb1",
    title="UCB1",
    paper="Auer, Cesa-Bianchi and Fischer 2002, Finite-time analysis of the multiarmed bandit problem",
    setting="stochastic bandit",
    algorithm=lambda instance, horizon: UCB1(),
    cases=(
        Case("easy", lambda: bernoulli(0.9, 0.5), 5_000),
        Case("five arms", lambda: bernoulli(0.8, 0.5, 0.45, 0.4, 0.3), 5_000),
        Case("close", lambda: bernoulli(0.5, 0.6), 20_000, full_only=True),
        Case("ten arms", lambda: bernoulli(0.1, *[0.05] * 3, *[0.02] * 3, *[0.01] * 3), 20_000, full_only=True),
    ),
    bounds=(Bound(theorem("ucb1/regret")),),
    watch=sys.modules[__name__],
    rate=Rate(
        theorem("ucb1/regret"), "the theorem's parameters", lambda instance, horizon: UCB1(), "T",
        (2**11, 2**12, 2**13, 2**14, 2**15), lambda horizon: (bernoulli(0.9, 0.1), horizon), n_runs=200, prefix=True,
    ),
    sabotages=(
        Sabotage(
            "half-width", "width sqrt(log / (2 N)) instead of sqrt(2 log / N)", ("rule",), lambda p: UCB1(0.5)
        ),
        Sabotage("log10", "decimal logarithm in the width", ("rule",), lambda p: UCB1(2.0 / math.log(10.0))),
        Sabotage(
            "no-bonus", "greedy: the bonus is dropped", ("optimism",), lambda p: UCB1(0.0),
            build=lambda: bernoulli(0.6, 0.5), horizon=1000,
        ),
        Sabotage(
            "wrong-arm", "each reward is credited to the next arm", ("pulls", "ucb1/regret"),
            overrides={"observe": observe_for_the_neighbour},
        ),
    ),
    lower_bound=lai_robbins_line,
    lower_bound_name="Lai and Robbins 1985, asymptotic slope",
)  # fmt: skip
