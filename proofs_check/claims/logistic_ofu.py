"""OFULog: the confidence set in the metric of the Hessian, self-concordance, optimism."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from bandits.algorithms.logistic_ofu import Moment, OFULog, OFULogRelaxed
from bandits.generalised import LogisticBandit
from kernels.steps import Step
from proofs_check.claim import Bound, Case, Claim, Rate, Sabotage
from proofs_check.claims.glm_ucb import logistic_circle
from proofs_check.ellipsoid_steps import HARD_LINE_NAME, hard_line
from theory.logistic import mean, slope
from theory.theorems import theorem
from theory.theorems.logistic_ofu import score_radius

STEPS = (
    Step(
        "coverage",
        "|g_t(theta) - sum r x| in H_t^{-1}(theta) <= gm_t + sqrt(lam) S at the true theta, for all t",
        "Faury, Abeille, Calauzenes and Fercoq 2020, Theorem 1",
        "event",
        lambda params, instance, horizon: float(params.delta),
        place=("round",),
    ),
    Step(
        "member",
        "the optimistic parameter lies in the set, and in the ball; its excess over the radius",
        "Abeille, Faury and Calauzenes 2021, definition of the set; from the rounds themselves",
        place=("round",),
    ),
    Step(
        "optimism",
        "<theta, x*> <= <theta~_t, x_t>, theta being on the grid",
        "Abeille, Faury and Calauzenes 2021, optimism",
        "conditional",
        given=("coverage",),
        place=("round", "action"),
    ),
    Step(
        "self-concordance",
        "H_t(theta) <= (1 + 2S) G_t(theta, theta~): largest eigenvalue of H G^{-1}",
        "Faury et al. 2020, Lemma 10: m' changes by at most its own size, |m''| <= m'",
        place=("round",),
    ),
    Step(
        "distance",
        "|theta~ - theta| in H_t(theta) <= (1 + 2S)(gm_t(theta~) + gm_t(theta) + 2 sqrt(lam) S)",
        "Faury et al. 2020, Lemma 11",
        "conditional",
        given=("coverage",),
        place=("round",),
    ),
)


class Watch:
    """The rounds so far, by action, and the noise."""

    def __init__(self, instance: LogisticBandit) -> None:
        self.x, self.means = instance.features[0], instance.means[0]
        self.counts, self.sums = np.zeros(len(self.x)), np.zeros(len(self.x))


def allocate(params: Any, instance: LogisticBandit, horizon: int) -> Watch:
    """Notes of one run."""
    return Watch(instance)


def _at(watch: Watch, params: Any, theta: Any) -> tuple[Any, float, float]:
    """H(theta), |g(theta) - sum r x| in its inverse, and the radius, from the data alone."""
    z = watch.x @ theta
    hessian = (watch.x * (watch.counts * slope(z))[:, None]).T @ watch.x + params.regularization * np.eye(2)
    off = watch.x.T @ (watch.counts * mean(z) - watch.sums) + params.regularization * theta
    distance = math.sqrt(off @ np.linalg.solve(hessian, off))
    log_det = float(np.linalg.slogdet(hessian / params.regularization)[1])
    radius = float(score_radius(log_det, 2, params.delta, params.regularization, params.parameter_bound))
    return hessian, distance, radius


def observed(
    check: Callable[..., None], watch: Watch, params: Any, instance: LogisticBandit, t: int, moment: Moment
) -> None:
    """The set before the round, then the round."""
    theta, other, s = instance.theta, moment.theta, params.parameter_bound
    hessian, distance, radius = _at(watch, params, theta)
    check("coverage", distance, radius, t - 1)
    _, its_distance, its_radius = _at(watch, params, other)
    check("member", its_distance, params.scale * its_radius, t)
    check("member", np.linalg.norm(other), s, t)
    action = moment.action
    check("optimism", float((watch.x @ theta).max()), float(watch.x[action] @ other), t, action)
    # G(theta, theta~) = sum alpha x x' + lam I with alpha the mean slope between the two.
    z, w = watch.x @ theta, watch.x @ other
    apart = np.abs(w - z) > 1e-9
    between = np.where(apart, (mean(w) - mean(z)) / np.where(apart, w - z, 1.0), slope(z))
    middle = (watch.x * (watch.counts * between)[:, None]).T @ watch.x + params.regularization * np.eye(2)
    largest = float(np.linalg.eigvals(np.linalg.solve(middle, hessian)).real.max())
    check("self-concordance", largest, 1.0 + 2.0 * s, t)
    error = other - theta
    check("distance", math.sqrt(error @ hessian @ error), (1.0 + 2.0 * s) * (radius + its_radius), t)
    watch.counts[action] += 1.0
    watch.sums[action] += moment.reward


def everything(grid: Any, excess: Any) -> tuple[int, int]:
    """Planted fault: optimism over the whole ball, whatever the data."""
    values = grid.theta @ grid.features.T
    row, action = np.unravel_index(int(np.argmax(values)), values.shape)
    return int(row), int(action)


def centre(grid: Any, excess: Any) -> tuple[int, int]:
    """Planted fault: the best action of the parameter that fits best, without optimism."""
    row = int(np.argmin(excess))
    return row, int(np.argmax(grid.features @ grid.theta[row]))


def circle_on_grid(n_actions: int, length: float) -> LogisticBandit:
    """theta on the 27th of the default grid's 48 directions, which is none of eight actions."""
    return logistic_circle(n_actions, length, 2.0 * math.pi * 26.0 / 48.0)


