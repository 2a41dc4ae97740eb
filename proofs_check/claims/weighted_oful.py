"""Weighted OFUL+: the weights, the weighted potential, coverage and optimism."""

from __future__ import annotations

import math
import sys
from typing import NamedTuple

import numpy as np

from bandits.algorithms.weighted_oful import WeightedOFUL, practical, take_weighted
from bandits.heteroscedastic import HeteroscedasticBandit
from kernels.jit import hook
from kernels.linalg import cholesky_solve, dot, inverse_norm
from kernels.steps import Step, check
from proofs_check.claim import Bound, Case, Claim, Rate, Sabotage
from proofs_check.claims.oful import sphere
from proofs_check.ellipsoid_steps import (
    COUNTED,
    COVERAGE_STEP,
    HARD_LINE_NAME,
    LOG_DET,
    OPTIMISM_STEP,
    POTENTIAL_STEPS,
    TOTAL,
    Float,
    Regression,
    add_width,
    allocate_regression,
    best_mean,
    check_potential,
    distance,
    forget,
    hard_line,
    take,
)
from theory.theorems import theorem
from theory.theorems.weighted_oful import deviation, floors

(COVERAGE, OPTIMISM, SUPPORT, WEIGHT, BERNSTEIN, INSTANT, IDENTITY, POTENTIAL, TRACE, REGRET) = range(10)

STEPS = (
    COVERAGE_STEP,
    OPTIMISM_STEP,
    Step(
        "support",
        "the index is <thh, x> + beta |x| in S^{-1}, of the regression on observations divided by the weights",
        "Zhou and Gu 2022, weighted OFUL+; difference of both sides",
        place=("round", "context", "action"),
    ),
    Step(
        "weight",
        "sb = max{s, alpha, gm |x|^{1/2} in S^{-1}}",
        "Zhou and Gu 2022, weighted OFUL+; difference of both sides",
        place=("round", "context", "action"),
    ),
    Step(
        "bernstein-size",
        "|x/sb^2| in S^{-1} <= 1/gm^2: what makes the bounded part of the noise harmless",
        "Zhou and Gu 2022, proof of the confidence set",
        place=("round", "context", "action"),
    ),
    Step(
        "instant-regret",
        "<theta, x*_t - x_t> <= 2 beta_{t-1} |x_t| in S_{t-1}^{-1}",
        "Zhou and Gu 2022, regret of weighted OFUL+",
        "conditional",
        given=("coverage",),
        place=("round", "context", "action"),
    ),
    *POTENTIAL_STEPS,
    Step(
        "regret",
        "R_t <= 2 beta_t (sqrt(2 l (sum s^2 + t alpha^2)) + 2 gm^2 l) + 4 l, l = log det S_t/S_0, if no gap exceeds 2",
        "Zhou and Gu 2022, proof of the regret of weighted OFUL+, with this run's variances and determinant",
        "conditional",
        given=("coverage",),
        place=("round",),
    ),
)


class Watch(NamedTuple):
    """The weighted regression once more; alpha, gm; the radius of every round; x/sb."""

    regression: Regression
    constants: Float
    radius: Float  # (T + 1,)
    divided: Float
    variances: Float


def allocate(params: WeightedOFUL, instance: HeteroscedasticBandit, horizon: int) -> Watch:
    """Arrays of the watch."""
    d = instance.dimension
    alpha, gm = floors(params.noise_bound, d, horizon)
    radius = np.zeros(horizon + 1)
    radius[1:] = params.scale * deviation(np.arange(1, horizon + 1), d, params, alpha, gm)
    radius += math.sqrt(params.regularization) * params.parameter_bound
    return Watch(allocate_regression(d), np.array([alpha, gm]), radius, np.zeros(d), instance.variances)


@hook
def begin(watch, params, instance):
    """Forget the last run."""
    forget(watch.regression, params.regularization)


@hook
def acted(records, run, watch, params, state, instance, t, context, action):
    """Before the reward of round t."""
    regression, ridge = watch.regression, state.ridge
    radius = watch.radius[t - 1]
    error = distance(regression, ridge.estimate, instance.theta)
    check(records, run, COVERAGE, error, radius, 1e-9, t - 1, -1, -1, -1)
    cholesky_solve(regression.factor, regression.moment, regression.estimate)
    x = instance.features[context, action]
    width = inverse_norm(regression.factor, x, regression.scratch)
    value = dot(regression.estimate, x) + radius * width
    index = ridge.mean[action] + ridge.radius[0] * ridge.width[action]
    check(records, run, SUPPORT, abs(index - value), 1e-6 * (1.0 + abs(value)), 0.0, t, context, action, -1)
    best = best_mean(instance.means, context)
    check(records, run, OPTIMISM, best, index, 1e-9, t, context, action, -1)
    regret = best - instance.means[context, action]
    check(records, run, INSTANT, regret, 2.0 * radius * width, 1e-7, t, context, action, -1)


