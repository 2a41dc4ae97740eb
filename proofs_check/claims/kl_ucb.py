"""KL-UCB: Theorem 10.6 of Lattimore and Szepesvari (2020) and the steps of its proof."""

from __future__ import annotations

import math
import sys
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from bandits.algorithms.kl_ucb import KLUCB, level
from bandits.instances.bernoulli import BernoulliBandit, bernoulli
from bandits.policies import highest
from kernels.jit import hook
from kernels.kl import kl_upper
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
    settled_after,
)
from theory.divergences import bernoulli_kl
from theory.theorems import theorem

#: The proof's epsilon_1 and epsilon_2 as fractions of the gap (any e1 + e2 < gap is allowed).
FRACTION = 1.0 / 3.0

RULE, OPTIMISM, CONCENTRATION, PULLS, TOTAL, DECOMPOSITION = range(6)

Float = npt.NDArray[np.float64]


def _gaps(instance: Any) -> Float:
    """The gaps; a placeholder of 1 for optimal arms, which the steps leave out."""
    return np.where(instance.gaps > 0.0, instance.gaps, 1.0)


def _slack(instance: Any) -> float:
    """epsilon_2: a fraction of the smallest positive gap."""
    return FRACTION * float(_gaps(instance).min())


def first_watched(instance: Any) -> int:
    """The least t0 with 1 / (2 e2^2 f(t0)) <= EVENT_PROBABILITY."""
    wanted = 1.0 / (2.0 * EVENT_PROBABILITY * _slack(instance) ** 2)
    t = instance.n_arms + 1
    while 1.0 + t * math.log(t) ** 2 < wanted:
        t += 1
    return t


def optimism_probability(params: Any, instance: Any, horizon: int) -> float:
    """sum_s P(d(mean_s, mu* - e2) > log f(t0) / s) <= sum_s exp(-2 s e2^2) / f(t0), as in Lemma 10.7."""
    t = first_watched(instance)
    return 1.0 / (2.0 * _slack(instance) ** 2 * (1.0 + t * math.log(t) ** 2))


STEPS = (
    Step(
        "rule",
        "index_i(t) <= index of the arm played, every arm i (indices solved anew from independent counts)",
        "Lattimore and Szepesvari 2020, Algorithm 8",
    ),
    Step(
        "optimism",
        "mu* - e2 <= index of the best arm, in every round t >= t0",
        "Lattimore and Szepesvari 2020, Lemma 10.7, without its integration over t",
        "event",
        optimism_probability,
    ),
    Step(
        "concentration",
        "mean_i(s) <= mu_i + e1 for every suboptimal arm i after every s >= s0_i of its pulls",
        "Lattimore and Szepesvari 2020, Lemma 10.8, by the union of P <= exp(-s d(mu_i + e1, mu_i))",
        "event",
        event_probability,
    ),
    Step(
        "pulls",
        "N_i <= log f(t) / d(mu_i + e1, mu* - e2) when a suboptimal arm i with mean_i <= mu_i + e1 is played, t >= t0",
        "Lattimore and Szepesvari 2020, proof of Lemma 10.8",
        "conditional",
        given=("optimism",),
    ),
    Step(
        "total-pulls",
        "N_i(T) <= 1 + max(t0, s0_i, log f(T) / d(mu_i + e1, mu* - e2)) for every suboptimal arm i",
        "Lattimore and Szepesvari 2020, proof of Theorem 10.6",
        "conditional",
        given=("optimism", "concentration"),
    ),
    DECOMPOSITION_STEP,
)


class Watch(NamedTuple):
    """Own counts, and the proof's constants.

    Attributes:
        start: t0. best: the first best arm. lowered: mu* - e2.
        raised: mu_i + e1; settled: s0_i; divergence: d(mu_i + e1, mu* - e2), all (K,).
    """

    tally: Tally
    start: int
    best: int
    lowered: float
    raised: Float
    settled: npt.NDArray[np.int64]
    divergence: Float


def allocate(params: KLUCB, instance: BernoulliBandit, horizon: int) -> Watch:
    """Arrays of the watch."""
    gaps, means = _gaps(instance), instance.means
    suboptimal = instance.gaps > 0.0
    lowered = float(means.max()) - _slack(instance)
    raised = np.where(suboptimal, means + FRACTION * gaps, means)
    share = EVENT_PROBABILITY / max(1, int(suboptimal.sum()))
    # A degenerate arm of mean 0 never exceeds it: its divergence is infinite and one pull settles it.
    rates = np.minimum(np.where(suboptimal, bernoulli_kl(raised, means), 1.0), 700.0)
    settled = np.array([settled_after(float(rate), share) for rate in rates], np.int64)
    divergence = np.where(suboptimal, bernoulli_kl(raised, lowered), 1.0)
    return Watch(
        allocate_tally(instance.n_arms), first_watched(instance), int(means.argmax()), lowered, raised, settled,
        divergence,
    )  # fmt: skip