def theorem_parameters(instance: LogisticBandit, horizon: int) -> OFULog:
    """The instance's own S and L; lam = 1; delta = 0.05; theta must lie on the grid."""
    return OFULog(instance.parameter_bound, instance.feature_bound)


def practical(params: OFULog) -> OFULog:
    """Practical preset, without a theorem: a tenth of the radius."""
    return params._replace(scale=0.1)


def relaxed_parameters(instance: LogisticBandit, horizon: int) -> OFULogRelaxed:
    """The same for OFULog-r."""
    return OFULogRelaxed(instance.parameter_bound, instance.feature_bound)


CLAIM = Claim(
    slug="logistic-ofu",
    title="OFULog: optimism for logistic bandits",
    paper="Faury, Abeille, Calauzenes and Fercoq 2020, Improved optimistic algorithms for logistic bandits; "
    "Abeille, Faury and Calauzenes 2021, Instance-wise minimax-optimal algorithms for logistic bandits",
    setting="linear bandit",
    algorithm=theorem_parameters,
    cases=(
        Case("circle", lambda: circle_on_grid(8, 2.0), 60, max_runs=100),
        Case("steep circle", lambda: circle_on_grid(10, 4.0), 1_000, max_runs=100, full_only=True),
    ),
    bounds=(Bound(theorem("logistic-ofu/regret"), anytime=True),),
    watch=sys.modules[__name__],
    rate=Rate(
        theorem("logistic-ofu/order"), "practical: a tenth of the radius, no theorem",
        lambda instance, horizon: practical(theorem_parameters(instance, horizon)), "T",
        (64, 128, 256, 512, 1024), lambda horizon: (circle_on_grid(4, 1.0), horizon), n_runs=40, prefix=True,
    ),
    sabotages=(
        Sabotage(
            "whole-ball", "optimism over the whole ball, not over the (practical) set", ("member",),
            lambda p: practical(p), overrides={"optimistic": everything}, n_runs=2,
            build=lambda: circle_on_grid(8, 2.0), horizon=200,
        ),
        Sabotage(
            "no-optimism", "the best fitting parameter of the grid", ("optimism",),
            overrides={"optimistic": centre}, n_runs=3,
        ),
        Sabotage(
            "hundredth", "a hundredth of the radius", ("optimism",), lambda p: p._replace(scale=0.01), n_runs=3,
        ),
    ),
    lower_bound=lambda instance, horizons: instance.best_slope**0.5 * hard_line(instance, horizons),
    lower_bound_name=f"{HARD_LINE_NAME}, times sqrt(m'(<theta, x*>)): the order of Abeille et al. 2021, Theorem 2",
    user_horizon=200,
)  # fmt: skip
