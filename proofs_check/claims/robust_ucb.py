"""Robust UCB with the median of means: regret under heavy tails and the steps of the proof."""

from __future__ import annotations

import math
import sys
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from bandits.algorithms.robust_ucb import RobustUCB
from bandits.instances.heavy import HeavyBandit, heavy
from kernels.jit import hook
from kernels.steps import Step, check
from proofs_check.claim import Bound, Case, Claim, Sabotage
from proofs_check.tally import DECOMPOSITION as DECOMPOSITION_STEP
from proofs_check.tally import EVENT_PROBABILITY, Tally, allocate_tally, check_decomposition, clear, count
from theory.theorems import theorem

RULE, EVENT, OPTIMISM, PULLS, DECOMPOSITION = range(5)


def first_watched(n_arms: int) -> int:
    """The least t0 with sum_{t >= t0} 2 K t^-2 <= EVENT_PROBABILITY (the sum is at most 2 K/(t0 - 1))."""
    return max(n_arms + 1, 1 + math.ceil(2.0 * n_arms / EVENT_PROBABILITY))


def event_probability(params: Any, instance: Any, horizon: int) -> float:
    """Union bound 2 K/(t0 - 1): p = t^-3 for each side, arm and count up to t."""
    return 2.0 * instance.n_arms / (first_watched(instance.n_arms) - 1.0)


STEPS = (
    Step(
        "rule",
        "median of means_i + width_i <= that of the arm played (blocks formed anew from own samples)",
        "Bubeck et al. 2013, Figure 1 and Lemma 2, p = t^-3",
    ),
    Step(
        "good-event",
        "|median of means_i - mu_i| <= (12 v)^(1/(1+e)) (16 log(e^(1/8)/p) / N_i)^(e/(1+e)), all arms, rounds from t0",
        "Bubeck et al. 2013, Lemma 2 with the union over rounds and counts",
        "event",
        event_probability,
    ),
    Step(
        "optimism",
        "mu* <= the algorithm's own index of a best arm, in every round from t0",
        "Bubeck et al. 2013, proof of Proposition 1",
        "conditional",
        given=("good-event",),
    ),
    Step(
        "pulls",
        "D_i <= 2 width(N_i, t) whenever a suboptimal arm is played from round t0 on",
        "Bubeck et al. 2013, proof of Proposition 1",
        "conditional",
        given=("good-event",),
    ),
    DECOMPOSITION_STEP,
)


class Watch(NamedTuple):
    """Own counts; own samples, (K, T); block means, (B,); own estimates, (K,); first watched round; v and e."""

    tally: Tally
    samples: npt.NDArray[np.float64]
    block: npt.NDArray[np.float64]
    estimate: npt.NDArray[np.float64]
    start: int
    moment: float
    order: float


def allocate(params: RobustUCB, instance: HeavyBandit, horizon: int) -> Watch:
    """Arrays of the watch; v is the instance's own moment, so that a wrong one is seen."""
    return Watch(
        allocate_tally(instance.n_arms), np.zeros((instance.n_arms, horizon)),
        np.zeros(int(8.0 * (0.125 + 3.0 * math.log(horizon + 1.0))) + 2), np.zeros(instance.n_arms),
        first_watched(instance.n_arms), instance.central_moment(1.0 + params.order), params.order,
    )  # fmt: skip


@hook
def begin(watch, params, instance):
    """Forget the last run."""
    clear(watch.tally)


@hook
def middle(samples, n, k, block):
    """Median of k block means, by selecting the two middle ones (no running sums, no insertion)."""
    size = n // k
    for b in range(k):
        total = 0.0
        for s in range(b * size, (b + 1) * size):
            total += samples[s]
        block[b] = total / size
    low = 0.0
    high = 0.0
    for b in range(k):
        below = 0
        equal = 0
        for c in range(k):
            below += block[c] < block[b]
            equal += block[c] == block[b]
        if below <= (k - 1) // 2 < below + equal:
            low = block[b]
        if below <= k // 2 < below + equal:
            high = block[b]
    return 0.5 * (low + high)


@hook
def acted(records, run, watch, params, state, instance, t, arm):
    """Before the reward of round t; rounds whose number is a multiple of 16 are looked at."""
    tally = watch.tally
    n_arms = tally.pulls.shape[0]
    if t <= n_arms or t % 16 != 0:
        return
    level = 0.125 + 3.0 * math.log(1.0 * t)
    e = watch.order
    for i in range(n_arms):
        n = tally.pulls[i]
        watch.estimate[i] = middle(watch.samples[i], n, max(1, int(min(8.0 * level, 0.5 * n))), watch.block)
    n = tally.pulls[arm]
    width = (12.0 * watch.moment) ** (1.0 / (1.0 + e)) * (16.0 * level / n) ** (e / (1.0 + e))
    played = watch.estimate[arm] + width
    if t >= watch.start and instance.gaps[arm] > 0.0:
        check(records, run, PULLS, instance.gaps[arm], 2.0 * width, 1e-12, t, arm, -1, -1)
    for i in range(n_arms):
        n = tally.pulls[i]
        width = (12.0 * watch.moment) ** (1.0 / (1.0 + e)) * (16.0 * level / n) ** (e / (1.0 + e))
        check(records, run, RULE, watch.estimate[i] + width, played, 1e-9, t, i, -1, -1)
        if t >= watch.start:
            deviation = abs(watch.estimate[i] - instance.means[i])
            check(records, run, EVENT, deviation, width, 1e-12, t, i, -1, -1)
            if instance.gaps[i] == 0.0:
                check(records, run, OPTIMISM, instance.means[i], state.indices[i], 1e-12, t, i, -1, -1)


@hook
def observed(records, run, watch, params, state, instance, t, arm, reward):
    """Keep the sample."""
    watch.samples[arm, watch.tally.pulls[arm]] = reward
    count(watch.tally, arm, reward, instance.gaps[arm])


@hook
def ended(records, run, watch, params, state, instance, t):
    """The regret decomposition."""
    check_decomposition(records, run, DECOMPOSITION, watch.tally, instance.gaps, t)


CLAIM = Claim(
    slug="robust-ucb",
    title="Robust UCB (median of means)",
    paper="Bubeck, Cesa-Bianchi and Lugosi 2013, Bandits with heavy tail",
    setting="stochastic bandit",
    algorithm=lambda instance, horizon: RobustUCB(instance.central_moment(2.0)),
    cases=(
        Case("finite variance", lambda: heavy(1.0, 0.0, tail=2.5, scale=0.1), 3_000),
        Case("three arms", lambda: heavy(1.0, 0.5, 0.0, tail=2.2, scale=0.05), 20_000, max_runs=100, full_only=True),
    ),
    bounds=(Bound(theorem("robust-ucb/regret")),),
    watch=sys.modules[__name__],
    sabotages=(
        Sabotage("small-moment", "a hundredth of the moment", ("rule",), lambda p: p._replace(moment=p.moment / 100.0),
                 n_runs=10),
        Sabotage(
            "no-bonus", "no width: a first bad sample is never forgotten", ("optimism",),
            lambda p: p._replace(scale=1e-9), n_runs=40,
        ),
    ),
    notes="The steps look at every sixteenth round. The printed rule has p = t^-2, for which the union over counts "
    "diverges; the theorem is attached to p = t^-3.",
)  # fmt: skip