@hook
def begin(watch, params, instance):
    """Forget the last run."""
    clear(watch.tally)


@hook
def log_f(t):
    """log f(t), f(t) = 1 + t log^2 t."""
    log_t = math.log(np.float64(t))
    return math.log1p(t * log_t * log_t)


@hook
def index(tally, arm, x):
    """The largest q with N d(mean, q) <= x, from the watch's own counts."""
    return -math.expm1(-kl_upper(min(tally.means[arm], 1.0), x / tally.pulls[arm]))


@hook
def acted(records, run, watch, params, state, instance, t, arm):
    """Before the reward of round t."""
    tally = watch.tally
    if t <= tally.pulls.shape[0]:
        return
    x = log_f(t)
    played = index(tally, arm, x)
    for i in range(tally.pulls.shape[0]):
        if i != arm:
            other = index(tally, i, x)
            check(records, run, RULE, other, played, 1e-9, t, i, -1, -1)
    if t >= watch.start:
        check(records, run, OPTIMISM, watch.lowered, index(tally, watch.best, x), 1e-9, t, watch.best, -1, -1)
        if instance.gaps[arm] > 0.0 and tally.means[arm] <= watch.raised[arm]:
            limit = x / watch.divergence[arm]
            check(records, run, PULLS, float(tally.pulls[arm]), limit, 1e-9, t, arm, -1, -1)


@hook
def observed(records, run, watch, params, state, instance, t, arm, reward):
    """Count independently of the algorithm."""
    count(watch.tally, arm, reward, instance.gaps[arm])
    if instance.gaps[arm] > 0.0 and watch.tally.pulls[arm] >= watch.settled[arm]:
        check(records, run, CONCENTRATION, watch.tally.means[arm], watch.raised[arm], 1e-9, t, arm, -1, -1)


@hook
def ended(records, run, watch, params, state, instance, t):
    """The pull counts at the horizon."""
    x = log_f(t)
    for i in range(instance.gaps.shape[0]):
        if instance.gaps[i] > 0.0:
            limit = 1.0 + max(float(watch.start), float(watch.settled[i]), x / watch.divergence[i])
            check(records, run, TOTAL, float(watch.tally.pulls[i]), limit, 1e-9, t, i, -1, -1)
    check_decomposition(records, run, DECOMPOSITION, watch.tally, instance.gaps, t)


@hook
def observe_and_freeze(params, state, t, arm, reward):
    """Planted fault: the index is solved once, when the arm is pulled, ..."""
    state.pulls[arm] += 1
    state.total[arm] += reward
    pulls = float(state.pulls[arm])
    state.intercept[arm] = kl_upper(state.total[arm] / pulls, level(params, t) / pulls)


@hook
def act_on_frozen(params, state, t, rng):
    """... and does not grow while the arm rests."""
    return t - 1 if t <= state.pulls.shape[0] else highest(state.intercept)


CLAIM = Claim(
    slug="kl-ucb",
    title="KL-UCB",
    paper="Garivier and Cappe 2011, The KL-UCB algorithm for bounded stochastic bandits and beyond; theorem of "
    "Lattimore and Szepesvari 2020, chapter 10",
    setting="stochastic bandit",
    algorithm=lambda instance, horizon: KLUCB(),
    cases=(
        Case("easy", lambda: bernoulli(0.9, 0.5), 5_000),
        Case("five arms", lambda: bernoulli(0.8, 0.5, 0.45, 0.4, 0.3), 5_000),
        Case("close", lambda: bernoulli(0.5, 0.6), 20_000, full_only=True),
        Case("small means", lambda: bernoulli(0.1, *[0.05] * 3, *[0.02] * 3, *[0.01] * 3), 20_000,
             full_only=True),
    ),
    bounds=(Bound(theorem("kl-ucb/regret")),),
    watch=sys.modules[__name__],
    rate=Rate(
        theorem("kl-ucb/asymptotic"), "the theorem's parameters", lambda instance, horizon: KLUCB(), "T",
        (2**11, 2**12, 2**13, 2**14, 2**15), lambda horizon: (bernoulli(0.7, 0.2), horizon),
        n_runs=200, prefix=True,
    ),
    sabotages=(
        Sabotage("third-level", "log f(t) / 3 in place of log f(t)", ("rule",), lambda p: KLUCB(1.0 / 3.0)),
        Sabotage("log10", "decimal logarithm in the level", ("rule",), lambda p: KLUCB(1.0 / math.log(10.0))),
        Sabotage(
            "greedy", "no exploration level", ("rule", "optimism"), lambda p: KLUCB(0.0),
            build=lambda: bernoulli(0.6, 0.5), horizon=2_000,
        ),
        Sabotage(
            "frozen-index", "the index of an arm at rest does not grow with t", ("rule",),
            overrides={"act": act_on_frozen, "observe": observe_and_freeze},
        ),
    ),
    lower_bound=lai_robbins_line,
    lower_bound_name="Lai and Robbins 1985, asymptotic slope",
)  # fmt: skip
