"""UCRL-VTR+: the Bernstein ellipsoids, the variance estimator and the steps of the proof."""

from __future__ import annotations

import math
import sys
from typing import Any

import numpy as np

from kernels.steps import Step
from mdps.algorithms.ucrl_vtr_plus import Moment, UCRLVTRPlus, radii_of
from mdps.mixture import MixtureEpisodes
from mdps.model import Float
from mdps.value_regression import integrated
from proofs_check.claim import Case, Claim, Rate, Sabotage
from proofs_check.value_targeted import Truth, hard, mixed, widths
from theory.theorems import theorem

_STATE = ("episode", "stage", "state", "action")
_EVENTS = ("ellipsoid", "loose-ellipsoid", "square-ellipsoid")
#: Level of each family of ellipsoids in the cases of the claim.
DELTA = 0.2

STEPS = (
    Step("ellipsoid", "|theta_h - estimate_h| in Sigma_h <= beta-hat_k, every stage and episode",
         "Zhou et al. 2021, Lemma B.1, with Theorem 4.1", "event",
         lambda params, instance, horizon: params.delta, place=("episode", "stage")),
    Step("loose-ellipsoid", "the same with beta-check_k", "Zhou et al. 2021, proof of Lemma B.1", "event",
         lambda params, instance, horizon: params.delta, place=("episode", "stage")),
    Step("square-ellipsoid", "|theta_h - estimate_h of V^2| in its matrix <= beta-tilde_k",
         "Zhou et al. 2021, proof of Lemma B.1", "event", lambda params, instance, horizon: params.delta,
         place=("episode", "stage")),
    Step("weighted-regression", "Sigma_h estimate_h = sum of psi V(s')/sigma^2 with the weights of the run's own "
         "history; largest difference of the entries", "Zhou et al. 2021, Algorithm 1", place=("episode", "stage")),
    Step("backup", "Q_h = clip_[0,H](r_h + <psi_V, estimate_h> + beta-hat |psi_V| in Sigma_h^-1); largest difference",
         "Zhou et al. 2021, equation (4.8)", place=("episode", "stage")),
    Step("variance-error", "|estimated variance - Var V_{h+1}(s_h, a_h)| <= its error bound", "Zhou et al. 2021, Lemma "
         "B.1", "conditional", given=_EVENTS[1:], place=_STATE),
    Step("weight", "max(H^2/d, Var V_{h+1}(s_h, a_h)) <= sigma^2", "Zhou et al. 2021, equation (4.3)", "conditional",
         given=_EVENTS[1:], place=_STATE),
    Step("optimism", "Q*_h <= Q_h at every stage, state and action", "Zhou et al. 2021, Lemma B.2", "conditional",
         given=_EVENTS[:1], place=_STATE),
    Step("potential", "sum_k min(1, |psi/sigma|^2 in Sigma_k^-1) <= 2 d log(1 + K/lam), every stage",
         "Abbasi-Yadkori et al. 2011, Lemma 11, with |psi/sigma|^2 <= d", place=("episode", "stage")),
)  # fmt: skip


class Watch:
    """The truth, own weighted and squared regressions, potentials."""

    def __init__(self, params: UCRLVTRPlus, instance: MixtureEpisodes) -> None:
        h, d = instance.horizon, instance.dimension
        self.truth = Truth(instance)
        self.delta = params.delta
        self.ridge = 1.0 / instance.parameter_bound**2
        self.sigmas = np.array([self.ridge * np.eye(d)] * h)
        self.targets = np.zeros((h, d))
        self.potential = np.zeros(h)


def allocate(params: UCRLVTRPlus, instance: MixtureEpisodes, horizon: int) -> Watch:
    """A fresh watch."""
    return Watch(params, instance)


def _distance(away: Float, sigma: Float) -> float:
    return math.sqrt(max(float(away @ sigma @ away), 0.0))


