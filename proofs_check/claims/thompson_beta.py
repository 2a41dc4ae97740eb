"""Thompson sampling with Beta posteriors: Agrawal and Goyal (2012), Theorem 1, and the concentration behind it."""

from __future__ import annotations

import math
import sys

from bandits.algorithms.thompson_beta import ThompsonBeta, set_posterior
from bandits.instances.bernoulli import BernoulliBandit, bernoulli
from kernels.jit import hook
from kernels.kl import bernoulli_kl
from kernels.steps import Step, check
from proofs_check.claim import Bound, Case, Claim, Rate, Sabotage
from proofs_check.posterior_steps import (
    MEANS,
    RULE,
    SAMPLES,
    Watch,
    allocate_watch,
    begin,  # noqa: F401  (part of the watch)
    check_pulls,
    ended,  # noqa: F401
    union_log,
)
from proofs_check.tally import DECOMPOSITION as DECOMPOSITION_STEP
from proofs_check.tally import count, event_probability, lai_robbins_line
from theory.theorems import theorem

#: Largest conditional variance of z^2, z a standardised Beta(a, b) sample, a, b >= 1: kurtosis at most 9, minus 1.
VARIANCE_OF_SQUARE = 8.0

STEPS = (
    Step("rule", "theta_i(t) <= theta of the arm played, every arm i", "Agrawal and Goyal 2012, Algorithm 1"),
    Step(
        "means",
        "s d(mean_i(s), mu_i) <= log(2KT/0.05) for every arm and count s",
        "Chernoff's bound, union over arms and counts; event E^mu of Agrawal and Goyal 2013",
        "event",
        event_probability,
    ),
    Step(
        "samples",
        "(N+1) d(S/(N+1), theta) and (N+1) d((S+1)/(N+1), theta) <= log(2KT/0.05) above and below, every sample",
        "Agrawal and Goyal 2012, Fact 1 (P(Beta > y) is a binomial tail) with Chernoff's bound; event E^theta of 2013",
        "event",
        event_probability,
    ),
    Step(
        "spread",
        "|sum_t (z_i(t)^2 - 1)| <= sqrt(8KT/0.05), z_i the sample standardised by its posterior",
        "Chebyshev's inequality for a martingale: z^2 has conditional mean 1 and variance at most 8",
        "event",
        event_probability,
    ),
    Step(
        "pulls",
        "gap_i <= sqrt(2 log(2KT/0.05)) (N_i^(-1/2) + N_best^(-1/2)) whenever a suboptimal arm i is played",
        "theta_i >= theta_best on both events, with Pinsker's inequality (saturated arms of Agrawal and Goyal 2012)",
        "conditional",
        given=("means", "samples"),
    ),
    DECOMPOSITION_STEP,
)


def allocate(params: ThompsonBeta, instance: BernoulliBandit, horizon: int) -> Watch:
    """Thresholds at log(2KT/p)."""
    return allocate_watch(instance, horizon, union_log(instance.n_arms, horizon), VARIANCE_OF_SQUARE)


@hook
def acted(records, run, watch, params, state, instance, t, arm):
    """The samples of round t against the posterior of the theorem, Beta(S + 1, N - S + 1), from independent counts."""
    tally = watch.tally
    for i in range(tally.pulls.shape[0]):
        theta = state.sample[i]
        n = float(tally.pulls[i])
        successes = tally.means[i] * n
        a, b = successes + 1.0, n - successes + 1.0
        if i != arm:
            check(records, run, RULE, theta, state.sample[arm], 0.0, t, i, -1, -1)
        exponent = 0.0
        if theta > successes / (n + 1.0):
            exponent = bernoulli_kl(successes / (n + 1.0), theta)
        if theta < min(a / (n + 1.0), 1.0):
            exponent = max(exponent, bernoulli_kl(min(a / (n + 1.0), 1.0), theta))
        check(records, run, SAMPLES, (n + 1.0) * exponent, watch.level, 1e-9, t, i, -1, -1)
        variance = a * b / ((a + b) ** 2 * (a + b + 1.0))
        watch.excess[i] += (theta - a / (a + b)) ** 2 / variance - 1.0
    check_pulls(records, run, watch, instance, t, arm, math.sqrt(2.0 * watch.level))


@hook
def observed(records, run, watch, params, state, instance, t, arm, reward):
    """Count independently of the algorithm."""
    tally = watch.tally
    count(tally, arm, reward, instance.gaps[arm])
    exponent = tally.pulls[arm] * bernoulli_kl(min(tally.means[arm], 1.0), instance.means[arm])
    check(records, run, MEANS, exponent, watch.level, 1e-9, t, arm, -1, -1)


@hook
def observe_swapped(params, state, t, arm, reward):
    """Planted fault: successes and failures change places."""
    set_posterior(state, arm, state.a[arm] + 1.0 - reward, state.b[arm] + reward)


@hook
def observe_threefold(params, state, t, arm, reward):
    """Planted fault: every reward counts three times, so that the posterior is too narrow."""
    set_posterior(state, arm, state.a[arm] + 3.0 * reward, state.b[arm] + 3.0 * (1.0 - reward))


@hook
def observe_and_forget(params, state, t, arm, reward):
    """Planted fault: the posterior never has more than twenty observations."""
    shrink = min(1.0, 20.0 / (state.a[arm] + state.b[arm] - 1.0))
    a = 1.0 + (state.a[arm] - 1.0 + reward) * shrink
    set_posterior(state, arm, a, 1.0 + (state.b[arm] - reward) * shrink)


CLAIM = Claim(
    slug="thompson-beta",
    title="Thompson sampling, Beta posteriors",
    paper="Agrawal and Goyal 2012, Analysis of Thompson sampling for the multi-armed bandit problem; "
    "Agrawal and Goyal 2013, Further optimal regret bounds for Thompson sampling",
    setting="stochastic bandit",
    algorithm=lambda instance, horizon: ThompsonBeta(),
    cases=(
        Case("far", lambda: bernoulli(0.9, 0.1), 5_000),
        Case("easy", lambda: bernoulli(0.5, 0.9), 10_000),
        Case("middle", lambda: bernoulli(0.3, 0.6), 100_000, full_only=True),
    ),
    bounds=(Bound(theorem("thompson-beta/two-arms")),),
    watch=sys.modules[__name__],
    rate=Rate(
        theorem("thompson-beta/asymptotic"), "the theorem's parameters", lambda instance, horizon: ThompsonBeta(), "T",
        (2**11, 2**12, 2**13, 2**14, 2**15), lambda horizon: (bernoulli(0.7, 0.2), horizon),
        n_runs=200, prefix=True,
    ),
    sabotages=(
        Sabotage(
            "swapped", "successes and failures change places", ("samples",), overrides={"observe": observe_swapped}
        ),
        Sabotage(
            "threefold", "every reward counts three times: the posterior is too narrow", ("spread",),
            overrides={"observe": observe_threefold},
        ),
        Sabotage(
            "forgetful", "the posterior never has more than twenty observations", ("samples", "spread", "pulls"),
            overrides={"observe": observe_and_forget},
        ),
    ),
    lower_bound=lai_robbins_line,
    lower_bound_name="Lai and Robbins 1985, asymptotic slope",
)  # fmt: skip
