"""MOSS: its minimax bounds and the steps of the proof of Lattimore and Szepesvari (2020), Theorem 9.1."""

from __future__ import annotations

import math
import sys
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from bandits.algorithms.moss import MOSS
from bandits.instances.bernoulli import BernoulliBandit, bernoulli
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
    event_probability,
    lai_robbins_line,
    last_count,
    settled_after,
)
from theory.theorems import theorem

#: What is left of an arm's gap after the optimism gap is split: this share for its mean, the rest for its width.
SHARE = 0.5

RULE, OPTIMISM, CONCENTRATION, PULLS, TOTAL, DECOMPOSITION = range(6)

Float = npt.NDArray[np.float64]


def optimism_gap(sigma: float, n_arms: int, horizon: int) -> float:
    """The x with 15 K sigma^2 / (T x^2) = EVENT_PROBABILITY (Lemma 9.3 for rewards divided by sigma)."""
    return sigma * math.sqrt(15.0 * n_arms / (EVENT_PROBABILITY * horizon))


STEPS = (
    Step(
        "rule",
        "index_i(t) <= index of the arm played, every arm i (indices from independent counts)",
        "Lattimore and Szepesvari 2020, Algorithm 7",
    ),
    Step(
        "optimism",
        "mu* - x <= index of the best arm in every round, x = sigma sqrt(15 K / (0.05 T))",
        "Lattimore and Szepesvari 2020, Lemma 9.3 (peeling)",
        "event",
        event_probability,
    ),
    Step(
        "concentration",
        "mean_i(s) <= mu_i + (gap_i - x)/2 after every s >= s0_i pulls, every arm i with gap_i > x",
        "Lattimore and Szepesvari 2020, Lemma 8.2, by the union of Hoeffding's bound over s",
        "event",
        event_probability,
    ),
    Step(
        "pulls",
        "N_i <= 4 sigma^2 log+(T/(K N_i)) / r^2, r = (gap_i - x)/2 > 0, when arm i is played with mean_i <= mu_i + r",
        "Lattimore and Szepesvari 2020, proof of Theorem 9.1",
        "conditional",
        given=("optimism",),
    ),
    Step(
        "total-pulls",
        "N_i(T) <= 1 + max(s0_i, u_i), u_i the largest count that the step `pulls` allows",
        "Lattimore and Szepesvari 2020, proof of Theorem 9.1",
        "conditional",
        given=("optimism", "concentration"),
    ),
    DECOMPOSITION_STEP,
)


class Watch(NamedTuple):
    """Own counts, and the proof's constants.

    Attributes:
        sigma: of the instance, not of the algorithm. share: T / K. best: the first best arm. lowered: mu* - x.
        raised: mu_i + (gap_i - x)/2; room: (gap_i - x)/2, <= 0 where the step says nothing; settled: s0_i;
        most: u_i, all (K,).
    """

    tally: Tally
    sigma: float
    share: float
    best: int
    lowered: float
    raised: Float
    room: Float
    settled: npt.NDArray[np.int64]
    most: npt.NDArray[np.int64]


def largest_count(sigma: float, share: float, room: float) -> int:
    """The largest n >= 1 with n room^2 <= 4 sigma^2 log+(share / n), or 0: the left side grows, the right falls."""
    return last_count(lambda n: n * room**2 <= 4.0 * sigma**2 * math.log(max(1.0, share / n)), math.ceil(share) + 1)


def allocate(params: MOSS, instance: Any, horizon: int) -> Watch:
    """Arrays of the watch."""
    k, sigma = instance.n_arms, float(instance.subgaussian)
    share = horizon / k
    x = optimism_gap(sigma, k, horizon)
    room = SHARE * (instance.gaps - x)
    used = room > 0.0
    part = EVENT_PROBABILITY / max(1, int(used.sum()))
    settled = np.array([settled_after(r**2 / (2.0 * sigma**2), part) if r > 0.0 else 1 for r in room], np.int64)
    most = np.array([largest_count(sigma, share, r) if r > 0.0 else 0 for r in room], np.int64)
    return Watch(
        allocate_tally(k), sigma, share, int(instance.means.argmax()), float(instance.means.max()) - x,
        instance.means + room, room, settled, most,
    )  # fmt: skip


@hook
def begin(watch, params, instance):
    """Forget the last run."""
    clear(watch.tally)


@hook
def width(watch, arm):
    """sqrt(4 sigma^2 log+(T/(K N)) / N)."""
    n = float(watch.tally.pulls[arm])
    return 2.0 * watch.sigma * math.sqrt(math.log(max(1.0, watch.share / n)) / n)


