"""Rarely switching OFUL: regret, number of switches, and the price of an old ellipsoid."""

from __future__ import annotations

import math
import sys
from typing import NamedTuple

import numpy as np

from bandits.algorithms.oful import learn
from bandits.algorithms.rare_switching_oful import RareSwitchingOFUL, freeze, look_at
from bandits.linear import LinearBandit
from bandits.policies import highest_index
from kernels.jit import hook
from kernels.linalg import cholesky, cholesky_solve, dot, inverse_norm
from kernels.steps import Step, check
from proofs_check.claim import Bound, Case, Claim, Rate, Sabotage
from proofs_check.claims.oful import circle, sphere
from proofs_check.claims.oful import theorem_parameters as oful_parameters
from proofs_check.ellipsoid_steps import (
    COVERAGE_STEP,
    HARD_LINE_NAME,
    LOG_DET,
    OPTIMISM_STEP,
    TOTAL,
    TRACE_STEP,
    Float,
    Regression,
    allocate_regression,
    best_mean,
    distance,
    forget,
    hard_line,
    take,
)
from theory.theorems import theorem

(COVERAGE, OPTIMISM, RENEWAL, FROZEN, OLD_WIDTH, INSTANT, SWITCHES, TRACE, REGRET) = range(9)

STEPS = (
    COVERAGE_STEP,
    OPTIMISM_STEP,
    Step(
        "renewal",
        "the ellipsoid is renewed if log det V_{t-1} - log det V_tau exceeds log(1 + C), and only then",
        "Abbasi-Yadkori, Pal and Szepesvari 2011, Figure 3; how far on the wrong side of log(1 + C)",
        place=("round",),
    ),
    Step(
        "frozen-ellipsoid",
        "the index is max over the ellipsoid C_tau of <theta, x>, tau the round of the last renewal",
        "Abbasi-Yadkori, Pal and Szepesvari 2011, Figure 3; difference of both sides",
        place=("round", "context", "action"),
    ),
    Step(
        "old-width",
        "|x_t| in V_tau^{-1} <= sqrt(1 + C) |x_t| in V_{t-1}^{-1}, with the width the rule used",
        "Abbasi-Yadkori, Pal and Szepesvari 2011, Lemma 12",
        place=("round", "context", "action"),
    ),
    Step(
        "instant-regret",
        "<theta, x*_t - x_t> <= 2 sqrt(beta_tau) |x_t| in V_tau^{-1}",
        "Abbasi-Yadkori, Pal and Szepesvari 2011, proof of Theorem 4",
        "conditional",
        given=("coverage",),
        place=("round", "context", "action"),
    ),
    Step(
        "switches",
        "renewals so far <= log(det V_t/det V_0) / log(1 + C)",
        "Abbasi-Yadkori, Pal and Szepesvari 2011, Section 5.1",
        place=("round",),
    ),
    TRACE_STEP,
    Step(
        "regret",
        "R_t <= sqrt(8 (1 + C) t max(1, beta_tau) log(det V_t/det V_0)), if no gap exceeds 2",
        "Abbasi-Yadkori, Pal and Szepesvari 2011, Theorem 4, before the determinant is bounded",
        "conditional",
        given=("coverage",),
        place=("round",),
    ),
)


class Watch(NamedTuple):
    """The regression once more; and its factor, estimate, log det and radius of the last renewal."""

    regression: Regression
    factor: Float
    estimate: Float
    kept: Float  # log det, radius, renewals


def allocate(params: RareSwitchingOFUL, instance: LinearBandit, horizon: int) -> Watch:
    """Arrays of the watch."""
    d = instance.dimension
    return Watch(allocate_regression(d), np.zeros((d, d)), np.zeros(d), np.zeros(3))


@hook
def _keep(watch, params):
    """The ellipsoid of the present round, with its radius by Theorem 2."""
    log_det = watch.regression.sums[LOG_DET]
    cholesky(watch.regression.gram, watch.factor)
    cholesky_solve(watch.factor, watch.regression.moment, watch.estimate)
    watch.kept[0] = log_det
    bias = math.sqrt(params.regularization) * params.parameter_bound
    watch.kept[1] = params.noise * math.sqrt(2.0 * math.log(1.0 / params.delta) + log_det) + bias


@hook
def begin(watch, params, instance):
    """Forget the last run."""
    forget(watch.regression, params.regularization)
    _keep(watch, params)
    watch.kept[2] = 0.0


