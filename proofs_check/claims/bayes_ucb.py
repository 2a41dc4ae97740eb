"""Bayes-UCB: the asymptotic statement of Kaufmann, Cappe and Garivier (2012) and the bounds of its quantiles."""

from __future__ import annotations

import functools
import math
import sys
from typing import Any, NamedTuple

import numpy as np
from scipy.stats import binom

from bandits.algorithms.bayes_ucb import BayesUCB
from bandits.instances.bernoulli import bernoulli
from kernels.beta import beta_upper_quantile, log_upper_tail
from kernels.jit import hook
from kernels.steps import Step, check
from proofs_check.claim import Bound, Case, Claim, Sabotage
from proofs_check.index_steps import ROUNDING, Float, IndexWatch, allocate_index_watch
from proofs_check.tally import DECOMPOSITION as DECOMPOSITION_STEP
from proofs_check.tally import check_decomposition, clear, count, lai_robbins_line
from theory.divergences import bernoulli_kl
from theory.theorems import theorem

#: The theorem's c, whatever a fault gives the algorithm.
POWER = 5.0
#: Slack of the suboptimal arms' means, as a fraction of the gap.
FRACTION = 1.0 / 3.0

RULE, QUANTILE, SANDWICH, OPTIMISM, PULLS, DECOMPOSITION = range(6)


def offset(horizon: int) -> float:
    """c log log T, at least 0."""
    return POWER * math.log(max(1.0, math.log(horizon)))


@functools.cache
def optimism_union(mean: float, n_arms: int, horizon: int) -> float:
    """sum_{s <= T} P(Bin(s, mu*) <= k_s), k_s the most successes in s pulls whose index at round K + 1 is below mu*.

    The index after s pulls and S successes is below q if P(Beta(S + 1, s - S + 1) > q) = P(Bin(s + 1, q) <= S) < p.
    It grows with t at fixed counts, so the first round decides for all. Exact but for the union over s.
    """
    p = math.exp(-offset(horizon)) / (n_arms + 1.0)
    s = np.arange(1.0, horizon + 1.0)
    quantile = binom.ppf(p, s + 1.0, mean)  # the least S with P(Bin(s + 1, mu*) <= S) >= p
    most = np.where(binom.cdf(quantile, s + 1.0, mean) < p, quantile, quantile - 1.0)
    return float(binom.cdf(most, s, mean).sum())


def optimism_probability(params: Any, instance: Any, horizon: int) -> float:
    """The union over the counts of the best arm."""
    return optimism_union(float(instance.means.max()), instance.n_arms, horizon)


STEPS = (
    Step(
        "rule",
        "log P(theta_i > index of the arm played) <= log p = -log(t log^c T) under every arm's posterior (from "
        "independent counts)",
        "Kaufmann, Cappe and Garivier 2012, Algorithm 1",
    ),
    Step(
        "quantile",
        "|log P(theta > index) - log p| <= rounding, for the arm played",
        "Kaufmann, Cappe and Garivier 2012, Algorithm 1",
    ),
    Step(
        "sandwich",
        "log(1/p) - log(N+2) <= (N+1) d(S/(N+1), index) <= log(1/p), for the arm played",
        "Kaufmann, Cappe and Garivier 2012, Lemma 1: a Beta tail is a binomial one, between its largest term and "
        "Chernoff's bound",
    ),
    Step(
        "optimism",
        "mu* <= index of the best arm in every round",
        "exact binomial tails, union over the counts of the best arm",
        "event",
        optimism_probability,
    ),
    Step(
        "pulls",
        "(N_i + 1) d(mu_i + D_i/3, mu*) <= log(1/p) when a suboptimal arm i is played although S_i/(N_i + 1) <= mu_i + "
        "D_i/3 and mu* <= index of the best arm",
        "Kaufmann, Cappe and Garivier 2012, proof of Theorem 1",
    ),
    DECOMPOSITION_STEP,
)


class Watch(NamedTuple):
    """The shared watch, and the proof's constants.

    Attributes:
        offset: c log log T. level: -log(1 - mu*). raised: mu_i + D_i/3; divergence: d(mu_i + D_i/3, mu*), both (K,).
    """

    own: IndexWatch
    offset: float
    level: float
    raised: Float
    divergence: Float


def allocate(params: BayesUCB, instance: Any, horizon: int) -> Watch:
    """Arrays of the watch."""
    means = instance.means
    best = float(means.max())
    raised = means + FRACTION * instance.gaps
    level = -math.log1p(-best) if best < 1.0 else math.inf
    return Watch(
        allocate_index_watch(instance, instance.n_arms + 1), offset(horizon), level, raised,
        np.asarray(bernoulli_kl(raised, best)),
    )  # fmt: skip


@hook
def begin(watch, params, instance):
    """Forget the last run."""
    clear(watch.own.tally)


