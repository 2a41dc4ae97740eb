"""UCB1: Theorem 1 of Auer, Cesa-Bianchi and Fischer (2002) and the steps of its proof."""

from __future__ import annotations

import math
import sys
from typing import Any, NamedTuple

import numpy as np

from bandits.algorithms.ucb1 import UCB1
from bandits.instances.bernoulli import BernoulliBandit
from kernels.jit import compiled
from kernels.steps import Step, check
from proofs_check.claim import Bound, Case, Claim, Sabotage
from theory.divergences import bernoulli_kl
from theory.lower_bounds import lai_robbins
from theory.theorems import theorem

#: Failure probability of the watched good event: the union bound starts at the first round where it is below this.
EVENT_PROBABILITY = 0.05

EVENT, OPTIMISM, PULLS, DECOMPOSITION = range(4)


def first_watched(n_arms: int) -> int:
    """The least n0 with sum_{n >= n0} 2 K n^-3 <= EVENT_PROBABILITY (sum_{n >= m} n^-3 <= 1 / (2 (m - 1/2)^2))."""
    return max(n_arms, math.ceil(0.5 + math.sqrt(n_arms / EVENT_PROBABILITY)))


def event_probability(params: Any, instance: Any, horizon: int) -> float:
    """Union bound 2 K sum_{n >= n0} n^-3: Hoeffding gives n^-4 each side, for every arm and count up to n."""
    return instance.n_arms / (first_watched(instance.n_arms) - 0.5) ** 2


STEPS = (
    Step(
        "good-event",
        "|mean_i(N_i) - mu_i| <= sqrt(2 log(n) / N_i) for every arm, after every n >= n0 plays",
        "Auer et al. 2002, eqs. (7)-(8) with the union over counts",
        "event",
        event_probability,
    ),
    Step(
        "optimism",
        "mu* <= index of the best arm, in every round after n0 plays",
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
    Step("decomposition", "regret = sum_i gap_i N_i(T)", "Auer et al. 2002, section 1; both sides up to rounding"),
)


class Watch(NamedTuple):
    """First watched number of plays, and pulls counted independently of the algorithm."""

    start: int
    pulls: Any
    means: Any
    total: Any  # accumulated regret, one entry


def allocate(params: UCB1, instance: BernoulliBandit, horizon: int) -> Watch:
    """Arrays of the watch."""
    k = instance.n_arms
    return Watch(first_watched(k), np.zeros(k, np.int64), np.zeros(k), np.zeros(1))


@compiled
def begin(watch, params, instance):
    """Forget the last run."""
    for arm in range(watch.pulls.shape[0]):
        watch.pulls[arm] = 0
        watch.means[arm] = 0.0
    watch.total[0] = 0.0


@compiled
def acted(records, run, watch, params, state, instance, t, arm):
    """Before the reward of round t: the confidence statements after n = t - 1 plays."""
    n = t - 1
    watch.total[0] += instance.gaps[arm]
    if n >= watch.start:
        log_n = math.log(n)
        # The index that the algorithm used for the best arm, from the algorithm's own statistics.
        for i in range(watch.pulls.shape[0]):
            deviation = abs(watch.means[i] - instance.means[i])
            radius = math.sqrt(2.0 * log_n / watch.pulls[i])
            check(records, run, EVENT, deviation, radius, 1e-12, t, i, -1, -1)
            if instance.gaps[i] == 0.0:
                index = state.mean[i] + math.sqrt(params.width * log_n) * state.inverse_root[i]
                check(records, run, OPTIMISM, instance.means[i], index, 1e-12, t, i, -1, -1)
        gap = instance.gaps[arm]
        if gap > 0.0:
            check(records, run, PULLS, float(watch.pulls[arm]), 8.0 * log_n / gap**2, 1e-12, t, arm, -1, -1)


@compiled
def observed(records, run, watch, params, state, instance, t, arm, reward):
    """Count independently of the algorithm."""
    watch.pulls[arm] += 1
    watch.means[arm] += (reward - watch.means[arm]) / watch.pulls[arm]


@compiled
def ended(records, run, watch, params, state, instance, t):
    """The regret decomposition, both directions of the equality in one absolute difference."""
    total = 0.0
    for i in range(watch.pulls.shape[0]):
        total += instance.gaps[i] * watch.pulls[i]
    check(records, run, DECOMPOSITION, abs(total - watch.total[0]), 1e-9 * (1.0 + total), 0.0, t, -1, -1, -1)


@compiled
def observe_with_one_more(params, state, t, arm, reward):
    """Planted fault: the reward is credited to the arm's neighbour."""
    other = (arm + 1) % state.pulls.shape[0]
    state.pulls[arm] += 1
    state.total[other] += reward
    state.mean[other] = state.total[other] / max(state.pulls[other], 1)
    state.inverse_root[arm] = 1.0 / math.sqrt(np.float64(state.pulls[arm]))


def _ten_arms() -> BernoulliBandit:
    return BernoulliBandit([0.1] + [0.05] * 3 + [0.02] * 3 + [0.01] * 3)


CLAIM = Claim(
    slug="ucb1",
    title="UCB1",
    paper="Auer, Cesa-Bianchi and Fischer 2002, Finite-time analysis of the multiarmed bandit problem",
    setting="stochastic bandit",
    algorithm=lambda instance, horizon: UCB1(),
    cases=(
        Case("easy", lambda: BernoulliBandit([0.9, 0.5]), 5_000),
        Case("five arms", lambda: BernoulliBandit([0.8, 0.5, 0.45, 0.4, 0.3]), 5_000),
        Case("close", lambda: BernoulliBandit([0.5, 0.6]), 20_000, full_only=True),
        Case("ten arms", _ten_arms, 20_000, full_only=True),
    ),
    bounds=(Bound(theorem("ucb1/regret")),),
    watch=sys.modules[__name__],
    sabotages=(
        Sabotage("half-width", "width sqrt(log / (2 N)) instead of sqrt(2 log / N)", ("optimism",), lambda p: UCB1(0.5)),
        Sabotage(
            "no-bonus", "greedy: the bonus is dropped", ("optimism",), lambda p: UCB1(0.0),
            build=lambda: BernoulliBandit([0.6, 0.5]), horizon=1000,
        ),
        Sabotage(
            "wrong-arm", "each reward is credited to the next arm", ("optimism", "pulls", "ucb1/regret"),
            overrides={"observe": observe_with_one_more},
        ),
    ),
    lower_bound=lambda instance, horizons: lai_robbins(instance.means, bernoulli_kl) * np.log(horizons),
    lower_bound_name="Lai and Robbins 1985, asymptotic slope",
)  # fmt: skip