def observed(check: Any, watch: Watch, params: Any, instance: MixtureEpisodes, k: int, moment: Moment) -> None:
    """The statements about episode k, then its observations. (Optimism and backup every 1 + k/16-th episode.)"""
    assert instance.mixture is not None and instance.parameters is not None
    horizon, d, truth = instance.horizon, instance.dimension, watch.truth
    radii = radii_of(k, d, horizon, watch.delta, instance.parameter_bound)
    closely = k <= 16 or k % (1 + k // 16) == 0
    for h in range(horizon):
        away = _distance(instance.parameters[h] - moment.estimates[h], watch.sigmas[h])
        check("ellipsoid", away, radii[0], k, h)
        check("loose-ellipsoid", away, radii[1], k, h)
        square = instance.parameters[h] - moment.square_estimates[h]
        check("square-ellipsoid", _distance(square, moment.square_sigmas[h]), radii[2], k, h)
        difference = np.abs(watch.sigmas[h] @ moment.estimates[h] - watch.targets[h]).max()
        check("weighted-regression", difference, 0.0, k, h, tolerance=1e-7 * (1.0 + np.abs(watch.targets[h]).max()))
        s, a, following = (int(x[h]) for x in (moment.walk.states, moment.walk.actions, moment.walk.states[1:]))
        value = moment.values[h + 1]
        variance = truth.variance(h, value)[s, a]
        check("variance-error", abs(moment.variances[h] - variance), moment.errors[h], k, h, s, a)
        check("weight", max(horizon**2 / d, variance), moment.weights[h], k, h, s, a)
        if closely:
            psi = integrated(instance.mixture, value)
            upper = truth.rewards[h] + psi @ moment.estimates[h] + radii[0] * widths(psi, watch.sigmas[h])
            check("backup", np.abs(np.clip(upper, 0.0, horizon) - moment.q[h]).max(), 0.0, k, h, tolerance=1e-7)
            short = truth.q[h] - moment.q[h]
            at = tuple(int(i) for i in np.unravel_index(short.argmax(), short.shape))
            check("optimism", truth.q[h][at], moment.q[h][at], k, h, *at)
        row = instance.mixture[s, a].T @ value / math.sqrt(moment.weights[h])
        watch.potential[h] += min(1.0, float(row @ np.linalg.solve(watch.sigmas[h], row)))
        watch.sigmas[h] += np.outer(row, row)
        watch.targets[h] += row * value[following] / math.sqrt(moment.weights[h])
        check("potential", watch.potential[h], 2.0 * d * math.log1p(k / watch.ridge), k, h)


def error_dropped(
    psi: Float, psi_square: Float, on_value: Any, on_square: Any, radii: Float, horizon: int
) -> tuple[float, float]:
    """Planted fault: the variance's error bound is left out."""
    second = min(max(float(psi_square @ on_square.estimate()), 0.0), float(horizon) ** 2)
    first = min(max(float(psi @ on_value.estimate()), 0.0), float(horizon))
    return second - first**2, 0.0


def practical(instance: Any, horizon: int) -> UCRLVTRPlus:
    """Practical: a hundredth of the planning radius, no theorem."""
    return UCRLVTRPlus(scale=0.01)


CLAIM = Claim(
    slug="ucrl-vtr-plus",
    title="UCRL-VTR+",
    paper="Zhou, Gu and Szepesvari 2021, Nearly minimax optimal reinforcement learning for linear mixture MDPs",
    setting="linear mixture MDP",
    algorithm=lambda instance, horizon: UCRLVTRPlus(DELTA),
    cases=(
        Case("mixture", mixed, 100, max_runs=50),
        Case("hard", lambda: hard(4, 3, 300), 300, max_runs=50, full_only=True),
    ),
    bounds=(),
    watch=sys.modules[__name__],
    rate=Rate(
        theorem("ucrl-vtr-plus/rate"), "practical: beta-hat x 0.01, no theorem; the hard instance moves with K",
        practical, "K", (2**5, 2**7, 2**9), lambda k: (hard(3, 3, k), k), n_runs=24,
    ),
    sabotages=(
        Sabotage("narrow", "a thousandth of the planning radius", ("backup",), lambda p: p._replace(scale=1e-3),
                 n_runs=2),
        Sabotage(
            "no-error", "the weights leave the error bound of the variance out", ("variance-error",),
            overrides={"variance_and_error": error_dropped}, n_runs=2,
        ),
    ),
    notes="At these sizes the error bound of the variance exceeds H^2, so sigma^2 is constant: the variance does not "
    "yet help. Radii are the paper's; none of them is near tight.",
)  # fmt: skip
