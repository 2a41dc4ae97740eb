"""A control: UCRL-RFE's regression and planning after exploring with uniformly random policies. No theorem."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import NamedTuple

import numpy as np

from kernels.driven import DRIVEN
from mdps.algorithms import ucrl_rfe
from mdps.algorithms.ucrl_rfe import UCRLRFE, beta_of, learn, planned
from mdps.reward_free import RewardFreeProblem, RewardFreeWorld
from mdps.reward_free_regression import widest
from mdps.value_regression import Ridge
from mdps.worlds import Walk

PROTOCOL = DRIVEN

allocate = ucrl_rfe.allocate


class UniformRFE(NamedTuple):
    """The hyper-parameters of :class:`mdps.algorithms.ucrl_rfe.UCRLRFE`, which set the radius of the planning phase."""

    n_episodes: int
    delta: float = 0.1
    c_beta: float = 1.0


def play(params: UniformRFE, problem: RewardFreeProblem, world: RewardFreeWorld, horizon: int) -> Iterator[Walk]:
    """Every episode plays a deterministic policy drawn uniformly."""
    features, n_stages = problem.features, problem.rewards.shape[1]
    beta = beta_of(UCRLRFE(*params), problem)
    ridge = Ridge(features.shape[3], 1.0 / problem.parameter_bound**2)
    for _ in range(horizon):
        _, corner = widest(features, ridge.sigma)
        policy = world.private.integers(features.shape[1], size=(n_stages, len(features)), dtype=np.int64)
        walk = world.explore_with(policy)
        learn(ridge, features, corner, walk)
        world.offer(partial(planned, features, ridge.estimate(), ridge.whitener(), beta))
        yield walk
