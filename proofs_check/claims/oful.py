"""OFUL: the regret theorem of Abbasi-Yadkori, Pal and Szepesvari (2011) and the steps of its proof."""

from __future__ import annotations

import math
import sys
from typing import Any

import numpy as np

from bandits.algorithms.oful import OFUL, confidence_radius, look_at
from bandits.linear import LinearBandit
from bandits.policies import highest_index
from kernels.jit import hook
from kernels.linalg import cholesky_solve, dot, inverse_norm, sherman_morrison
from kernels.steps import Step, check
from proofs_check.claim import Bound, Case, Claim, Rate, Sabotage
from proofs_check.ellipsoid_steps import (
    COUNTED,
    COVERAGE_STEP,
    LOG_DET,
    OPTIMISM_STEP,
    POTENTIAL_STEPS,
    TOTAL,
    Regression,
    add_width,
    allocate_regression,
    best_mean,
    check_potential,
    distance,
    forget,
    take,
)
from theory.lower_bounds import linear_book
from theory.theorems import theorem

(COVERAGE, SUPPORT, OPTIMISM, INSTANT, IDENTITY, POTENTIAL, TRACE, LARGE_WIDTHS, REGRET) = range(9)

#: Widths counted by the step "large-widths".
LARGE = 0.5

STEPS = (
    COVERAGE_STEP,
    Step(
        "support",
        "the index is max over the ellipsoid C_{t-1} of <theta, x> = <thh, x> + sqrt(beta) |x| in V_{t-1}^{-1}",
        "Lattimore and Szepesvari 2020, equation (19.8); difference of both sides",
        place=("round", "context", "action"),
    ),
    OPTIMISM_STEP,
    Step(
        "instant-regret",
        "<theta, x*_t - x_t> <= 2 sqrt(beta_{t-1}) |x_t| in V_{t-1}^{-1}",
        "Abbasi-Yadkori, Pal and Szepesvari 2011, proof of Theorem 3",
        "conditional",
        given=("coverage",),
        place=("round", "context", "action"),
    ),
    *POTENTIAL_STEPS,
    Step(
        "large-widths",
        f"rounds with |x_t| >= u in V_(t-1)^-1, u = {LARGE}: at most (3d/log(1+u^2)) log(1 + L^2/(lam log(1+u^2)))",
        "Lattimore and Szepesvari 2020, Exercise 19.3",
        place=("round",),
    ),
    Step(
        "regret",
        "R_t <= sqrt(8 t max(1, beta_{t-1}) log(det V_t/det V_0)), if no gap exceeds 2",
        "Lattimore and Szepesvari 2020, Theorem 19.2, before the determinant is bounded",
        "conditional",
        given=("coverage",),
        place=("round",),
    ),
)


def allocate(params: OFUL, instance: LinearBandit, horizon: int) -> Regression:
    """Arrays of the watch."""
    return allocate_regression(instance.dimension)


@hook
def begin(watch, params, instance):
    """Forget the last run."""
    forget(watch, params.regularization)


@hook
def acted(records, run, watch, params, state, instance, t, context, action):
    """Before the reward of round t: the ellipsoid and the indices of the rule."""
    radius = state.radius[0]
    # Coverage, of the algorithm's own estimate and radius in the norm of an independently summed V_{t-1}.
    error = distance(watch, state.estimate, instance.theta)
    check(records, run, COVERAGE, error, radius, 1e-9, t - 1, -1, -1, -1)
    cholesky_solve(watch.factor, watch.moment, watch.estimate)
    own_radius = confidence_radius(params, watch.sums[LOG_DET])
    for a in range(instance.means.shape[1]):
        x = instance.features[context, a]
        value = dot(watch.estimate, x) + own_radius * inverse_norm(watch.factor, x, watch.scratch)
        index = state.mean[a] + radius * state.width[a]
        check(records, run, SUPPORT, abs(index - value), 1e-7 * (1.0 + abs(value)), 0.0, t, context, a, -1)
    best = best_mean(instance.means, context)
    index = state.mean[action] + radius * state.width[action]
    check(records, run, OPTIMISM, best, index, 1e-9, t, context, action, -1)
    width = state.width[action]
    regret = best - instance.means[context, action]
    check(records, run, INSTANT, regret, 2.0 * radius * width, 1e-9, t, context, action, -1)
    add_width(watch, width, regret)
    if width >= LARGE:
        watch.sums[COUNTED] += 1.0


