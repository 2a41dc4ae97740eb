"""GLM-UCB: the score, the constrained estimate, optimism through the link."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from bandits.algorithms.glm_ucb import GLMUCB, Moment
from bandits.generalised import LogisticBandit
from kernels.steps import Step
from proofs_check.claim import Bound, Case, Claim, Rate, Sabotage
from proofs_check.ellipsoid_steps import HARD_LINE_NAME, OPTIMISM_STEP, POTENTIAL_STEPS, hard_line
from theory.logistic import curvature_inverse, fit, mean
from theory.theorems import theorem
from theory.theorems.glm_ucb import LIPSCHITZ, NOISE

STEPS = (
    Step(
        "coverage",
        "|sum noise_s x_s - lam theta| in V_t^{-1} <= rho_t = (1/2) sqrt(2 log(1/delta) + log det) + sqrt(lam) S",
        "Abbasi-Yadkori, Pal and Szepesvari 2011, Theorem 1, for noise in an interval of length 1",
        "event",
        lambda params, instance, horizon: float(params.delta),
        place=("round",),
    ),
    Step(
        "estimate",
        "thh is stationary on the ball: the gradient vanishes, or |thh| = S and it is a multiple of -thh; its rest",
        "Karush-Kuhn-Tucker; from the rounds themselves",
        place=("round",),
    ),
    Step(
        "distance",
        "|thh_t - theta| in V_t <= kappa rho_t",
        "Filippi et al. 2010, proof of Proposition 1, by the variational inequality of the constrained estimate",
        "conditional",
        given=("coverage",),
        place=("round",),
    ),
    OPTIMISM_STEP,
    Step(
        "instant-regret",
        "m(<theta, x*>) - m(<theta, x_t>) <= (1/2) kappa rho |x_t| in V^{-1}",
        "Filippi et al. 2010: m is 1/4-Lipschitz",
        "conditional",
        given=("coverage",),
        place=("round", "context", "action"),
    ),
    *POTENTIAL_STEPS,
)


class Watch:
    """The rounds so far and V, summed by the watch."""

    def __init__(self, params: GLMUCB, instance: LogisticBandit) -> None:
        self.x, self.means = instance.features[0], instance.means[0]
        self.gram = params.regularization * np.eye(instance.dimension)
        self.noise = np.zeros(instance.dimension)
        self.counts, self.sums = np.zeros(len(self.x)), np.zeros(len(self.x))
        self.logs = self.clipped = 0.0
        self.kappa = curvature_inverse(params.parameter_bound, params.feature_bound)


def allocate(params: GLMUCB, instance: LogisticBandit, horizon: int) -> Watch:
    """Notes of one run."""
    return Watch(params, instance)


def observed(
    check: Callable[..., None], watch: Watch, params: GLMUCB, instance: LogisticBandit, t: int, moment: Moment
) -> None:
    """What the rule saw before the round, then the round."""
    lam, x, theta = params.regularization, watch.x, instance.theta
    log_det = float(np.linalg.slogdet(watch.gram / lam)[1])
    rho = NOISE * math.sqrt(2.0 * math.log(1.0 / params.delta) + log_det) + math.sqrt(lam) * params.parameter_bound
    inverse = np.linalg.inv(watch.gram)
    score = watch.noise - lam * theta
    check("coverage", math.sqrt(score @ inverse @ score), rho, t - 1)
    thh = moment.estimate
    gradient = x.T @ (watch.counts * mean(x @ thh) - watch.sums) + lam * thh
    length = float(np.linalg.norm(thh))
    multiplier = 0.0
    if length >= params.parameter_bound * (1.0 - 1e-9):
        multiplier = max(0.0, -float(gradient @ thh) / length**2)
    check("estimate", np.linalg.norm(gradient + multiplier * thh), 0.0, t - 1, tolerance=1e-6)
    check("estimate", length, params.parameter_bound, t - 1)
    error = thh - theta
    check("distance", math.sqrt(error @ watch.gram @ error), watch.kappa * rho, t - 1)
    action = moment.action
    width = math.sqrt(x[action] @ inverse @ x[action])
    index = float(x[action] @ thh) + moment.radius * moment.widths[action]
    check("optimism", float((x @ theta).max()), index, t, 0, action)
    regret = watch.means.max() - watch.means[action]
    check("instant-regret", regret, 2.0 * LIPSCHITZ * watch.kappa * rho * width, t, 0, action)
    watch.gram += np.outer(x[action], x[action])
    watch.noise += (moment.reward - watch.means[action]) * x[action]
    watch.counts[action] += 1.0
    watch.sums[action] += moment.reward
    used = float(moment.widths[action]) ** 2
    watch.logs += math.log1p(used)
    watch.clipped += min(1.0, used)
    after = float(np.linalg.slogdet(watch.gram / lam)[1])
    check("log-det", abs(after - watch.logs), 0.0, t, tolerance=1e-8 * (1.0 + after))
    check("elliptic-potential", watch.clipped, 2.0 * after, t)
    d = len(theta)
    check("determinant-trace", after, d * math.log1p(t * params.feature_bound**2 / (d * lam)), t)


def estimate_without_constraint(params: GLMUCB, features: Any, counts: Any, sums: Any, start: Any) -> Any:
    """Planted fault: the free estimate, wherever it lies."""
    return fit(features, counts, sums, params.regularization, start)


def linear_estimate(params: GLMUCB, features: Any, counts: Any, sums: Any, start: Any) -> Any:
    """Planted fault: ridge regression, as if the link were the identity."""
    gram = (features * counts[:, None]).T @ features + params.regularization * np.eye(features.shape[1])
    return np.linalg.solve(gram, features.T @ sums)


def logistic_circle(n_actions: int, length: float, angle: float = 0.0) -> LogisticBandit:
    """Actions evenly on the unit circle, theta of the given length in the direction of ``angle``."""
    angles = 2.0 * np.pi * np.arange(n_actions) / n_actions
    return LogisticBandit.of_actions(
        np.column_stack([np.cos(angles), np.sin(angles)]),
        [length * math.cos(angle), length * math.sin(angle)],
        name=f"logistic circle({n_actions} actions, |theta| = {length:g})",
    )


def theorem_parameters(instance: LogisticBandit, horizon: int) -> GLMUCB:
    """The instance's own S and L; lam = 1; delta = 0.05."""
    return GLMUCB(instance.parameter_bound, instance.feature_bound)


