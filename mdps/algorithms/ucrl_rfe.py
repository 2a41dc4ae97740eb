"""UCRL-RFE (Zhang, Zhou and Gu 2021): reward-free exploration by uncertainty rewards, Hoeffding bonuses."""

from __future__ import annotations

import math
from collections.abc import Generator
from functools import partial
from typing import NamedTuple, Protocol

import numpy as np

from kernels.driven import DRIVEN
from mdps.model import Float, Int
from mdps.reward_free import RewardFreeProblem, RewardFreeWorld
from mdps.reward_free_regression import Maximiser, widest
from mdps.value_regression import Plan, Ridge, optimistic_plan
from mdps.worlds import Walk
from theory.errors import InvalidInput
from theory.theorems.ucrl_rfe import radius

PROTOCOL = DRIVEN

#: The practical preset: the radius beta, near 30 on small instances, times this. No theorem holds for it.
PRACTICAL_RADIUS = 0.05


class UCRLRFE(NamedTuple):
    """UCRL-RFE with the theorem's constants.

    Attributes:
        n_episodes: K, for which beta is set. delta: failure probability.
        c_beta: factor on beta; anything below 1 is outside the theorem.
    """

    n_episodes: int
    delta: float = 0.1
    c_beta: float = 1.0


class Prepared(Protocol):
    """Hyper-parameters of UCRL-RFE and its variants."""

    @property
    def n_episodes(self) -> int: ...
    @property
    def delta(self) -> float: ...
    @property
    def c_beta(self) -> float: ...


class Moment(NamedTuple):
    """An episode as the watch sees it."""

    reward: Float  # r^k, (H, S, A)
    plan: Plan  # V^k and pi^k
    walk: Walk
    targets: Float  # u^k_h, (H, S)


def allocate(params: Prepared, problem: RewardFreeProblem) -> None:
    """Checks of the hyper-parameters.

    Raises:
        InvalidInput: if a hyper-parameter is out of its range, or the run is longer than n_episodes.
    """
    name = type(params).__name__
    if params.n_episodes < max(1, problem.n_episodes):
        raise InvalidInput(
            f"{name}: n_episodes is {params.n_episodes}; expected at least the run's {problem.n_episodes}"
        )
    if not 0.0 < params.delta < 1.0:
        raise InvalidInput(f"{name}: delta is {params.delta}; expected a number in (0, 1)")
    if not 0.0 < params.c_beta < math.inf:
        raise InvalidInput(f"{name}: c_beta is {params.c_beta}; expected a finite number > 0")


def beta_of(params: UCRLRFE, problem: RewardFreeProblem) -> float:
    """c_beta (H sqrt(d log(3 (1 + K H^3 B^2)/delta)) + 1)."""
    horizon, d = problem.rewards.shape[1], problem.features.shape[3]
    return params.c_beta * radius(params.n_episodes, d, horizon, problem.parameter_bound, params.delta)


def exploration_reward(width: Float, beta: float, horizon: int) -> Float:
    """r^k_h(s,a) = min{1, (2 beta/H) max over f: S -> [0, H-h] of ||psi_f(s,a)||}, (H, S, A); ``width``: f <= 1."""
    ahead = np.arange(horizon - 1, -1, -1.0)[:, None, None]  # H - h for h = 1..H
    return np.minimum(1.0, 2.0 * beta / horizon * ahead * width)


def planned(features: Float, estimate: Float, whitener: Float, beta: float, reward: Float) -> Int:
    """The planning phase: the greedy policy of PLAN for a reward, (H, S)."""
    return optimistic_plan(features, reward, estimate, whitener, beta, float(len(reward))).policy


def learn(ridge: Ridge, features: Float, corner: Float, walk: Walk) -> Float:
    """Regress u^k_h(s_{h+1}) on psi_{u^k_h}(s_h,a_h) along a walk; u^k_h = (H-h) corner(s_h,a_h), (H, S), is returned.

    ``corner`` holds the maximising f: S -> [0, 1] of every pair under Sigma_{1,k}.
    """
    horizon = len(walk.actions)
    targets = np.zeros((horizon, len(features)))
    for h in range(horizon):
        s, a = walk.states[h], walk.actions[h]
        targets[h] = (horizon - 1 - h) * corner[s, a]
        ridge.add(targets[h] @ features[s, a], targets[h][walk.states[h + 1]])
    return targets


def explore(
    params: UCRLRFE, problem: RewardFreeProblem, world: RewardFreeWorld, horizon: int, maximise: Maximiser
) -> Generator[Moment, None, Float]:
    """The exploration phase; ``maximise`` finds the widest f of every pair.

    The summary is H V^K_1(s_1): on the good event the loss for a reward is at most that.
    """
    features, n_stages, d = problem.features, problem.rewards.shape[1], problem.features.shape[3]
    beta = beta_of(params, problem)
    ridge = Ridge(d, 1.0 / problem.parameter_bound**2)
    certificate = float(n_stages**2)
    for _ in range(horizon):
        width, corner = maximise(features, ridge.sigma)
        reward = exploration_reward(width, beta, n_stages)
        plan = optimistic_plan(features, reward, ridge.estimate(), ridge.whitener(), beta, float(n_stages))
        walk = world.explore_with(plan.policy)
        targets = learn(ridge, features, corner, walk)
        world.offer(partial(planned, features, ridge.estimate(), ridge.whitener(), beta))
        certificate = n_stages * float(plan.values[0, problem.initial])
        yield Moment(reward, plan, walk, targets)
    return np.array([certificate])


def play(
    params: UCRLRFE, problem: RewardFreeProblem, world: RewardFreeWorld, horizon: int
) -> Generator[Moment, None, Float]:
    """UCRL-RFE with the exact maximum over f (2^S corners)."""
    return explore(params, problem, world, horizon, widest)