@hook
def observed(records, run, watch, params, state, instance, t, context, action, reward):
    """After round t: determinants and sums of widths."""
    x = instance.features[context, action]
    d = x.shape[0]
    take(watch, x, reward, params.regularization)
    lam, bound = params.regularization, params.feature_bound * params.feature_bound
    check_potential(records, run, IDENTITY, watch, lam, bound, t)
    logs = math.log(1.0 + LARGE * LARGE)
    most = 3.0 * d / logs * math.log(1.0 + bound / (lam * logs))
    check(records, run, LARGE_WIDTHS, watch.sums[COUNTED], most, 0.0, t, -1, -1, -1)
    beta = max(1.0, state.radius[0] * state.radius[0])
    most = math.sqrt(8.0 * t * beta * watch.sums[LOG_DET])
    check(records, run, REGRET, watch.sums[TOTAL], most, 1e-9, t, -1, -1, -1)


@hook
def observe_without_estimate(params, state, t, features, context, action, reward):
    """Planted fault: V is updated, the estimate stays where it was."""
    x = features[context, action]
    growth = sherman_morrison(state.inverse, x, state.image)
    state.log_det[0] += math.log(growth)
    state.context[0] = -1


@hook
def act_after_update(params, state, t, features, context, rng):
    """Planted fault: widths in V_t, as if the action had been played already: |x|^2 becomes |x|^2 / (1 + |x|^2)."""
    look_at(state, features, context)
    for a in range(state.width.shape[0]):
        state.width[a] = math.sqrt(state.squared[a] / (1.0 + state.squared[a]))
    state.context[0] = -1
    state.radius[0] = confidence_radius(params, state.log_det[0])
    return highest_index(state.mean, state.width, state.radius[0])


@hook
def act_with_squared_width(params, state, t, features, context, rng):
    """Planted fault: the bonus is sqrt(beta) |x|^2, without the root."""
    look_at(state, features, context)
    for a in range(state.width.shape[0]):
        state.width[a] = state.squared[a]
    state.context[0] = -1
    state.radius[0] = confidence_radius(params, state.log_det[0])
    return highest_index(state.mean, state.width, state.radius[0])


def circle(n_actions: int, scale: float = 1.0, angle: float = 0.3) -> LinearBandit:
    """Actions spread evenly on the unit circle, theta a unit vector between two of them."""
    angles = 2.0 * np.pi * np.arange(n_actions) / n_actions
    return LinearBandit.fixed(
        np.column_stack([np.cos(angles), np.sin(angles)]),
        [math.cos(angle), math.sin(angle)],
        scale=scale,
        name=f"circle({n_actions} actions, sd {scale:g})",
    )


def sphere(dimension: int, n_actions: int, n_contexts: int = 1, seed: int = 0, **options: Any) -> LinearBandit:
    """Actions uniform on the unit sphere, drawn once for each context; theta uniform on the sphere."""
    rng = np.random.default_rng(seed)
    features = rng.standard_normal((n_contexts, n_actions, dimension))
    features /= np.linalg.norm(features, axis=2, keepdims=True)
    theta = rng.standard_normal(dimension)
    return LinearBandit.contextual(
        features,
        theta / np.linalg.norm(theta),
        name=f"sphere(d={dimension}, {n_contexts} x {n_actions} actions)",
        **options,
    )


