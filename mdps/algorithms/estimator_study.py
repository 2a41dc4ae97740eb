"""No learning: what covariance and loss estimates are like under one fixed policy."""

from __future__ import annotations

from collections.abc import Generator
from typing import NamedTuple

import numpy as np

from mdps.adversarial import AdversarialProblem, AdversarialWorld
from mdps.algorithms.refined_regret_reduced import mean_negative_part, reduced_estimate
from mdps.covariance import Covariance, Exact, gram
from mdps.dilated import features_of, linear_estimate
from mdps.planning.layered import Float
from theory.errors import InvalidInput


class EstimatorStudy(NamedTuple):
    """Estimates of a policy's inverse covariance, afresh in every round; nothing is played.

    Attributes:
        probabilities: of the actions, the same in every state. regularization: gamma > 0. covariance: the way.
    """

    probabilities: tuple[float, ...]
    regularization: float
    covariance: Covariance = Exact()


class Found(NamedTuple):
    """A round: the largest |eigenvalue - 1| of Sigma^+ relative to (gamma I + Sigma)^{-1}, and the least estimates."""

    error: float
    plain: float
    reduced: float


def allocate(params: EstimatorStudy, problem: AdversarialProblem) -> None:
    """Check the hyper-parameters.

    Raises:
        InvalidInput: for probabilities that do not fit the actions, or gamma <= 0.
    """
    p = np.asarray(params.probabilities)
    if p.shape != (problem.n_actions,) or not (p >= 0.0).all() or abs(p.sum() - 1.0) > 1e-9:
        raise InvalidInput(f"probabilities are {p.tolist()}; expected {problem.n_actions} that sum to 1")
    if not params.regularization > 0.0:
        raise InvalidInput(f"regularization is {params.regularization}; expected > 0")
    params.covariance.require()


def relative_error(inverse: Float, covariance: Float, regularization: float) -> float:
    """The largest |eigenvalue - 1| of Sigma^+ (gamma I + Sigma) over the layers."""
    target = covariance + regularization * np.eye(covariance.shape[-1])
    roots = np.linalg.cholesky(target)
    return float(abs(np.linalg.eigvalsh(np.swapaxes(roots, 1, 2) @ inverse @ roots) - 1.0).max())


def play(
    params: EstimatorStudy, problem: AdversarialProblem, world: AdversarialWorld, horizon: int
) -> Generator[Found, None, Float]:
    """The summary is (mean error, least plain estimate, least reduced estimate) over the rounds."""
    shape = (problem.horizon, problem.n_states, problem.n_actions)
    policy = np.broadcast_to(np.asarray(params.probabilities), shape)
    phi, gamma = features_of(problem), params.regularization
    visits = Exact().measure(problem, policy, world)
    covariance = gram(problem.features, visits)
    found = []
    for _ in range(horizon):
        inverse = params.covariance.inverse(problem, policy, gamma, world)
        correction = mean_negative_part(phi, inverse, visits)
        plain = reduced = np.inf
        for j in range(phi.shape[1]):
            pairs = np.full(problem.horizon, j)
            for to_go in (np.zeros(problem.horizon), np.full(problem.horizon, float(problem.horizon))):
                plain = min(plain, float(linear_estimate(phi, inverse, shape, pairs, to_go).min()))
                reduced = min(reduced, float(reduced_estimate(phi, inverse, correction, pairs, to_go).min()))
        found.append(Found(relative_error(inverse, covariance, gamma), plain, reduced))
        yield found[-1]
    return np.array([np.mean([f.error for f in found]), min(f.plain for f in found), min(f.reduced for f in found)])
