"""UCRL-VTR: the regret bound with the constants of its proof, its steps, and the rate."""

from __future__ import annotations

import math
import sys
from typing import Any

import numpy as np

from kernels.steps import Step
from mdps.algorithms.ucrl_vtr import UCRLVTR, MixtureProblem, Moment, Ridge, Walk
from mdps.mixture import MixtureEpisodes
from mdps.model import Float
from mdps.value_regression import integrated
from proofs_check.claim import Bound, Case, Claim, Rate, Sabotage
from proofs_check.value_targeted import Truth, hard, mixed, widths
from theory.theorems import theorem

_STATE = ("episode", "stage", "state", "action")

STEPS = (
    Step("ellipsoid", "|theta_h - estimate_h| in Sigma_h <= beta_h, every stage and episode",
         "Abbasi-Yadkori et al. 2011, Theorem 2, for targets in [0, H]", "event",
         lambda params, instance, horizon: params.delta / 2.0, place=("episode", "stage")),
    Step("regression", "Sigma_h estimate_h = sum of psi V(s'), V the values of the episode that made the observation; "
         "largest difference of the entries", "Ayoub et al. 2020, Algorithm 1, line 14", place=("episode", "stage")),
    Step("backup", "Q_h = clip_[0,H](r_h + <psi_V, estimate_h> + beta_h |psi_V| in Sigma_h^-1); largest difference",
         "Ayoub et al. 2020, equation (5)", place=("episode", "stage")),
    Step("prediction", "|<psi_V, estimate_h> - P_h V| <= beta_h |psi_V| in Sigma_h^-1", "Ayoub et al. 2020, Lemma 4",
         "conditional", given=("ellipsoid",), place=_STATE),
    Step("optimism", "Q*_h <= Q_h at every stage, state and action", "Ayoub et al. 2020, Lemma 4", "conditional",
         given=("ellipsoid",), place=_STATE),
    Step("regret-split", "V*_1 - V_1^pi <= E^pi sum_h min(H, 2 beta_h |psi_V| in Sigma_h^-1), exact expectation",
         "Ayoub et al. 2020, proof of Theorem 1", "conditional", given=("ellipsoid",), place=("episode",)),
    Step("potential", "sum_k min(1, |psi_k|^2 in Sigma_k^-1) <= 2 log(det Sigma/det(lam I)) <= 2 d log(1 + K H^2/(d "
         "lam)), every stage", "Abbasi-Yadkori et al. 2011, Lemma 11", place=("episode", "stage")),
)  # fmt: skip


class Watch:
    """The truth, own regressions and potentials of every stage."""

    def __init__(self, params: UCRLVTR, instance: MixtureEpisodes) -> None:
        h, d = instance.horizon, instance.dimension
        self.truth = Truth(instance)
        self.theirs = UCRLVTR(params.delta)
        self.sigmas = np.array([self.theirs.ridge * np.eye(d)] * h)
        self.targets = np.zeros((h, d))
        self.potential = np.zeros(h)


def allocate(params: UCRLVTR, instance: MixtureEpisodes, horizon: int) -> Watch:
    """A fresh watch."""
    return Watch(params, instance)