@hook
def acted(records, run, watch, params, state, instance, t, arm):
    """Before the reward of round t."""
    tally = watch.tally
    if t <= tally.pulls.shape[0]:
        return
    played = tally.means[arm] + width(watch, arm)
    for i in range(tally.pulls.shape[0]):
        if i != arm:
            check(records, run, RULE, tally.means[i] + width(watch, i), played, 1e-9, t, i, -1, -1)
    best = watch.best
    check(records, run, OPTIMISM, watch.lowered, tally.means[best] + width(watch, best), 1e-9, t, best, -1, -1)
    if watch.room[arm] > 0.0 and tally.means[arm] <= watch.raised[arm]:
        limit = (width(watch, arm) / watch.room[arm]) ** 2 * tally.pulls[arm]
        check(records, run, PULLS, float(tally.pulls[arm]), limit, 1e-9, t, arm, -1, -1)


@hook
def observed(records, run, watch, params, state, instance, t, arm, reward):
    """Count independently of the algorithm."""
    count(watch.tally, arm, reward, instance.gaps[arm])
    if watch.room[arm] > 0.0 and watch.tally.pulls[arm] >= watch.settled[arm]:
        check(records, run, CONCENTRATION, watch.tally.means[arm], watch.raised[arm], 1e-9, t, arm, -1, -1)


@hook
def ended(records, run, watch, params, state, instance, t):
    """The pull counts at the horizon."""
    for i in range(instance.gaps.shape[0]):
        if watch.room[i] > 0.0:
            limit = 1.0 + max(watch.settled[i], watch.most[i])
            check(records, run, TOTAL, float(watch.tally.pulls[i]), limit, 1e-9, t, i, -1, -1)
    check_decomposition(records, run, DECOMPOSITION, watch.tally, instance.gaps, t)


@hook
def observe_without_own_count(params, state, t, arm, reward):
    """Planted fault: log+(T/K) without the arm's own count, so that explored arms keep a wide bound."""
    state.pulls[arm] += 1
    state.total[arm] += reward
    n = float(state.pulls[arm])
    state.upper[arm] = state.total[arm] / n + 2.0 * params.sigma * math.sqrt(math.log(state.share[0]) / n)


def moving(horizon: int) -> tuple[BernoulliBandit, int]:
    """Ten arms, one better by sqrt(K / T): the gap at which sqrt(KT) is the price of any algorithm."""
    gap = math.sqrt(10 / horizon)
    return bernoulli(0.5 + gap, *[0.5] * 9), horizon


CLAIM = Claim(
    slug="moss",
    title="MOSS",
    paper="Audibert and Bubeck 2009, Minimax policies for adversarial and stochastic bandits; theorem and proof of "
    "Lattimore and Szepesvari 2020, chapter 9",
    setting="stochastic bandit",
    algorithm=lambda instance, horizon: MOSS(float(instance.subgaussian)),
    cases=(
        Case("far", lambda: bernoulli(0.9, 0.1), 8_000),
        Case("five arms", lambda: bernoulli(0.8, 0.5, 0.45, 0.4, 0.3), 8_000),
        Case("ten arms", lambda: bernoulli(0.9, *[0.4] * 9), 50_000, full_only=True),
    ),
    bounds=(
        Bound(theorem("moss/minimax")),
        Bound(theorem("moss/minimax-2010")),
        Bound(theorem("moss/minimax-2009")),
        Bound(theorem("moss/instance")),
    ),
    watch=sys.modules[__name__],
    rate=Rate(
        theorem("moss/minimax-2010"), "the theorem's parameters; gap sqrt(K/T) moves with the horizon",
        lambda instance, horizon: MOSS(), "T", (2**9, 2**10, 2**11, 2**12, 2**13), moving, n_runs=400,
    ),
    sabotages=(
        Sabotage("greedy", "the bonus is dropped", ("rule",), lambda p: MOSS(0.0)),
        Sabotage("other-class", "the width of 1-subgaussian rewards on [0, 1]", ("rule",), lambda p: MOSS(1.0)),
        Sabotage(
            "own-count-missing", "log+(T/K) in place of log+(T/(K N))", ("rule", "pulls", "total-pulls"),
            overrides={"observe": observe_without_own_count},
        ),
    ),
    lower_bound=lai_robbins_line,
    lower_bound_name="Lai and Robbins 1985, asymptotic slope",
)  # fmt: skip
