"""Entropy policy optimisation with dilated bonuses and the plain estimator (Luo, Wei and Lee 2021), the baseline."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import partial

import numpy as np

from mdps.adversarial import AdversarialProblem, AdversarialWorld
from mdps.dilated import (
    Moment,
    Rates,
    allocate,  # noqa: F401  (part of the algorithm)
    features_of,
    linear_estimate,
    local_bonus,
    pairs_of,
    widths,
)
from mdps.leaders import entropy_leaders
from theory.theorems.refined_regret import dilated_entropy_parameters


class DilatedEntropy(Rates):
    """FTRL with the entropy at every state on Qhat - B, Qhat = phi . thetahat; gamma is to be at least 2 eta H."""

    __slots__ = ()


def tuned(n_actions: int, dimension: int, horizon: int, n_episodes: int) -> DilatedEntropy:
    """gamma = 2 eta H, beta = sqrt(2 eta H^3/e), eta of order K^(-2/3)."""
    return DilatedEntropy(*dilated_entropy_parameters(n_actions, dimension, horizon, n_episodes))


def practical(n_actions: int, dimension: int, horizon: int, n_episodes: int, scale: float = 5.0) -> DilatedEntropy:
    """eta = c (ln A/(d H))^(2/3) K^(-2/3)/H, gamma = 2 eta H, beta = 0.02 K^(-1/3): no theorem covers these."""
    rate = scale * (math.log(n_actions) / (dimension * horizon * n_episodes)) ** (2.0 / 3.0) / horizon
    return DilatedEntropy(rate, 0.02 * n_episodes ** (-1.0 / 3.0), 2.0 * rate * horizon)


def play(
    params: DilatedEntropy, problem: AdversarialProblem, world: AdversarialWorld, horizon: int
) -> Iterator[Moment]:
    """Luo, Wei and Lee 2021, the linear-Q algorithm."""
    phi = features_of(problem)
    shape = (problem.horizon, problem.n_states, problem.n_actions)
    total = np.zeros(shape)  # sum of Qhat - B
    for _ in range(horizon):
        policy = entropy_leaders(total, params.learning_rate)
        inverse = params.covariance.inverse(problem, policy, params.regularization, world)
        bonus = local_bonus(widths(phi, inverse), policy, params.bonus_scale)
        dilated = params.recursion.dilated(problem, policy, bonus, world)
        estimator = partial(linear_estimate, phi, inverse, shape)
        walk = world.episode(policy)
        estimate = estimator(pairs_of(walk, problem.n_actions), walk.to_go)
        total = total + estimate - dilated
        yield Moment(policy, inverse, bonus, dilated, estimate, estimator, walk)