def observed(check: Any, watch: Watch, params: Any, instance: MixtureEpisodes, k: int, moment: Moment) -> None:
    """The statements about episode k, then its observations. (Every 1 + k/16-th episode in full.)"""
    assert instance.mixture is not None and instance.parameters is not None
    horizon, lam, truth = instance.horizon, watch.theirs.ridge, watch.truth
    closely = k <= 16 or k % (1 + k // 16) == 0
    losses = np.zeros_like(moment.q)
    for h in range(horizon):
        log_det = float(np.linalg.slogdet(watch.sigmas[h])[1]) - instance.dimension * math.log(lam)
        beta = (
            0.5 * horizon * math.sqrt(log_det + 2.0 * math.log(2.0 * horizon / watch.theirs.delta))
            + math.sqrt(lam) * instance.parameter_bound
        )
        away = instance.parameters[h] - moment.estimates[h]
        check("ellipsoid", math.sqrt(away @ watch.sigmas[h] @ away), beta, k, h)
        if closely:
            psi = integrated(instance.mixture, moment.values[h + 1])
            size = widths(psi, watch.sigmas[h])
            difference = np.abs(watch.sigmas[h] @ moment.estimates[h] - watch.targets[h]).max()
            check("regression", difference, 0.0, k, h, tolerance=1e-7 * (1.0 + np.abs(watch.targets[h]).max()))
            upper = truth.rewards[h] + psi @ moment.estimates[h] + beta * size
            check("backup", np.abs(np.clip(upper, 0.0, horizon) - moment.q[h]).max(), 0.0, k, h, tolerance=1e-7)
            error = np.abs(psi @ moment.estimates[h] - truth.backed_up(h, moment.values[h + 1])) - beta * size
            s, a = (int(i) for i in np.unravel_index(error.argmax(), error.shape))
            check("prediction", error[s, a], 0.0, k, h, s, a)
            short = truth.q[h] - moment.q[h]
            s, a = (int(i) for i in np.unravel_index(short.argmax(), short.shape))
            check("optimism", truth.q[h, s, a], moment.q[h, s, a], k, h, s, a)
            losses[h] = np.minimum(horizon, 2.0 * beta * size)
    if closely:
        check("regret-split", truth.suboptimality(moment.policy), truth.expected(moment.policy, losses), k)
    _observe(check, watch, instance, k, moment, closely)


def _observe(check: Any, watch: Watch, instance: MixtureEpisodes, k: int, moment: Moment, closely: bool) -> None:
    """The episode's observations, with the potential they add."""
    assert instance.mixture is not None
    d, lam = instance.dimension, watch.theirs.ridge
    for h in range(instance.horizon):
        s, a, following = moment.walk.states[h], moment.walk.actions[h], moment.walk.states[h + 1]
        psi = instance.mixture[s, a].T @ moment.values[h + 1]
        watch.potential[h] += min(1.0, float(psi @ np.linalg.solve(watch.sigmas[h], psi)))
        watch.sigmas[h] += np.outer(psi, psi)
        watch.targets[h] += psi * moment.values[h + 1][following]
        if closely:
            grown = 2.0 * (float(np.linalg.slogdet(watch.sigmas[h])[1]) - d * math.log(lam))
            check("potential", watch.potential[h], grown, k, h)
            check("potential", grown, 2.0 * d * math.log1p(k * instance.horizon**2 / (d * lam)), k, h)


def learn_true_rewards_of_the_past(problem: MixtureProblem, stages: list[Ridge], values: Float, walk: Walk) -> None:
    """Planted fault: the target is the value of the state the step began in."""
    for h, stage in enumerate(stages):
        psi = problem.mixture[walk.states[h], walk.actions[h]].T @ values[h + 1]
        stage.add(psi, float(values[h + 1][walk.states[h]]))


def practical(instance: Any, horizon: int) -> UCRLVTR:
    """Practical: a fiftieth of the radius, no theorem."""
    return UCRLVTR(scale=0.02)


CLAIM = Claim(
    slug="ucrl-vtr",
    title="UCRL-VTR",
    paper="Ayoub, Jia, Szepesvari, Wang and Yang 2020, Model-based RL with value-targeted regression",
    setting="linear mixture MDP",
    algorithm=lambda instance, horizon: UCRLVTR(0.2),
    cases=(
        Case("mixture", mixed, 150, max_runs=200),
        Case("hard", lambda: hard(3, 3, 150), 150, max_runs=200, full_only=True),
        Case("long", lambda: mixed(3, 2, 1, 2), 20_000, max_runs=20, full_only=True, watched=False),
    ),
    bounds=(Bound(theorem("ucrl-vtr/regret")),),
    watch=sys.modules[__name__],
    rate=Rate(
        theorem("ucrl-vtr/rate"), "practical: beta x 0.02, no theorem; the hard instance moves with K", practical, "K",
        (2**6, 2**8, 2**10), lambda k: (hard(3, 3, k), k), n_runs=24,
    ),
    sabotages=(
        Sabotage("narrow", "a tenth of the radius", ("backup",), lambda p: p._replace(scale=0.1), n_runs=2),
        Sabotage(
            "wrong-target", "the value of the state the step began in is regressed", ("regression",),
            overrides={"learn": learn_true_rewards_of_the_past}, n_runs=2,
        ),
    ),
    notes="Rewards are known, as in the paper; a parameter for every stage.",
)  # fmt: skip
