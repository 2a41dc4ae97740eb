"""Linear Thompson sampling: concentration, the fixed probability of optimism, and the regret of a round."""

from __future__ import annotations

import math
import sys
from typing import NamedTuple

import numpy as np

from bandits.algorithms.lin_ts import LinTS, perturb, spread
from bandits.linear import LinearBandit
from bandits.policies import highest
from kernels.jit import hook
from kernels.linalg import cholesky_solve, dot, inverse_norm
from kernels.random import normal_variate
from kernels.steps import Step, check
from proofs_check.claim import Bound, Case, Claim, Rate, Sabotage
from proofs_check.claims.oful import circle, sphere
from proofs_check.claims.oful import theorem_parameters as oful_parameters
from proofs_check.ellipsoid_steps import (
    HARD_LINE_NAME,
    LOG_DET,
    POTENTIAL_STEPS,
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
from theory.theorems.lin_ts import ANTI_CONCENTRATION, concentration

(COVERAGE, CONCENTRATION, SAMPLE, OPTIMISM, EXPLOITATION, IDENTITY, POTENTIAL, TRACE) = range(8)

#: The same number as a plain float, for compiled code.
LEAST = float(ANTI_CONCENTRATION)

STEPS = (
    Step(
        "coverage",
        "|thh_t - theta| in the norm of V_t <= sqrt(beta_t)(delta'), for all t <= T",
        "Abeille and Lazaric 2017, Proposition 1 and Definition 1: T events of probability delta'",
        "event",
        lambda params, instance, horizon: float(params.delta) / 4.0,
        place=("round",),
    ),
    Step(
        "concentration",
        "|theta~_t - thh_t| in the norm of V_t <= gm_t = sqrt(beta_t) sqrt(2 d log(2d/delta')), for all t <= T",
        "Abeille and Lazaric 2017, Definition 1: T events of probability delta'",
        "event",
        lambda params, instance, horizon: float(params.delta) / 4.0,
        place=("round",),
    ),
    Step(
        "sample",
        "the action played maximises <theta~, x>",
        "Abeille and Lazaric 2017, Algorithm 1; how much another action has more",
        place=("round", "context", "action"),
    ),
    Step(
        "optimism-probability",
        "p = 1/(4 sqrt(e pi)) <= P(<theta~, x*> >= <theta, x*> | past), the exact Gaussian probability",
        "Abeille and Lazaric 2017, Lemma 3; the perturbation has sd v |x*| in the direction of x*",
        "conditional",
        given=("coverage",),
        place=("round", "context"),
    ),
    Step(
        "exploitation",
        "<theta~ - theta, x_t> <= (sqrt(beta_t) + gm_t) |x_t| in V_t^{-1}",
        "Abeille and Lazaric 2017, Section 4: the first and the third term of the regret",
        "conditional",
        given=("coverage", "concentration"),
        place=("round", "context", "action"),
    ),
    *POTENTIAL_STEPS,
)


class Watch(NamedTuple):
    """The regression once more, and log(1/delta') and sqrt(2 d log(2d/delta'))."""

    regression: Regression
    constants: Float


def allocate(params: LinTS, instance: LinearBandit, horizon: int) -> Watch:
    """Arrays of the watch."""
    small = params.delta / (4.0 * horizon)
    factor = float(concentration(instance.dimension, np.asarray(small)))
    return Watch(allocate_regression(instance.dimension), np.array([math.log(1.0 / small), factor]))


@hook
def begin(watch, params, instance):
    """Forget the last run."""
    forget(watch.regression, params.regularization)


@hook
def acted(records, run, watch, params, state, instance, t, context, action):
    """Before the reward of round t."""
    regression = watch.regression
    bias = math.sqrt(params.regularization) * params.parameter_bound
    beta = params.noise * math.sqrt(2.0 * watch.constants[0] + regression.sums[LOG_DET]) + bias
    gamma = beta * watch.constants[1]
    error = distance(regression, state.estimate, instance.theta)
    check(records, run, COVERAGE, error, beta, 1e-9, t - 1, -1, -1, -1)
    error = distance(regression, state.sample, state.estimate)
    check(records, run, CONCENTRATION, error, gamma, 1e-9, t, -1, -1, -1)
    best = 0
    most = -np.inf
    for a in range(instance.means.shape[1]):
        if instance.means[context, a] > instance.means[context, best]:
            best = a
        most = max(dot(state.sample, instance.features[context, a]), most)
    x = instance.features[context, action]
    check(records, run, SAMPLE, most, dot(state.sample, x), 1e-9, t, context, action, -1)
    optimum = instance.features[context, best]
    cholesky_solve(regression.factor, regression.moment, regression.estimate)
    behind = best_mean(instance.means, context) - dot(regression.estimate, optimum)
    sd = state.radius[0] * inverse_norm(regression.factor, optimum, regression.scratch)
    # P(N(0, 1) >= z) = erfc(z / sqrt 2) / 2; without any perturbation it is 0 or 1.
    chance = 0.5 * math.erfc(behind / (sd * math.sqrt(2.0))) if sd > 0.0 else (1.0 if behind <= 0.0 else 0.0)
    check(records, run, OPTIMISM, LEAST, chance, 1e-9, t, context, -1, -1)
    width = inverse_norm(regression.factor, x, regression.scratch)
    excess = dot(state.sample, x) - instance.means[context, action]
    check(records, run, EXPLOITATION, excess, (beta + gamma) * width, 1e-9, t, context, action, -1)
    add_width(regression, width, instance.gaps[context, action])


@hook
def observed(records, run, watch, params, state, instance, t, context, action, reward):
    """After round t."""
    take(watch.regression, instance.features[context, action], reward, params.regularization)
    squared = params.feature_bound * params.feature_bound
    check_potential(records, run, IDENTITY, watch.regression, params.regularization, squared, t)


@hook
def act_in_the_wrong_norm(params, state, t, features, context, rng):
    """Planted fault: the perturbation is v eta, without V^{-1/2}."""
    state.radius[0] = spread(params, state)
    for i in range(state.sample.shape[0]):
        state.sample[i] = state.estimate[i] + state.radius[0] * normal_variate(rng)
    for a in range(state.values.shape[0]):
        state.values[a] = dot(state.sample, features[context, a])
    return highest(state.values)


@hook
def act_on_the_mean(params, state, t, features, context, rng):
    """Planted fault: the action is the best for thh; the sample is drawn and not used."""
    perturb(params, state, rng)
    for a in range(state.values.shape[0]):
        state.values[a] = dot(state.estimate, features[context, a])
    return highest(state.values)


def theorem_parameters(instance: LinearBandit, horizon: int) -> LinTS:
    """OFUL's parameters for the instance, inflated; delta = 0.2, so that its quarters can be tested by few runs."""
    return LinTS(*oful_parameters(instance, horizon, delta=0.2))


CLAIM = Claim(
    slug="lin-ts",
    title="Linear Thompson sampling",
    paper="Abeille and Lazaric 2017, Linear Thompson sampling revisited; "
    "Agrawal and Goyal 2013, Thompson sampling for contextual bandits with linear payoffs",
    setting="linear bandit",
    algorithm=theorem_parameters,
    cases=(
        Case("circle", lambda: circle(12, scale=0.5), 1_000),
        Case("contexts", lambda: sphere(4, 10, 8, seed=2, noise="uniform", scale=0.5), 1_000),
        Case("sphere d=8", lambda: sphere(8, 40, seed=3), 10_000, full_only=True),
    ),
    bounds=(Bound(theorem("lin-ts/regret")),),
    watch=sys.modules[__name__],
    rate=Rate(
        theorem("lin-ts/order"), "the theorem's radius (inflated)", theorem_parameters, "T",
        tuple(2**k for k in range(8, 14)), lambda horizon: (circle(6, angle=0.2), horizon),
    ),
    sabotages=(
        Sabotage(
            "small-perturbation", "a hundredth of the theorem's radius", ("optimism-probability",),
            lambda p: p._replace(scale=0.01), n_runs=10,
        ),
        Sabotage(
            "no-noise-in-radius", "radius for a thousandth of the noise, without S", ("coverage",),
            lambda p: p._replace(noise=1e-3 * p.noise, parameter_bound=0.0), n_runs=60,
        ),
        Sabotage(
            "wrong-norm", "the perturbation is v eta, without V^{-1/2}", ("concentration",),
            overrides={"act": act_in_the_wrong_norm}, n_runs=60,
        ),
        Sabotage(
            "greedy", "the action is the best for thh, not for the sample", ("sample",),
            overrides={"act": act_on_the_mean}, n_runs=5,
        ),
    ),
    lower_bound=hard_line,
    lower_bound_name=HARD_LINE_NAME,
    notes="the bound with its constants is vacuous at any horizon that can be run; the steps of its proof are not",
)  # fmt: skip