@hook
def acted(records, run, watch, params, state, instance, t, context, action):
    """Before the reward of round t."""
    regression, frozen = watch.regression, state.frozen
    # The rule's own running estimate against the radius of its own determinant, for all t and not only at renewals.
    bias = math.sqrt(params.regularization) * params.parameter_bound
    radius = params.noise * math.sqrt(2.0 * math.log(1.0 / params.delta) + regression.sums[LOG_DET]) + bias
    error = distance(regression, state.ridge.estimate, instance.theta)
    check(records, run, COVERAGE, error, radius, 1e-9, t - 1, -1, -1, -1)
    # Features of norm 1 with lam = C = 1 bring det V to exactly 1 + C: the last bit decides, so allow for rounding.
    excess = regression.sums[LOG_DET] - watch.kept[0] - math.log(1.0 + params.growth)
    if state.switches[0] > watch.kept[2]:
        check(records, run, RENEWAL, -excess, 0.0, 1e-9, t, -1, -1, -1)
        watch.kept[2] = state.switches[0]
        _keep(watch, params)
    else:
        check(records, run, RENEWAL, excess, 0.0, 1e-9, t, -1, -1, -1)
    x = instance.features[context, action]
    old = inverse_norm(watch.factor, x, regression.scratch)
    value = dot(watch.estimate, x) + watch.kept[1] * old
    width = frozen.width[action]
    index = frozen.mean[action] + frozen.radius[0] * width
    check(records, run, FROZEN, abs(index - value), 1e-7 * (1.0 + abs(value)), 0.0, t, context, action, -1)
    now = inverse_norm(regression.factor, x, regression.scratch)
    check(records, run, OLD_WIDTH, width, math.sqrt(1.0 + params.growth) * now, 1e-7, t, context, action, -1)
    best = best_mean(instance.means, context)
    check(records, run, OPTIMISM, best, index, 1e-9, t, context, action, -1)
    regret = best - instance.means[context, action]
    check(records, run, INSTANT, regret, 2.0 * frozen.radius[0] * width, 1e-9, t, context, action, -1)
    regression.sums[TOTAL] += regret


@hook
def observed(records, run, watch, params, state, instance, t, context, action, reward):
    """After round t."""
    regression = watch.regression
    x = instance.features[context, action]
    take(regression, x, reward, params.regularization)
    log_det, d = regression.sums[LOG_DET], x.shape[0]
    check(records, run, SWITCHES, state.switches[0], log_det / math.log(1.0 + params.growth), 1e-9, t, -1, -1, -1)
    squared = params.feature_bound * params.feature_bound
    most = d * math.log(1.0 + t * squared / (d * params.regularization))
    check(records, run, TRACE, log_det, most, 1e-9, t, -1, -1, -1)
    beta = max(1.0, state.frozen.radius[0] * state.frozen.radius[0])
    most = math.sqrt(8.0 * (1.0 + params.growth) * t * beta * log_det)
    check(records, run, REGRET, regression.sums[TOTAL], most, 1e-9, t, -1, -1, -1)


@hook
def act_that_never_renews(params, state, t, features, context, rng):
    """Planted fault: the ellipsoid of round 0 for ever."""
    if context != state.frozen.context[0]:
        look_at(state.frozen, features, context)
    return highest_index(state.frozen.mean, state.frozen.width, state.frozen.radius[0])


@hook
def act_by_the_calendar(params, state, t, features, context, rng):
    """Planted fault: the ellipsoid is renewed every third round, whatever the determinant."""
    if t % 3 == 0:
        freeze(params, state)
        state.switches[0] += 1
    if context != state.frozen.context[0]:
        look_at(state.frozen, features, context)
    return highest_index(state.frozen.mean, state.frozen.width, state.frozen.radius[0])


@hook
def observe_twice(params, state, t, features, context, action, reward):
    """Planted fault: every observation is counted twice."""
    x = features[context, action]
    learn(params, state.ridge, x, reward, reward - dot(state.ridge.estimate, x))
    learn(params, state.ridge, x, reward, reward - dot(state.ridge.estimate, x))


def theorem_parameters(instance: LinearBandit, horizon: int, growth: float = 1.0) -> RareSwitchingOFUL:
    """OFUL's parameters for the instance, and C = 1."""
    return RareSwitchingOFUL(*oful_parameters(instance, horizon), growth)


CLAIM = Claim(
    slug="rare-switching-oful",
    title="Rarely switching OFUL",
    paper="Abbasi-Yadkori, Pal and Szepesvari 2011, Improved algorithms for linear stochastic bandits",
    setting="linear bandit",
    algorithm=theorem_parameters,
    cases=(
        Case("circle", lambda: circle(12, scale=0.5), 4_000),
        Case("contexts", lambda: sphere(4, 10, 8, seed=2, noise="uniform", scale=0.5), 4_000),
        Case("sphere d=8", lambda: sphere(8, 40, seed=3), 40_000, full_only=True),
    ),
    bounds=(
        Bound(theorem("rare-switching-oful/regret"), anytime=True),
        Bound(
            theorem("rare-switching-oful/switches"),
            outcome=lambda trace, instance, params: trace.extra["summary"][:, 0],
            largest=lambda instance, horizon: float(horizon),
        ),
    ),
    watch=sys.modules[__name__],
    rate=Rate(
        theorem("oful/gap-dependent"), "the theorem's parameters, C = 1", theorem_parameters, "T",
        tuple(2**k for k in range(9, 15)), lambda horizon: (circle(6, angle=0.2), horizon), n_runs=150, prefix=True,
    ),
    sabotages=(
        Sabotage(
            "never-renewed", "the ellipsoid of round 0 for ever", ("renewal", "old-width"),
            overrides={"act": act_that_never_renews}, n_runs=5,
        ),
        Sabotage(
            "calendar", "the ellipsoid is renewed every third round", ("renewal", "switches"),
            overrides={"act": act_by_the_calendar}, n_runs=5,
        ),
        Sabotage(
            "counted-twice", "every observation is counted twice", ("frozen-ellipsoid",),
            overrides={"observe": observe_twice}, n_runs=5,
        ),
        Sabotage(
            "small-noise", "radius for a hundredth of the noise and S = 0", ("optimism", "coverage", "instant-regret"),
            lambda p: p._replace(noise=0.01 * p.noise, parameter_bound=0.0), n_runs=60,
        ),
    ),
    lower_bound=hard_line,
    lower_bound_name=HARD_LINE_NAME,
)  # fmt: skip
