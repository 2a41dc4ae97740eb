"""Tabular policy optimisation with dilated bonuses (Luo, Wei and Lee 2021), bandit feedback, known transitions."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import NamedTuple

import numpy as np

from mdps.adversarial import AdversarialProblem, AdversarialWorld, Walk
from mdps.dilated import dilate, pairs_of
from mdps.leaders import entropy_leaders
from mdps.planning.layered import Float, Int, occupancy
from theory.errors import InvalidInput
from theory.theorems.policy_optimisation import parameters


class PolicyOptimisation(NamedTuple):
    """Exponential weights at every state on sum (Qhat - B), Qhat = 1{visited} L/(q + gamma).

    Attributes:
        learning_rate: eta > 0. implicit: gamma > 0, implicit exploration. :func:`tuned` has the theorem's.
    """

    learning_rate: float
    implicit: float


class OptimisationMoment(NamedTuple):
    """What an episode shows to a watch.

    Attributes:
        policy, bonus, dilated, estimate: pi, b, B and Qhat, (H, S, A).
        estimator: (pairs (H,), losses-to-go (H,)) -> what Qhat would be on another path. walk: the episode.
    """

    policy: Float
    bonus: Float
    dilated: Float
    estimate: Float
    estimator: Callable[[Int, Float], Float]
    walk: Walk


def tuned(n_states: int, n_actions: int, horizon: int, n_episodes: int) -> PolicyOptimisation:
    """gamma = 2 eta H, eta = sqrt(ln A/(4 e H X A T)) but at most 1/(4 (e - 1) H^3)."""
    return PolicyOptimisation(*parameters(n_states, n_actions, horizon, n_episodes))


def allocate(params: PolicyOptimisation, problem: AdversarialProblem) -> None:
    """Check the hyper-parameters.

    Raises:
        InvalidInput: unless both are positive.
    """
    for name, value in params._asdict().items():
        if not value > 0.0:
            raise InvalidInput(f"PolicyOptimisation: {name} is {value!r}; expected > 0")


def visited_estimate(denominator: Float, pairs: Int, to_go: Float) -> Float:
    """1{(s, a) = (s_h, a_h)} L_h/(q + gamma), (H, S, A)."""
    estimate = np.zeros(denominator.shape)
    at = np.arange(len(pairs)), pairs // denominator.shape[2], pairs % denominator.shape[2]
    estimate[at] = to_go / denominator[at]
    return estimate


def state_bonus(policy: Float, denominator: Float, implicit: float) -> Float:
    """b(s) = E_{a ~ pi} 2 gamma H/(q(s, a) + gamma), the same for all actions, (H, S, A)."""
    bonus = 2.0 * implicit * len(policy) * (policy / denominator).sum(axis=2, keepdims=True)
    return np.broadcast_to(bonus, policy.shape)


def play(
    params: PolicyOptimisation, problem: AdversarialProblem, world: AdversarialWorld, horizon: int
) -> Iterator[OptimisationMoment]:
    """The tabular algorithm with q the occupancy under the known transitions."""
    total = np.zeros((problem.horizon, problem.n_states, problem.n_actions))  # sum of Qhat - B
    for _ in range(horizon):
        policy = entropy_leaders(total, params.learning_rate)
        denominator = occupancy(problem.transitions, problem.initial, policy) + params.implicit
        bonus = state_bonus(policy, denominator, params.implicit)
        dilated = dilate(problem.transitions, policy, bonus, 1.0 + 1.0 / problem.horizon)
        estimator = partial(visited_estimate, denominator)
        walk = world.episode(policy)
        estimate = estimator(pairs_of(walk, problem.n_actions), walk.to_go)
        total = total + estimate - dilated
        yield OptimisationMoment(policy, bonus, dilated, estimate, estimator, walk)
