"""GP-UCB and IGP-UCB: coverage on the whole domain, the posterior, the information gain."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from bandits.algorithms.gp_ucb import GPUCB, IGPUCB, Moment
from bandits.kernel import GaussianProcessBandit, kernel_bandit, kernel_features, squared_exponential
from bandits.linear import LinearBandit
from kernels.steps import Step
from proofs_check.claim import Bound, Case, Claim, Sabotage
from proofs_check.claims.oful import circle
from proofs_check.ellipsoid_steps import HARD_LINE_NAME, hard_line
from theory.information import information_gain, most_information
from theory.theorems import theorem
from theory.theorems.gp_ucb import domain

#: The posterior is solved afresh in every round up to this one, and then at every doubling of the rounds.
AFRESH = 8

STEPS = (
    Step(
        "coverage",
        "|f(x) - mu_{t-1}(x)| <= radius_t sigma_{t-1}(x), for all t and all x in the domain",
        "Srinivas et al. 2010, Lemma 5.1; Chowdhury and Gopalan 2017, Theorem 2",
        "event",
        lambda params, instance, horizon: float(params.delta),
        place=("round", "action"),
    ),
    Step(
        "optimism",
        "max f <= index of the action played",
        "Srinivas et al. 2010, Lemma 5.2",
        "conditional",
        given=("coverage",),
        place=("round", "action"),
    ),
    Step(
        "instant-regret",
        "max f - f(x_t) <= 2 radius_t sigma_{t-1}(x_t)",
        "Srinivas et al. 2010, Lemma 5.2",
        "conditional",
        given=("coverage",),
        place=("round", "action"),
    ),
    Step(
        "posterior",
        "mu = k'(K + s2 I)^{-1} y and sigma^2 = k(x, x) - k'(K + s2 I)^{-1} k; largest difference",
        "Srinivas et al. 2010, equations (1) and (2)",
        place=("round",),
    ),
    Step(
        "information",
        "(1/2) log det(I + K/s2) = (1/2) sum log(1 + sigma_{s-1}^2(x_s)/s2), the sum as the rule keeps it; difference",
        "Srinivas et al. 2010, Lemma 5.3",
        place=("round",),
    ),
    Step(
        "most-information",
        "the information so far is at most the bound used for gm_t",
        "Fischer's inequality",
        place=("round",),
    ),
    Step(
        "variance-sum",
        "sum sigma_{s-1}^2(x_s) <= (2/log(1 + 1/s2)) information, k(x, x) <= 1",
        "Srinivas et al. 2010, Lemma 5.4",
        place=("round",),
    ),
    Step(
        "regret",
        "R_t <= 2 radius_t sqrt(t sum sigma^2)",
        "Srinivas et al. 2010, proof of Theorem 1; Chowdhury and Gopalan 2017, proof of Theorem 3",
        "conditional",
        given=("coverage",),
        place=("round",),
    ),
)


class Watch:
    """The actions and rewards of the run, and its sums."""

    def __init__(self, features: Any, ridge: float) -> None:
        self.features, self.ridge = features, ridge
        self.actions: list[int] = []
        self.rewards: list[float] = []
        self.variance = self.information = self.total = 0.0


def allocate(params: Any, instance: Any, horizon: int) -> Watch:
    """Notes of one run."""
    return Watch(domain(instance), params.ridge(horizon))


def observed(check: Callable[..., None], watch: Watch, params: Any, instance: Any, t: int, moment: Moment) -> None:
    """After every round: the posterior that the rule had, against the true means."""
    means, ridge, action = moment.world.means, watch.ridge, moment.action
    excess = np.abs(means - moment.mean) - moment.radius * moment.sd
    worst = int(np.argmax(excess))
    check("coverage", abs(means[worst] - moment.mean[worst]), moment.radius * moment.sd[worst], t, worst)
    best, regret = means.max(), means.max() - means[action]
    check("optimism", best, moment.mean[action] + moment.radius * moment.sd[action], t, action)
    check("instant-regret", regret, 2.0 * moment.radius * moment.sd[action], t, action)
    if t <= AFRESH or t & (t - 1) == 0:
        x = watch.features[watch.actions]
        gram = x @ x.T
        cross = watch.features @ x.T
        solved = np.linalg.solve(gram + ridge * np.eye(len(x)), cross.T)
        mean = solved.T @ np.array(watch.rewards)
        variance = (watch.features**2).sum(axis=1) - (cross * solved.T).sum(axis=1)
        off = max(np.abs(mean - moment.mean).max(), np.abs(np.maximum(variance, 0.0) - moment.sd**2).max())
        check("posterior", off, 0.0, t, tolerance=1e-7)
        check("information", abs(information_gain(gram, ridge) - moment.gain), 0.0, t, tolerance=1e-7)
        check("most-information", moment.gain, float(most_information(watch.features, t, ridge)), t)
    watch.actions.append(action)
    watch.rewards.append(moment.reward)
    watch.variance += moment.sd[action] ** 2
    watch.information += 0.5 * math.log1p(moment.sd[action] ** 2 / ridge)
    watch.total += regret
    check("variance-sum", watch.variance, 2.0 * watch.information / math.log1p(1.0 / ridge), t)
    check("regret", watch.total, 2.0 * moment.radius * math.sqrt(t * watch.variance), t)


def condition_without_mean(mean: Any, covariance: Any, action: int, reward: float, ridge: float) -> float:
    """Planted fault: the covariance is conditioned, the mean is not."""
    column = covariance[:, action].copy()
    covariance -= np.outer(column, column / (column[action] + ridge))
    return 0.5 * math.log1p(column[action] / ridge)


def condition_without_noise(mean: Any, covariance: Any, action: int, reward: float, ridge: float) -> float:
    """Planted fault: a tenth of the noise in the posterior."""
    column = covariance[:, action].copy()
    total = column[action] + 0.1 * ridge
    mean += column * ((reward - mean[action]) / total)
    covariance -= np.outer(column, column / total)
    return 0.5 * math.log1p(column[action] / ridge)


def grid(n: int, length: float) -> Any:
    """Features of the squared exponential kernel on n points of [0, 1]."""
    return kernel_features(squared_exponential(np.linspace(0.0, 1.0, n)[:, None], length))


def prior_draws(n: int = 25, length: float = 0.2, scale: float = 0.3) -> GaussianProcessBandit:
    """Means drawn from a Gaussian process on a grid, anew in every run."""
    return GaussianProcessBandit(grid(n, length), scale, f"Gaussian process on {n} points, length {length:g}")


def bump(n: int = 25, length: float = 0.2, scale: float = 0.1) -> LinearBandit:
    """A fixed function in the space of the squared exponential kernel: two bumps."""
    coefficients = np.zeros(n)
    coefficients[[n // 4, (3 * n) // 4]] = 0.5, -0.8
    gram = squared_exponential(np.linspace(0.0, 1.0, n)[:, None], length)
    return kernel_bandit(gram, coefficients, scale=scale, name=f"two bumps on {n} points, length {length:g}")


def bayes_parameters(instance: GaussianProcessBandit, horizon: int) -> GPUCB:
    """The noise's own variance; delta = 0.05."""
    return GPUCB(instance.noise_subgaussian**2)


