"""KL-UCB++: the minimax bound of Menard and Garivier (2017) and the steps that lead to pull counts."""

from __future__ import annotations

import math
import sys
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from bandits.algorithms.kl_ucb_plus_plus import KLUCBPlusPlus
from bandits.instances.bernoulli import bernoulli
from kernels.jit import hook
from kernels.kl import kl_upper
from kernels.steps import Step, check
from proofs_check.claim import Bound, Case, Claim, Rate, Sabotage
from proofs_check.claims.moss import moving
from proofs_check.index_steps import ROUNDING, Float, IndexWatch, allocate_index_watch, check_highest
from proofs_check.tally import DECOMPOSITION as DECOMPOSITION_STEP
from proofs_check.tally import (
    EVENT_PROBABILITY,
    check_decomposition,
    clear,
    count,
    event_probability,
    lai_robbins_line,
    last_count,
    settled_after,
)
from theory.divergences import bernoulli_kl
from theory.theorems import theorem
from theory.theorems.kl_ucb_plus_plus import exploration

RULE, OPTIMISM, CONCENTRATION, PULLS, TOTAL, DECOMPOSITION = range(6)


def optimism_union(n_arms: int, horizon: int, gap: float) -> float:
    """sum_{n <= T} exp(-g(n) - 2 n x^2) >= P(exists n: index of the best arm after n pulls < mu* - x), x = ``gap``.

    The index is below mu* - x if mean_n <= z for the z < mu* - x with d(z, mu* - x) = g(n)/n. Chernoff's bound of that
    is exp(-n d(z, mu*)), and d(z, mu*) >= d(z, mu* - x) + d(mu* - x, mu*) >= g(n)/n + 2 x^2.
    """
    n = np.arange(1.0, horizon + 1.0)
    return float(np.exp(-exploration(n_arms, horizon, n) - 2.0 * n * gap**2).sum())


def optimism_gap(n_arms: int, horizon: int) -> float:
    """The least x (to 1e-12) with optimism_union <= EVENT_PROBABILITY."""
    low, high = 0.0, 2.0
    while high - low > 1e-12:
        middle = 0.5 * (low + high)
        if optimism_union(n_arms, horizon, middle) <= EVENT_PROBABILITY:
            high = middle
        else:
            low = middle
    return high


STEPS = (
    Step(
        "rule",
        "index_i(t) <= index of the arm played, every arm i (indices solved anew from independent counts)",
        "Menard and Garivier 2017, Algorithm 1",
    ),
    Step(
        "optimism",
        "mu* - x <= index of the best arm in every round, sum_n exp(-g(n) - 2 n x^2) = 0.05",
        "Chernoff's bound, union over the counts of the best arm",
        "event",
        event_probability,
    ),
    Step(
        "concentration",
        "mean_i(s) <= mu_i + r_i, r_i = (D_i - x)/2, after every s >= s0_i pulls, every arm i with D_i > x",
        "Chernoff's bound exp(-s d(mu_i + r_i, mu_i)), union over s",
        "event",
        event_probability,
    ),
    Step(
        "pulls",
        "N_i d(mu_i + r_i, mu* - x) <= g(N_i) when arm i with D_i > x is played with mean_i <= mu_i + r_i",
        "Menard and Garivier 2017, proof of Theorem 2",
        "conditional",
        given=("optimism",),
    ),
    Step(
        "total-pulls",
        "N_i(T) <= 1 + max(s0_i, u_i), u_i the largest count that the step `pulls` allows",
        "Menard and Garivier 2017, proof of Theorem 2",
        "conditional",
        given=("optimism", "concentration"),
    ),
    DECOMPOSITION_STEP,
)


class Watch(NamedTuple):
    """The shared watch, and the proof's constants.

    Attributes:
        share: T / K. lowered: mu* - x. raised: mu_i + r_i; divergence: d(mu_i + r_i, mu* - x), 0 where the steps say
        nothing; settled: s0_i; most: u_i, all (K,).
    """

    own: IndexWatch
    share: float
    lowered: float
    raised: Float
    divergence: Float
    settled: npt.NDArray[np.int64]
    most: npt.NDArray[np.int64]


def largest_count(n_arms: int, horizon: int, divergence: float) -> int:
    """The largest n with n divergence <= g(n), or 0: the left side grows and the right falls."""
    return last_count(lambda n: n * divergence <= float(exploration(n_arms, horizon, n)), horizon)


