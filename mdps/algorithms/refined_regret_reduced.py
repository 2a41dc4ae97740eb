"""Entropy policy optimisation with the magnitude-reduced estimator (Dai, Luo, Wei and Zimmert 2023, Algorithm 2)."""

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
from mdps.planning.layered import Float, Int
from theory.theorems.refined_regret import reduced_parameters


class MagnitudeReduced(Rates):
    """FTRL with the entropy at every state on Qhat - B, Qhat of reduced magnitude."""

    __slots__ = ()


def tuned(n_actions: int, dimension: int, horizon: int, n_episodes: int) -> MagnitudeReduced:
    """beta = (16/3) eta H^2, gamma = 64 eta^2 H^4 and the eta that balances the bound's terms."""
    return MagnitudeReduced(*reduced_parameters(n_actions, dimension, horizon, n_episodes))


def practical(n_actions: int, dimension: int, horizon: int, n_episodes: int, scale: float = 5.0) -> MagnitudeReduced:
    """eta = c sqrt(ln A/(d H^2 K)), beta = 0.02 eta H^2, gamma = 0.1/sqrt(K): no theorem covers these constants."""
    rate = scale * math.sqrt(math.log(n_actions) / (dimension * horizon**2 * n_episodes))
    return MagnitudeReduced(rate, 0.02 * rate * horizon**2, 0.1 / math.sqrt(n_episodes))


def mean_negative_part(phi: Float, inverse: Float, measure: Float) -> Float:
    """m(s, a) = E over (s', a') of the layer of min(phi(s, a)^T Sigma^+ phi(s', a'), 0), (H, S, A)."""
    products = phi @ inverse @ phi.transpose(0, 2, 1)
    weights = measure.reshape(len(phi), -1, 1)
    return (np.minimum(products, 0.0) @ weights).reshape(measure.shape)


def reduced_estimate(phi: Float, inverse: Float, correction: Float, pairs: Int, to_go: Float) -> Float:
    """phi . thetahat - H min(phi^T Sigma^+ phi_h, 0) + H m, (H, S, A); ``correction`` is m."""
    horizon = len(phi)
    product = linear_estimate(phi, inverse, correction.shape, pairs, np.ones(horizon))
    return product * to_go[:, None, None] - horizon * np.minimum(product, 0.0) + horizon * correction


def play(
    params: MagnitudeReduced, problem: AdversarialProblem, world: AdversarialWorld, horizon: int
) -> Iterator[Moment]:
    """Algorithm 2."""
    phi = features_of(problem)
    total = np.zeros((problem.horizon, problem.n_states, problem.n_actions))  # sum of Qhat - B
    for _ in range(horizon):
        policy = entropy_leaders(total, params.learning_rate)
        inverse = params.covariance.inverse(problem, policy, params.regularization, world)
        bonus = local_bonus(widths(phi, inverse), policy, params.bonus_scale)
        dilated = params.recursion.dilated(problem, policy, bonus, world)
        correction = mean_negative_part(phi, inverse, params.covariance.measure(problem, policy, world))
        estimator = partial(reduced_estimate, phi, inverse, correction)
        walk = world.episode(policy)
        estimate = estimator(pairs_of(walk, problem.n_actions), walk.to_go)
        total = total + estimate - dilated
        yield Moment(policy, inverse, bonus, dilated, estimate, estimator, walk)