CLAIM = Claim(
    slug="glm-ucb",
    title="GLM-UCB, logistic link",
    paper="Filippi, Cappe, Garivier and Szepesvari 2010, Parametric bandits: the generalized linear case; "
    "Li, Lu and Zhou 2017, Provably optimal algorithms for generalized linear contextual bandits",
    setting="linear bandit",
    algorithm=theorem_parameters,
    cases=(
        Case("circle", lambda: logistic_circle(8, 1.0, 0.3), 80, max_runs=100),
        Case("steep circle", lambda: logistic_circle(10, 3.0, 0.2), 1_000, max_runs=100, full_only=True),
    ),
    bounds=(Bound(theorem("glm-ucb/regret"), anytime=True),),
    watch=sys.modules[__name__],
    rate=Rate(
        theorem("glm-ucb/order"), "the theorem's parameters", theorem_parameters, "T",
        (32, 64, 128, 256), lambda horizon: (logistic_circle(4, 1.0, 0.3), horizon), n_runs=20, prefix=True,
    ),
    sabotages=(
        Sabotage(
            "no-constraint", "the free estimate in the place of the constrained one", ("estimate",),
            overrides={"estimate": estimate_without_constraint}, n_runs=5,
        ),
        Sabotage(
            "identity-link", "ridge regression in the place of the logistic estimate", ("estimate",),
            overrides={"estimate": linear_estimate}, n_runs=2,
        ),
        Sabotage(
            "flat-link", "a thousandth of the radius", ("optimism",), lambda p: p._replace(scale=0.001), n_runs=5,
        ),
    ),
    lower_bound=lambda instance, horizons: instance.best_slope**0.5 * hard_line(instance, horizons),
    lower_bound_name=f"{HARD_LINE_NAME}, times sqrt(m'(<theta, x*>)): the local order of the logistic lower bound",
    user_horizon=200,
)  # fmt: skip