@hook
def tail(tally, arm, u):
    """log P(theta > 1 - exp(-u)) under the posterior of ``arm``."""
    n = float(tally.pulls[arm])
    successes = math.floor(tally.means[arm] * n + 0.5)
    return log_upper_tail(successes + 1.0, n - successes + 1.0, u)


@hook
def divergence(mean, u):
    """d(mean, 1 - exp(-u)) for mean < 1."""
    first = mean * (math.log(mean) - math.log(-math.expm1(-u))) if mean > 0.0 else 0.0
    return first + (1.0 - mean) * (math.log1p(-mean) + u)


@hook
def acted(records, run, watch, params, state, instance, t, arm):
    """Before the reward of round t."""
    tally, best = watch.own.tally, watch.own.best
    if t <= tally.pulls.shape[0]:
        return
    log_p = -math.log(float(t)) - watch.offset
    u = state.upper[arm]
    for i in range(tally.pulls.shape[0]):
        if i != arm:
            check(records, run, RULE, tail(tally, i, u), log_p, ROUNDING, t, i, -1, -1)
    check(records, run, QUANTILE, abs(tail(tally, arm, u) - log_p), ROUNDING * (1.0 - log_p), 0.0, t, arm, -1, -1)
    n = float(tally.pulls[arm])
    mean = tally.means[arm] * n / (n + 1.0)
    exponent = (n + 1.0) * divergence(mean, u)
    check(records, run, SANDWICH, exponent, -log_p, ROUNDING, t, arm, -1, -1)
    check(records, run, SANDWICH, -log_p - math.log(n + 2.0), exponent, ROUNDING, t, arm, -1, -1)
    if watch.level < np.inf:
        below = tail(tally, best, watch.level)  # the index of the best arm is at least mu* if this is at least log p
        check(records, run, OPTIMISM, log_p, below, ROUNDING, t, best, -1, -1)
        if instance.gaps[arm] > 0.0 and below >= log_p and mean <= watch.raised[arm]:
            limit = (n + 1.0) * watch.divergence[arm]
            check(records, run, PULLS, limit, -log_p, ROUNDING, t, arm, -1, -1)


@hook
def observed(records, run, watch, params, state, instance, t, arm, reward):
    """Count independently of the algorithm."""
    count(watch.own.tally, arm, reward, instance.gaps[arm])


@hook
def ended(records, run, watch, params, state, instance, t):
    """The regret decomposition."""
    check_decomposition(records, run, DECOMPOSITION, watch.own.tally, instance.gaps, t)


@hook
def act_on_stale_quantiles(params, state, t, rng):
    """Planted fault: a quantile is solved only when its arm was pulled, and does not grow while the arm rests."""
    n_arms = state.pulls.shape[0]
    if t <= n_arms:
        return t - 1
    log_p = -math.log(float(t)) - state.offset[0]
    for arm in range(n_arms):
        if arm == state.last[0] or t == n_arms + 1:
            successes = state.total[arm]
            state.upper[arm] = beta_upper_quantile(successes + 1.0, state.pulls[arm] - successes + 1.0, log_p)
    best = 0
    for arm in range(n_arms):
        if state.upper[arm] > state.upper[best]:
            best = arm
    return best


CLAIM = Claim(
    slug="bayes-ucb",
    title="Bayes-UCB",
    paper="Kaufmann, Cappe and Garivier 2012, On Bayesian upper confidence bounds for bandit problems",
    setting="stochastic bandit",
    algorithm=lambda instance, horizon: BayesUCB(POWER),
    cases=(
        Case("easy", lambda: bernoulli(0.9, 0.5), 1_000, max_runs=800),
        Case("three arms", lambda: bernoulli(0.6, 0.3, 0.1), 500, max_runs=1_600),
        Case("close", lambda: bernoulli(0.7, 0.5), 5_000, max_runs=25, full_only=True, watched=False),
    ),
    bounds=(Bound(theorem("bayes-ucb/finite")),),
    watch=sys.modules[__name__],
    sabotages=(
        Sabotage("no-power", "c = 0: the quantile of order 1 - 1/t", ("rule", "quantile"), lambda p: BayesUCB(0.0)),
        Sabotage("power", "c = 10, too high a quantile", ("quantile",), lambda p: BayesUCB(10.0)),
        Sabotage(
            "stale", "the quantile of an arm at rest does not grow with t", ("rule", "quantile"),
            overrides={"act": act_on_stale_quantiles},
        ),
    ),
    lower_bound=lai_robbins_line,
    lower_bound_name="Lai and Robbins 1985, asymptotic slope",
    work=lambda instance: 5_000.0 * instance.n_arms,
    notes="The paper's theorem is asymptotic (c >= 5). Its rate is not tested: at affordable horizons R_T / log T "
    "still moves more than the test allows. What is tested is a finite-time bound derived from the same lemma, and the "
    "steps.",
)  # fmt: skip
