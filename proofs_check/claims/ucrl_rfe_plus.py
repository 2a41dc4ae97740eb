"""UCRL-RFE+: reward-free exploration with Bernstein bonuses (Zhang, Zhou and Gu 2021) and the steps of its proof."""

from __future__ import annotations

import functools
import math
import sys
from typing import Any

import numpy as np
import numpy.typing as npt

from kernels.driven import Check
from kernels.steps import Step
from mdps.algorithms.ucrl_rfe_plus import Moment, UCRLRFEPlus
from mdps.instances.reward_free import river_mixture, three_state_hard
from mdps.reward_free import RewardFreeMDP, optimal_policy
from proofs_check.claim import Case, Claim, Sabotage
from proofs_check.reward_free_steps import check_losses, own_reward, plan_without_bonus, worst
from theory.theorems.ucrl_rfe_plus import Radii, radii

Float = npt.NDArray[np.float64]

#: Failure probability of the claim; the four confidence sets have a twelfth of it each.
DELTA = 0.3

_PAPER = "Zhang, Zhou and Gu 2021"
_PAIR = ("episode", "stage", "state", "action")


def _four_twelfths(params: Any, instance: Any, horizon: int) -> float:
    return float(params.delta) / 3.0 if params.c_beta >= 1.0 else 1.0


STEPS = (
    Step(
        "coverage",
        "theta* lies within beta of theta, betahat and betacheck of thetahat, betatil of thetatil, for all k",
        f"{_PAPER}, confidence sets of UCRL-RFE+",
        "event",
        _four_twelfths,
        place=("episode", "set"),
    ),
    Step(
        "reward",
        "r^k_h(s,a) = min{1, (2 beta/H) max over f: S -> [0, H-h] of ||psi_f(s,a)||}, from a matrix of our own",
        f"{_PAPER}, exploration reward; difference of both sides",
        place=_PAIR,
    ),
    Step("falling", "r^k_h(s,a) <= r^{k-1}_h(s,a)", f"{_PAPER}, Sigma grows", place=_PAIR),
    Step(
        "weight",
        "nu_{k,h} = max{H^2/d, Vbar + E}, from regressions of our own",
        f"{_PAPER}, weights of UCRL-RFE+; difference of both sides",
        place=("episode", "stage"),
    ),
    Step(
        "variance",
        "|Var_P(V^k_{h+1}) - Vbar| <= E along the walk",
        f"{_PAPER}, variance estimator",
        "conditional",
        given=("coverage",),
        place=("episode", "stage"),
    ),
    Step(
        "optimism",
        "V*_1(s_1; r^k) <= V^k_1(s_1)",
        f"{_PAPER}, PLAN is optimistic",
        "conditional",
        given=("coverage",),
        place=("episode",),
    ),
    Step(
        "loss",
        "V*_1(s_1; r) - V_1(s_1; pi_r) <= H V*_1(s_1; r^{k+1}) for every r in R, pi_r planned after k episodes",
        f"{_PAPER}, planning phase",
        "conditional",
        given=("coverage",),
        place=("episode", "reward"),
    ),
)


class Watch:
    """Three regressions of our own: base, hat, square."""

    def __init__(self, params: UCRLRFEPlus, instance: RewardFreeMDP, horizon: int) -> None:
        d, b = instance.dimension, instance.parameter_bound
        values = radii(params.n_episodes, d, instance.horizon, b, params.delta)
        self.radii = Radii(*(params.c_beta * r for r in values))
        self.sigma = np.stack([np.eye(d) / b**2] * 3)
        self.targets = np.zeros((3, d))
        self.last = np.full(instance.rewards.shape[1:], math.inf)


def allocate(params: UCRLRFEPlus, instance: RewardFreeMDP, horizon: int) -> Watch:
    """A watch of one run."""
    return Watch(params, instance, horizon)


