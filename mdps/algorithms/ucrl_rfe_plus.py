"""UCRL-RFE+ (Zhang, Zhou and Gu 2021): reward-free exploration whose planner weights its regression by variances."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import NamedTuple

import numpy as np

from kernels.driven import DRIVEN
from mdps.algorithms import ucrl_rfe
from mdps.algorithms.ucrl_rfe import exploration_reward, planned
from mdps.model import Float
from mdps.reward_free import RewardFreeProblem, RewardFreeWorld
from mdps.reward_free_regression import widest
from mdps.value_regression import Plan, Ridge, optimistic_plan
from mdps.worlds import Walk
from theory.theorems.ucrl_rfe_plus import Radii, radii

PROTOCOL = DRIVEN

allocate = ucrl_rfe.allocate

#: The practical preset: all radii times this (betahat is near 200 on small instances). No theorem holds for it.
PRACTICAL_RADIUS = 0.01


class UCRLRFEPlus(NamedTuple):
    """UCRL-RFE+ with the theorem's constants.

    Attributes:
        n_episodes: K, for which the radii are set. delta: failure probability.
        c_beta: factor on all radii; anything below 1 is outside the theorem.
    """

    n_episodes: int
    delta: float = 0.1
    c_beta: float = 1.0


class Moment(NamedTuple):
    """An episode as the watch sees it."""

    reward: Float  # r^k, (H, S, A)
    plan: Plan  # V^k and pi^k
    walk: Walk
    targets: Float  # u^k_h, (H, S)
    variances: Float  # nu_{k,h}, (H,)


def scaled_radii(params: UCRLRFEPlus, problem: RewardFreeProblem) -> Radii:
    """The four radii times c_beta."""
    horizon, d = problem.rewards.shape[1], problem.features.shape[3]
    return Radii(
        *(params.c_beta * r for r in radii(params.n_episodes, d, horizon, problem.parameter_bound, params.delta))
    )


def variance_bound(
    psi: Float, psi_square: Float, means: tuple[Float, Float], whiteners: tuple[Float, Float], r: Radii, horizon: int
) -> float:
    """nu = max{H^2/d, Vbar + E}; ``means`` and ``whiteners`` are those of V and of V^2.

    Vbar = clip_[0,H^2] <psi_{V^2}, thetatil> - clip_[0,H](<psi_V, thetahat>)^2,
    E = min{H^2, betatil ||psi_{V^2}||} + min{H^2, 2H betacheck ||psi_V||}.
    """
    top = float(horizon**2)
    mean = float(np.clip(psi @ means[0], 0.0, horizon))
    estimate = float(np.clip(psi_square @ means[1], 0.0, top)) - mean**2
    error = min(top, r.second * float(np.linalg.norm(whiteners[1] @ psi_square)))
    error += min(top, 2.0 * horizon * r.rough * float(np.linalg.norm(whiteners[0] @ psi)))
    return max(top / len(psi), estimate + error)


def play(params: UCRLRFEPlus, problem: RewardFreeProblem, world: RewardFreeWorld, horizon: int) -> Iterator[Moment]:
    """Exploration by PLAN with (thetahat, Sigmahat, betahat); planning with the unweighted regression and beta."""
    features, n_stages, d = problem.features, problem.rewards.shape[1], problem.features.shape[3]
    r = scaled_radii(params, problem)
    small = 1.0 / problem.parameter_bound**2
    base, hat, square = Ridge(d, small), Ridge(d, small), Ridge(d, small)
    for _ in range(horizon):
        width, corner = widest(features, base.sigma)
        reward = exploration_reward(width, r.planning, n_stages)
        means = hat.estimate(), square.estimate()
        whiteners = hat.whitener(), square.whitener()
        plan = optimistic_plan(features, reward, means[0], whiteners[0], r.exploration, float(n_stages))
        walk = world.explore_with(plan.policy)
        targets, variances = np.zeros((n_stages, len(features))), np.zeros(n_stages)
        for h in range(n_stages):
            s, a, y = walk.states[h], walk.actions[h], walk.states[h + 1]
            targets[h] = (n_stages - 1 - h) * corner[s, a]
            base.add(targets[h] @ features[s, a], targets[h][y])
            value = plan.values[h + 1]
            psi, psi_square = value @ features[s, a], value**2 @ features[s, a]
            variances[h] = variance_bound(psi, psi_square, means, whiteners, r, n_stages)
            hat.add(psi, value[y], variances[h])
            square.add(psi_square, value[y] ** 2)
        world.offer(partial(planned, features, base.estimate(), base.whitener(), r.planning))
        yield Moment(reward, plan, walk, targets, variances)
