"""UCRL-RFE: reward-free exploration with Hoeffding bonuses (Zhang, Zhou and Gu 2021) and the steps of its proof."""

from __future__ import annotations

import functools
import math
import sys
from typing import Any

import numpy as np
import numpy.typing as npt

from kernels.driven import Check
from kernels.steps import Step
from mdps.algorithms.ucrl_rfe import UCRLRFE, Moment
from mdps.instances.reward_free import river_mixture, three_state_hard
from mdps.reward_free import RewardFreeMDP, optimal_policy
from proofs_check.claim import Bound, Case, Claim, Sabotage
from proofs_check.reward_free_steps import check_losses, own_reward, plan_without_bonus, squared_norms, worst
from theory.theorems import theorem
from theory.theorems.ucrl_rfe import radius, values_of_exploration

Float = npt.NDArray[np.float64]

#: Failure probability of the claim; each of the proof's three events has a third of it.
DELTA = 0.3


def _third(params: Any, instance: Any, horizon: int) -> float:
    return float(params.delta) / 3.0 if params.c_beta >= 1.0 else 1.0


_PAPER = "Zhang, Zhou and Gu 2021"
_PAIR = ("episode", "stage", "state", "action")

STEPS = (
    Step(
        "coverage",
        "||theta_k - theta*|| in Sigma_{1,k} <= beta for all k",
        f"{_PAPER}, confidence set",
        "event",
        _third,
        place=("episode",),
    ),
    Step(
        "sum-of-values",
        "sum_k V^k_1(s_1) <= 8 beta sqrt(HKd log(1 + KH^3B^2/d)) + 8 beta H d log(1 + KH^3B^2) + 2H sqrt(2HK "
        "log(3/delta)), at every k",
        f"{_PAPER}, regret of the exploration",
        "event",
        lambda params, instance, horizon: 2.0 * _third(params, instance, horizon),
        place=("episode",),
    ),
    Step(
        "reward",
        "r^k_h(s,a) = min{1, (2 beta/H) max over f: S -> [0, H-h] of ||psi_f(s,a)||}, from a matrix of our own",
        f"{_PAPER}, exploration reward; difference of both sides",
        place=_PAIR,
    ),
    Step(
        "dominates",
        "min{H, 2 beta ||psi_V(s,a)||} <= H r^k_h(s,a) for V in [0, H-h]: V*_{h+1}(r), r in R, and random V",
        f"{_PAPER}, exploration reward",
        place=_PAIR,
    ),
    Step(
        "falling",
        "r^k_h(s,a) <= r^{k-1}_h(s,a)",
        f"{_PAPER}, Sigma grows",
        place=_PAIR,
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
    """The regression of our own."""

    def __init__(self, params: UCRLRFE, instance: RewardFreeMDP, horizon: int) -> None:
        self.beta = params.c_beta * radius(
            params.n_episodes, instance.dimension, instance.horizon, instance.parameter_bound, params.delta
        )
        self.sigma = np.eye(instance.dimension) / instance.parameter_bound**2
        self.targets = np.zeros(instance.dimension)
        self.total = 0.0
        self.last = np.full(instance.rewards.shape[1:], math.inf)
        rng = np.random.default_rng(0)
        optimal = [optimal_policy(instance.kernel, r)[0][1:] for r in instance.rewards]
        ahead = np.arange(instance.horizon - 1, -1, -1.0)[:, None]
        self.trials = np.stack([*optimal, *(ahead * rng.random((6, 1, instance.n_states)))])  # (n, H, S), stage h+1


def allocate(params: UCRLRFE, instance: RewardFreeMDP, horizon: int) -> Watch:
    """A watch of one run."""
    return Watch(params, instance, horizon)


def observed(check: Check, watch: Watch, params: UCRLRFE, instance: RewardFreeMDP, k: int, moment: Moment) -> None:
    """Everything the proof says of one episode."""
    features, horizon, d = instance.model.features, instance.horizon, instance.dimension
    beta, first, bound = watch.beta, instance.initial, instance.parameter_bound
    error = np.linalg.solve(watch.sigma, watch.targets) - instance.parameter
    check("coverage", math.sqrt(float(error @ watch.sigma @ error)), beta, k)
    own = own_reward(instance, watch.sigma, watch.beta)
    worst(check, "reward", np.abs(own - moment.reward), np.zeros(own.shape), k)
    for h in range(horizon):
        norms = np.sqrt(squared_norms(features, watch.sigma, watch.trials[:, h]).max(axis=0))
        left = np.minimum(horizon, 2.0 * beta * norms)
        at = np.unravel_index(int(np.argmin(horizon * moment.reward[h] - left)), left.shape)
        check("dominates", left[at], horizon * moment.reward[h][at], k, h, int(at[0]), int(at[1]))
    if k > 1:
        worst(check, "falling", moment.reward, watch.last, k)
    watch.last = moment.reward
    check("optimism", optimal_policy(instance.kernel, moment.reward)[0][0, first], moment.plan.values[0, first], k)
    watch.total += float(moment.plan.values[0, first])
    limit = values_of_exploration(k, d, horizon, bound, beta, params.delta / 3.0)
    check("sum-of-values", watch.total, limit, k)
    for h in range(horizon):
        s, a, y = int(moment.walk.states[h]), int(moment.walk.actions[h]), int(moment.walk.states[h + 1])
        psi = moment.targets[h] @ features[s, a]
        watch.sigma = watch.sigma + np.outer(psi, psi)
        watch.targets = watch.targets + psi * moment.targets[h, y]
    if k & (k - 1) == 0 or k % 16 == 0:
        check_losses(check, instance, watch.sigma, watch.targets, watch.beta, k)


# ---------------------------------------------------------------------------------------------------- planted faults
def small_reward(width: Float, beta: float, horizon: int) -> Float:
    """Planted fault: 0.02 beta/H for 2 beta/H."""
    ahead = np.arange(horizon - 1, -1, -1.0)[:, None, None]
    return np.minimum(1.0, 0.02 * beta / horizon * ahead * width)


# -------------------------------------------------------------------------------------------------------------- claim
def theorem_parameters(instance: RewardFreeMDP, n_episodes: int) -> UCRLRFE:
    """K and delta; everything else is the theorem's."""
    return UCRLRFE(n_episodes, DELTA)


short = functools.partial(three_state_hard, 2, 4, gap=0.15)
river = functools.partial(river_mixture, 3, 3, 3)

CLAIM = Claim(
    slug="ucrl-rfe",
    title="UCRL-RFE",
    paper="Zhang, Zhou and Gu 2021, Reward-free model-based reinforcement learning with linear function approximation",
    setting="reward-free MDP",
    algorithm=theorem_parameters,
    cases=(
        Case("two actions, gap 0.15", short, 60, max_runs=50),
        Case("river of three states", river, 20, max_runs=50),
        Case("two actions, long", short, 300, max_runs=20, full_only=True),
        Case("river of four states", functools.partial(river_mixture, 4, 4, 4), 100, max_runs=20, full_only=True),
    ),
    bounds=(Bound(theorem("ucrl-rfe/suboptimality")),),
    watch=sys.modules[__name__],
    sabotages=(
        Sabotage("small-radius", "the radius times 0.01", ("coverage",), lambda p: p._replace(c_beta=0.01), n_runs=20),
        Sabotage(
            "no-bonus", "PLAN without its bonus", ("optimism",), overrides={"optimistic_plan": plan_without_bonus},
            n_runs=3,
        ),
        Sabotage(
            "small-reward", "the exploration reward with 0.02 beta for 2 beta", ("reward", "dominates"),
            overrides={"exploration_reward": small_reward}, n_runs=3,
        ),
    ),
    user_horizon=500,
    notes="What is kept is the suboptimality of the planned policies after k episodes, not a regret.",
)  # fmt: skip