@hook
def observed(records, run, watch, params, state, instance, t, context, action, reward):
    """After round t: the weight, and the potential of the divided features."""
    regression, x = watch.regression, instance.features[context, action]
    width = inverse_norm(regression.factor, x, regression.scratch)
    sd = math.sqrt(watch.variances[context, action])
    weight = max(sd, watch.constants[0], watch.constants[1] * math.sqrt(width))
    used = state.weight[0]
    check(records, run, WEIGHT, abs(used - weight), 1e-7 * (1.0 + weight), 0.0, t, context, action, -1)
    most = 1.0 / (watch.constants[1] * watch.constants[1])
    check(records, run, BERNSTEIN, width / (used * used), most, 1e-7, t, context, action, -1)
    add_width(regression, width / used, instance.gaps[context, action])
    regression.sums[COUNTED] += sd * sd
    for i in range(x.shape[0]):
        watch.divided[i] = x[i] / weight
    take(regression, watch.divided, reward / weight, params.regularization)
    size = params.feature_bound / watch.constants[0]
    check_potential(records, run, IDENTITY, regression, params.regularization, size * size, t)
    log_det = regression.sums[LOG_DET]
    total = regression.sums[COUNTED] + t * watch.constants[0] * watch.constants[0]
    spread = math.sqrt(2.0 * log_det * total) + 2.0 * watch.constants[1] * watch.constants[1] * log_det
    most = 2.0 * watch.radius[t] * spread + 4.0 * log_det
    check(records, run, REGRET, regression.sums[TOTAL], most, 1e-9, t, -1, -1, -1)


@hook
def observe_unweighted(params, state, t, features, context, action, reward):
    """Planted fault: every observation has weight 1."""
    state.weight[0] = 1.0
    take_weighted(params, state, features, context, action, reward, 1.0)


@hook
def observe_by_variance(params, state, t, features, context, action, reward):
    """Planted fault: the weight is max{s, alpha}, whatever the uncertainty."""
    state.weight[0] = max(math.sqrt(state.variances[context, action]), state.constants[0])
    take_weighted(params, state, features, context, action, reward, state.weight[0])


def shocks(dimension: int, n_actions: int, variances: tuple[float, ...], seed: int = 2) -> HeteroscedasticBandit:
    """Actions on the unit sphere; a context for each variance; shocks of size 1."""
    return HeteroscedasticBandit.by_context(sphere(dimension, n_actions, len(variances), seed=seed), variances)


def theorem_parameters(instance: HeteroscedasticBandit, horizon: int) -> WeightedOFUL:
    """The instance's own R, B (1 if theta is zero) and L; lam = 1/B^2; delta = 0.05.

    An instance that states no bound of its noise, which the theorems then refuse, gets its subgaussian constant.
    """
    bound = instance.parameter_bound or 1.0
    size = getattr(instance, "noise_bound", instance.noise_subgaussian)
    return WeightedOFUL(size, bound, instance.feature_bound, 1.0 / bound**2)


CLAIM = Claim(
    slug="weighted-oful",
    title="Weighted OFUL+",
    paper="Zhou and Gu 2022, Computationally efficient horizon-free reinforcement learning for linear mixture MDPs",
    setting="linear bandit",
    algorithm=theorem_parameters,
    cases=(
        Case("shocks", lambda: shocks(3, 8, (1.0, 0.1, 0.01, 0.001)), 2_000),
        Case("quiet", lambda: shocks(2, 6, (1e-3, 1e-4), seed=4), 2_000),
        Case("shocks d=8", lambda: shocks(8, 40, (1.0, 0.1, 0.01, 0.001)), 20_000, full_only=True),
    ),
    bounds=(Bound(theorem("weighted-oful/regret")),),
    watch=sys.modules[__name__],
    rate=Rate(
        theorem("weighted-oful/order"), "practical: 1/200 of the deviation part of the radius, no theorem",
        lambda instance, horizon: practical(theorem_parameters(instance, horizon)), "T",
        tuple(2**k for k in range(9, 15)), lambda horizon: (shocks(2, 6, (0.1, 0.01)), horizon), n_runs=30,
    ),
    sabotages=(
        Sabotage(
            "unweighted", "every observation has weight 1", ("weight", "support", "bernstein-size"),
            overrides={"observe": observe_unweighted}, n_runs=5,
        ),
        Sabotage(
            "variance-only", "the weight ignores the uncertainty", ("weight", "bernstein-size"),
            overrides={"observe": observe_by_variance}, case="quiet", n_runs=5,
        ),
        Sabotage(
            "no-radius", "a ten-thousandth of the deviation, and B = 0", ("coverage",),
            lambda p: p._replace(scale=1e-4, parameter_bound=0.0), n_runs=60,
        ),
    ),
    lower_bound=hard_line,
    lower_bound_name=HARD_LINE_NAME,
    notes="with the theorem's constants (12 and 30) the radius is in the hundreds and every run explores; the figure "
    "and the rate use the practical preset",
)  # fmt: skip
