"""Thompson sampling with Gaussian posteriors: Lattimore and Szepesvari (2020), Theorem 36.3, for Algorithm 24."""

from __future__ import annotations

import math
import sys

import numpy as np

from bandits.algorithms.thompson_gaussian import ThompsonGaussian, set_posterior
from bandits.instances.gaussian import GaussianBandit, gaussian
from kernels.jit import hook
from kernels.steps import Step, check
from proofs_check.claim import Case, Claim, Rate, Sabotage
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

STEPS = (
    Step(
        "rule",
        "theta_i(t) <= theta of the arm played, every arm i, once each was played",
        "Lattimore and Szepesvari 2020, Algorithm 24",
    ),
    Step(
        "means",
        "|mean_i(s) - mu_i| <= sigma sqrt(2 log(2KT/0.05) / s) for every arm and count s",
        "Gaussian tails, union over arms and counts",
        "event",
        event_probability,
    ),
    Step(
        "samples",
        "|theta_i(t) - mean_i| <= sigma sqrt(2 log(2KT/0.05) / N_i) for every sample of an arm played before",
        "Lattimore and Szepesvari 2020, proof of Theorem 36.3 (tails of F_i), union over arms and rounds",
        "event",
        event_probability,
    ),
    Step(
        "spread",
        "|sum_t (z_i(t)^2 - 1)| <= sqrt(2KT/0.05), z_i the sample standardised by N(mean_i, sigma^2/N_i)",
        "Chebyshev's inequality for a martingale: z^2 has conditional mean 1 and variance 2",
        "event",
        event_probability,
    ),
    Step(
        "pulls",
        "gap_i <= sigma sqrt(8 log(2KT/0.05)) (N_i^(-1/2) + N_best^(-1/2)) whenever a suboptimal arm i is played again",
        "theta_i >= theta_best on both events",
        "conditional",
        given=("means", "samples"),
    ),
    DECOMPOSITION_STEP,
)


def allocate(params: ThompsonGaussian, instance: GaussianBandit, horizon: int) -> Watch:
    """Thresholds at sigma sqrt(2 log(2KT/p)), the radius of one observation; z^2 has conditional variance 2."""
    level = instance.subgaussian * math.sqrt(2.0 * union_log(instance.n_arms, horizon))
    return allocate_watch(instance, horizon, level, 2.0)


@hook
def acted(records, run, watch, params, state, instance, t, arm):
    """The samples of round t against the posterior N(mean, sigma^2/N), from independent counts."""
    tally = watch.tally
    for i in range(tally.pulls.shape[0]):
        theta = state.sample[i]
        if i != arm and state.sample[arm] < np.inf:
            check(records, run, RULE, theta, state.sample[arm], 0.0, t, i, -1, -1)
        if tally.pulls[i] > 0:
            root = math.sqrt(float(tally.pulls[i]))
            distance = abs(theta - tally.means[i])
            check(records, run, SAMPLES, distance, watch.level / root, 1e-9, t, i, -1, -1)
            watch.excess[i] += (distance * root / instance.sd) ** 2 - 1.0
    check_pulls(records, run, watch, instance, t, arm, 2.0 * watch.level)


@hook
def observed(records, run, watch, params, state, instance, t, arm, reward):
    """Count independently of the algorithm."""
    tally = watch.tally
    count(tally, arm, reward, instance.gaps[arm])
    radius = watch.level / math.sqrt(float(tally.pulls[arm]))
    check(records, run, MEANS, abs(tally.means[arm] - instance.means[arm]), radius, 1e-9, t, arm, -1, -1)


@hook
def observe_without_count(params, state, t, arm, reward):
    """Planted fault: the posterior variance stays sigma^2, that of one observation."""
    set_posterior(params, state, arm, state.precision[arm] + 1.0, state.total[arm] + reward)
    state.sd[arm] = params.sigma


def moving(horizon: int) -> tuple[GaussianBandit, int]:
    """Five arms, one better by sqrt(K / T)."""
    gap = math.sqrt(5 / horizon)
    return gaussian(0.5 + gap, *[0.5] * 4), horizon


CLAIM = Claim(
    slug="thompson-gaussian",
    title="Thompson sampling, Gaussian posteriors",
    paper="Lattimore and Szepesvari 2020, Bandit Algorithms, chapter 36 (Theorem 36.3, Algorithm 24); first proved by "
    "Agrawal and Goyal 2013 for a variant",
    setting="stochastic bandit",
    algorithm=lambda instance, horizon: ThompsonGaussian(float(instance.sd)),
    cases=(
        Case("two arms", lambda: gaussian(0.8, 0.2), 5_000),
        Case("five arms", lambda: gaussian(0.1, 0.3, 1.0, 0.5, 0.7), 5_000),
        Case("close", lambda: gaussian(0.5, 0.4), 50_000, full_only=True),
    ),
    bounds=(),
    watch=sys.modules[__name__],
    rate=Rate(
        theorem("thompson-gaussian/minimax"), "the theorem's parameters; gap sqrt(K/T) moves with the horizon",
        lambda instance, horizon: ThompsonGaussian(), "T", (2**9, 2**10, 2**11, 2**12, 2**13), moving, n_runs=400,
    ),
    sabotages=(
        Sabotage(
            "narrow", "posterior standard deviation halved", ("spread",), lambda p: p._replace(sigma=0.5 * p.sigma)
        ),
        Sabotage(
            "strong-prior", "a prior worth 100 observations of 0", ("samples", "spread"),
            lambda p: p._replace(prior_precision=100.0),
        ),
        Sabotage(
            "no-learning", "the posterior variance does not shrink", ("samples", "spread", "pulls"),
            overrides={"observe": observe_without_count},
        ),
    ),
    lower_bound=lai_robbins_line,
    lower_bound_name="Lai and Robbins 1985, asymptotic slope",
    notes="Both statements of Theorem 36.3 leave constants open, so there is no explicit bound to hold a run against.",
)  # fmt: skip