def _bernoulli_contexts() -> LinearBandit:
    """Means in [0, 1]: simplex features, theta in [0, 1]^3."""
    rng = np.random.default_rng(4)
    return LinearBandit.contextual(
        rng.dirichlet(np.ones(3), size=(4, 6)), [0.9, 0.2, 0.5], [0.4, 0.3, 0.2, 0.1], noise="bernoulli",
        name="simplex contexts, Bernoulli rewards",
    )  # fmt: skip


def _large_parameter() -> LinearBandit:
    """|theta| = 2 with little noise: nothing but the term sqrt(lam) S covers the first rounds."""
    return LinearBandit.fixed([[0.5, 0.0], [0.0, 0.5], [0.3, 0.3]], [2.0, -2.0 / 3.0], scale=0.05, name="large theta")


def _small_parameter() -> LinearBandit:
    """|theta| = 0.05 with much noise: nothing but the noise term covers the estimate."""
    rng = np.random.default_rng(6)
    features = rng.standard_normal((20, 4))
    return LinearBandit.fixed(
        features / np.linalg.norm(features, axis=1, keepdims=True), [0.03, 0.0, 0.04, 0.0], name="small theta"
    )


def theorem_parameters(instance: LinearBandit, horizon: int, delta: float = 0.05) -> OFUL:
    """The instance's own R, S and L; lam = max(1, L^2) as the corrected Theorem 3 asks."""
    bound = instance.feature_bound
    return OFUL(instance.noise_subgaussian, instance.parameter_bound, bound, max(1.0, bound**2), delta)


CLAIM = Claim(
    slug="oful",
    title="OFUL (LinUCB)",
    paper="Abbasi-Yadkori, Pal and Szepesvari 2011, Improved algorithms for linear stochastic bandits",
    setting="linear bandit",
    algorithm=theorem_parameters,
    cases=(
        Case("circle", lambda: circle(12, scale=0.5), 2_000),
        Case("contexts", lambda: sphere(4, 10, 8, seed=2, noise="uniform", scale=0.5), 2_000),
        Case("bernoulli contexts", _bernoulli_contexts, 20_000, full_only=True),
        Case("sphere d=8", lambda: sphere(8, 40, seed=3), 20_000, full_only=True),
    ),
    bounds=(
        Bound(theorem("oful/regret"), anytime=True),
        Bound(theorem("oful/regret-aps"), anytime=True),
    ),
    watch=sys.modules[__name__],
    rate=Rate(
        theorem("oful/gap-dependent"), "the theorem's parameters", theorem_parameters, "T",
        tuple(2**k for k in range(9, 15)), lambda horizon: (circle(6, angle=0.2), horizon), prefix=True,
    ),
    sabotages=(
        Sabotage(
            "no-bias-term", "radius without sqrt(lam) S", ("coverage",),
            lambda p: p._replace(parameter_bound=0.0), build=_large_parameter, horizon=200, n_runs=60,
        ),
        Sabotage(
            "small-noise", "radius for a tenth of the noise", ("coverage",),
            lambda p: p._replace(noise=0.1 * p.noise), build=_small_parameter, horizon=500, n_runs=60,
        ),
        Sabotage(
            "frozen-estimate", "V is updated, the estimate is not", ("coverage", "support"),
            overrides={"observe": observe_without_estimate}, n_runs=10,
        ),
        Sabotage(
            "current-round", "widths in the norm of V_t^{-1} instead of V_{t-1}^{-1}",
            ("support", "log-det"), overrides={"act": act_after_update}, n_runs=10,
        ),
        Sabotage(
            "squared-width", "bonus sqrt(beta) |x|^2 without the root",
            ("support", "optimism", "instant-regret", "log-det"),
            overrides={"act": act_with_squared_width}, n_runs=10,
        ),
    ),
    lower_bound=lambda instance, horizons: linear_book(instance.dimension, np.maximum(horizons, 256.0)),
    lower_bound_name="Agarwal, Jiang, Kakade and Sun, Theorem 6.4: d sqrt(T)/2500 (worst case over instances)",
)  # fmt: skip
