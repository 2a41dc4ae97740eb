"""Log-barrier policy optimisation with dilated bonuses (Dai, Luo, Wei and Zimmert 2023, Algorithm 1)."""

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
from mdps.leaders import barrier_leaders
from theory.theorems.refined_regret import barrier_parameters


class RefinedRegret(Rates):
    """FTRL with the log-barrier at every state on Qhat - B."""

    __slots__ = ()


def tuned(n_actions: int, dimension: int, horizon: int, n_episodes: int) -> RefinedRegret:
    """eta = sqrt(A ln K/(72 d H^4 K)), beta = 8 eta H^2, gamma = 96 eta^2 H^4."""
    return RefinedRegret(*barrier_parameters(n_actions, dimension, horizon, n_episodes))


def practical(n_actions: int, dimension: int, horizon: int, n_episodes: int, scale: float = 5.0) -> RefinedRegret:
    """eta = c sqrt(A ln K/(d H^2 K)), beta = 0.02 eta H^2, gamma = 0.1/sqrt(K): no theorem covers these constants."""
    rate = scale * math.sqrt(n_actions * math.log(n_episodes) / (dimension * horizon**2 * n_episodes))
    return RefinedRegret(rate, 0.02 * rate * horizon**2, 0.1 / math.sqrt(n_episodes))


def linear_bandit(n_actions: int, dimension: int, n_rounds: int) -> RefinedRegret:
    """One layer, no bonus and no regularization: eta = sqrt(2 A ln T/(d T)), the least of the corollary's bound."""
    return RefinedRegret(math.sqrt(2.0 * n_actions * math.log(n_rounds) / (dimension * n_rounds)), 0.0, 0.0)


def play(params: RefinedRegret, problem: AdversarialProblem, world: AdversarialWorld, horizon: int) -> Iterator[Moment]:
    """Algorithm 1."""
    phi = features_of(problem)
    shape = (problem.horizon, problem.n_states, problem.n_actions)
    total, normaliser = np.zeros(shape), np.ones(shape[:2])  # sum of Qhat - B
    for _ in range(horizon):
        policy, normaliser = barrier_leaders(total, params.learning_rate, normaliser)
        inverse = params.covariance.inverse(problem, policy, params.regularization, world)
        bonus = local_bonus(widths(phi, inverse), policy, params.bonus_scale)
        dilated = params.recursion.dilated(problem, policy, bonus, world)
        estimator = partial(linear_estimate, phi, inverse, shape)
        walk = world.episode(policy)
        estimate = estimator(pairs_of(walk, problem.n_actions), walk.to_go)
        total = total + estimate - dilated
        yield Moment(policy, inverse, bonus, dilated, estimate, estimator, walk)