def observed(check: Check, watch: Watch, params: UCRLRFEPlus, instance: RewardFreeMDP, k: int, moment: Moment) -> None:
    """Everything the proof says of one episode."""
    features, horizon, r = instance.model.features, instance.horizon, watch.radii
    start = watch.sigma.copy()
    estimates = np.linalg.solve(start, watch.targets[..., None])[..., 0]
    errors = estimates - instance.parameter
    distances = np.sqrt(np.einsum("ei,eij,ej->e", errors, start, errors))
    for i, (distance, radius) in enumerate(
        zip(distances[[0, 1, 1, 2]], (r.planning, r.exploration, r.rough, r.second))
    ):
        check("coverage", distance, radius, k, i)
    own = own_reward(instance, start[0], r.planning)
    worst(check, "reward", np.abs(own - moment.reward), np.zeros(own.shape), k)
    if k > 1:
        worst(check, "falling", moment.reward, watch.last, k)
    watch.last = moment.reward
    best = optimal_policy(instance.kernel, moment.reward)[0][0, instance.initial]
    check("optimism", best, moment.plan.values[0, instance.initial], k)
    for h in range(horizon):
        s, a, y = int(moment.walk.states[h]), int(moment.walk.actions[h]), int(moment.walk.states[h + 1])
        value, row = moment.plan.values[h + 1], instance.kernel[s, a]
        psi = np.stack([moment.targets[h], value, value**2]) @ features[s, a]
        lengths = np.sqrt((psi * np.linalg.solve(start, psi[..., None])[..., 0]).sum(axis=1))
        second = min(max(float(psi[2] @ estimates[2]), 0.0), horizon**2)
        guess = second - min(max(float(psi[1] @ estimates[1]), 0.0), horizon) ** 2
        slack = min(horizon**2, r.second * lengths[2]) + min(horizon**2, 2.0 * horizon * r.rough * lengths[1])
        check("variance", abs(float(row @ value**2 - (row @ value) ** 2) - guess), slack, k, h)
        weight = max(horizon**2 / instance.dimension, guess + slack)
        check("weight", abs(weight - moment.variances[h]), 0.0, k, h)
        answers = np.array([moment.targets[h, y], value[y], value[y] ** 2])
        precision = np.array([1.0, 1.0 / weight, 1.0])
        watch.sigma = watch.sigma + precision[:, None, None] * psi[:, :, None] * psi[:, None, :]
        watch.targets = watch.targets + (precision * answers)[:, None] * psi
    if k & (k - 1) == 0 or k % 16 == 0:
        check_losses(check, instance, watch.sigma[0], watch.targets[0], r.planning, k)


# ---------------------------------------------------------------------------------------------------- planted faults
def unit_variance(
    psi: Float, psi_square: Float, means: tuple[Float, Float], whiteners: tuple[Float, Float], r: Radii, horizon: int
) -> float:
    """Planted fault: no weights."""
    return 1.0


# -------------------------------------------------------------------------------------------------------------- claim
def theorem_parameters(instance: RewardFreeMDP, n_episodes: int) -> UCRLRFEPlus:
    """K and delta; everything else is the theorem's."""
    return UCRLRFEPlus(n_episodes, DELTA)


short = functools.partial(three_state_hard, 2, 4, gap=0.15)
river = functools.partial(river_mixture, 3, 3, 3)

CLAIM = Claim(
    slug="ucrl-rfe-plus",
    title="UCRL-RFE+",
    paper="Zhang, Zhou and Gu 2021, Reward-free model-based reinforcement learning with linear function approximation",
    setting="reward-free MDP",
    algorithm=theorem_parameters,
    cases=(
        Case("two actions, gap 0.15", short, 40, max_runs=50),
        Case("river of three states", river, 15, max_runs=50),
        Case("two actions, long", short, 300, max_runs=20, full_only=True),
    ),
    bounds=(),
    watch=sys.modules[__name__],
    sabotages=(
        Sabotage("small-radius", "all radii times 0.001", ("coverage",), lambda p: p._replace(c_beta=0.001), n_runs=20),
        Sabotage(
            "no-weights", "nu = 1 instead of the variance bound", ("weight",),
            overrides={"variance_bound": unit_variance}, n_runs=3,
        ),
        Sabotage(
            "no-bonus", "PLAN without its bonus", ("optimism",), overrides={"optimistic_plan": plan_without_bonus},
            n_runs=3,
        ),
    ),
    user_horizon=500,
    notes="The theorem is an order, ucrl-rfe-plus/order; the steps of its proof are watched.",
)  # fmt: skip