def rkhs_parameters(instance: LinearBandit, horizon: int) -> IGPUCB:
    """The instance's own R and B; delta = 0.05."""
    return IGPUCB(instance.noise_subgaussian, instance.parameter_bound)


CLAIM = Claim(
    slug="gp-ucb",
    title="GP-UCB",
    paper="Srinivas, Krause, Kakade and Seeger 2010, Gaussian process optimization in the bandit setting",
    setting="linear bandit",
    algorithm=bayes_parameters,
    cases=(
        Case("prior draws", prior_draws, 60, max_runs=200),
        Case("rough", lambda: prior_draws(60, 0.05), 1_000, max_runs=100, full_only=True),
    ),
    bounds=(Bound(theorem("gp-ucb/bayes"), anytime=True),),
    watch=sys.modules[__name__],
    sabotages=(
        Sabotage(
            "frozen-mean", "the covariance is conditioned, the mean is not", ("coverage", "posterior"),
            overrides={"condition": condition_without_mean}, n_runs=40,
        ),
        Sabotage(
            "overconfident", "a tenth of the noise in the posterior", ("posterior", "information"),
            overrides={"condition": condition_without_noise}, n_runs=3,
        ),
    ),
)  # fmt: skip

IGP_CLAIM = Claim(
    slug="igp-ucb",
    title="IGP-UCB",
    paper="Chowdhury and Gopalan 2017, On kernelized multi-armed bandits",
    setting="linear bandit",
    algorithm=rkhs_parameters,
    cases=(
        Case("linear kernel", lambda: circle(12, scale=0.3), 120, max_runs=100),
        Case("two bumps", bump, 2_000, max_runs=100, full_only=True),
    ),
    bounds=(Bound(theorem("gp-ucb/rkhs")),),
    watch=sys.modules[__name__],
    sabotages=(
        Sabotage(
            "frozen-mean", "the covariance is conditioned, the mean is not", ("coverage", "posterior"),
            overrides={"condition": condition_without_mean}, n_runs=40,
        ),
        Sabotage(
            "no-norm", "radius for B = 0 and no noise", ("coverage",),
            lambda p: p._replace(parameter_bound=0.0, noise=0.01 * p.noise), n_runs=40,
        ),
    ),
    lower_bound=hard_line,
    lower_bound_name=HARD_LINE_NAME,
    user_horizon=500,
)  # fmt: skip