def allocate(params: KLUCBPlusPlus, instance: Any, horizon: int) -> Watch:
    """Arrays of the watch."""
    k, means = instance.n_arms, instance.means
    x = optimism_gap(k, horizon)
    used = instance.gaps > x
    lowered = float(means.max()) - x
    raised = np.where(used, means + 0.5 * (instance.gaps - x), means)
    divergence = np.where(used, bernoulli_kl(raised, np.where(used, lowered, raised)), 0.0)
    share = EVENT_PROBABILITY / max(1, int(used.sum()))
    # A degenerate arm of mean 0 never exceeds it: its divergence is infinite and one pull settles it.
    rates = np.minimum(np.where(used, bernoulli_kl(raised, means), 1.0), 700.0)
    settled = np.array([settled_after(float(rate), share) for rate in rates], np.int64)
    most = np.array([largest_count(k, horizon, float(d)) if d > 0.0 else 0 for d in divergence], np.int64)
    return Watch(allocate_index_watch(instance, 1), horizon / k, lowered, raised, divergence, settled, most)


@hook
def begin(watch, params, instance):
    """Forget the last run."""
    clear(watch.own.tally)


@hook
def level(watch, pulls):
    """g(n) of the theorem."""
    y = watch.share / pulls
    if y <= 1.0:
        return 0.0
    return math.log(y * (1.0 + math.log(y) ** 2))


@hook
def acted(records, run, watch, params, state, instance, t, arm):
    """Before the reward of round t."""
    tally, upper, best = watch.own.tally, watch.own.upper, watch.own.best
    if t <= upper.shape[0]:
        return
    for i in range(upper.shape[0]):
        n = float(tally.pulls[i])
        upper[i] = -math.expm1(-kl_upper(min(tally.means[i], 1.0), level(watch, n) / n))
    check_highest(records, run, RULE, upper, arm, t)
    check(records, run, OPTIMISM, watch.lowered, upper[best], ROUNDING, t, best, -1, -1)
    if watch.divergence[arm] > 0.0 and tally.means[arm] <= watch.raised[arm]:
        n = float(tally.pulls[arm])
        check(records, run, PULLS, n * watch.divergence[arm], level(watch, n), ROUNDING, t, arm, -1, -1)


@hook
def observed(records, run, watch, params, state, instance, t, arm, reward):
    """Count independently of the algorithm."""
    tally = watch.own.tally
    count(tally, arm, reward, instance.gaps[arm])
    if watch.divergence[arm] > 0.0 and tally.pulls[arm] >= watch.settled[arm]:
        check(records, run, CONCENTRATION, tally.means[arm], watch.raised[arm], ROUNDING, t, arm, -1, -1)


@hook
def ended(records, run, watch, params, state, instance, t):
    """The pull counts at the horizon."""
    for i in range(instance.gaps.shape[0]):
        if watch.divergence[i] > 0.0:
            limit = 1.0 + max(float(watch.settled[i]), float(watch.most[i]))
            check(records, run, TOTAL, float(watch.own.tally.pulls[i]), limit, ROUNDING, t, i, -1, -1)
    check_decomposition(records, run, DECOMPOSITION, watch.own.tally, instance.gaps, t)


@hook
def observe_without_square(params, state, t, arm, reward):
    """Planted fault: g(n) = log+(y), the exploration of MOSS."""
    state.pulls[arm] += 1
    state.total[arm] += reward
    n = float(state.pulls[arm])
    state.upper[arm] = kl_upper(state.total[arm] / n, math.log(max(1.0, state.share[0] / n)) / n)


CLAIM = Claim(
    slug="kl-ucb-plus-plus",
    title="KL-UCB++",
    paper="Menard and Garivier 2017, A minimax and asymptotically optimal algorithm for stochastic bandits",
    setting="stochastic bandit",
    algorithm=lambda instance, horizon: KLUCBPlusPlus(),
    cases=(
        Case("far", lambda: bernoulli(0.9, 0.1), 8_000),
        Case("five arms", lambda: bernoulli(0.8, 0.5, 0.45, 0.4, 0.3), 5_000),
        Case("ten arms", lambda: bernoulli(0.9, *[0.4] * 9), 80_000, full_only=True),
    ),
    bounds=(Bound(theorem("kl-ucb-plus-plus/minimax")),),
    watch=sys.modules[__name__],
    rate=Rate(
        theorem("kl-ucb-plus-plus/order"), "the theorem's parameters; gap sqrt(K/T) moves with the horizon",
        lambda instance, horizon: KLUCBPlusPlus(), "T", (2**9, 2**10, 2**11, 2**12, 2**13), moving, n_runs=400,
    ),
    sabotages=(
        Sabotage("half-level", "g(n)/2", ("rule",), lambda p: KLUCBPlusPlus(0.5)),
        Sabotage(
            "greedy", "no exploration", ("optimism", "rule"), lambda p: KLUCBPlusPlus(0.0),
            build=lambda: bernoulli(0.6, 0.5), horizon=2_000,
        ),
        Sabotage(
            "no-square", "log+(y), the exploration of MOSS", ("rule",), overrides={"observe": observe_without_square}
        ),
    ),
    lower_bound=lai_robbins_line,
    lower_bound_name="Lai and Robbins 1985, asymptotic slope",
)  # fmt: skip
