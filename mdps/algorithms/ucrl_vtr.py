"""UCRL-VTR (Ayoub, Jia, Szepesvari, Wang and Yang 2020): regression on the values of the next states."""

from __future__ import annotations

import math
from collections.abc import Generator
from typing import NamedTuple

import numpy as np

from kernels.driven import DRIVEN
from mdps.mixture import MixtureProblem
from mdps.model import Float, Int
from mdps.value_regression import Plan, Ridge, optimistic_plan
from mdps.worlds import EpisodicWorld, Walk
from theory.errors import InvalidInput

PROTOCOL = DRIVEN


class UCRLVTR(NamedTuple):
    """Q_h = clip_[0,H](r_h + <psi_V, theta_h> + beta_h |psi_V| in Sigma_h^-1), V = V_{h+1}, greedy; then every stage
    regresses V_{h+1}(s_{h+1}) on psi_V(s_h, a_h).

    beta_h = (H/2) sqrt(log det Sigma_h/det(lam I) + 2 log(2H/delta)) + sqrt(lam) B.

    Attributes:
        delta: the bound fails with at most this probability, in (0, 1).
        ridge: lam > 0.
        scale: factor of beta, 1 in the theorem; > 0.
    """

    delta: float = 0.05
    ridge: float = 1.0
    scale: float = 1.0


class Moment(NamedTuple):
    """An episode: its values (H + 1, S), action values (H, S, A) and policy (H, S); the regressions it was planned
    with, their estimates (H, d) and matrices (H, d, d), radii (H,) before scaling; the walk.
    """

    values: Float
    q: Float
    policy: Int
    estimates: Float
    sigmas: Float
    radii: Float
    walk: Walk


def allocate(params: UCRLVTR, problem: MixtureProblem) -> None:
    """Check the hyper-parameters.

    Raises:
        InvalidInput: for delta outside (0, 1), ridge <= 0 or scale <= 0.
    """
    if not 0.0 < params.delta < 1.0:
        raise InvalidInput(f"delta of UCRLVTR is {params.delta}; expected a number in (0, 1)")
    for what, value in (("ridge", params.ridge), ("scale", params.scale)):
        if not 0.0 < value < math.inf:
            raise InvalidInput(f"{what} of UCRLVTR is {value}; expected a finite number > 0")


def radius(sigma: Float, ridge: float, horizon: int, delta: float, bound: float) -> float:
    """beta_h: the self-normalised bound for targets in [0, H], which are H/2-subgaussian, at level delta/(2H)."""
    log_det = float(np.linalg.slogdet(sigma)[1]) - len(sigma) * math.log(ridge)
    return 0.5 * horizon * math.sqrt(log_det + 2.0 * math.log(2.0 * horizon / delta)) + math.sqrt(ridge) * bound


def plan(problem: MixtureProblem, stages: list[Ridge], radii: Float, scale: float) -> Plan:
    """Optimistic backward induction with every stage's own regression."""
    estimates = np.array([stage.estimate() for stage in stages])
    whiteners = np.array([stage.whitener() for stage in stages])
    return optimistic_plan(
        problem.mixture, problem.rewards, estimates, whiteners, scale * radii, float(len(problem.rewards))
    )


def learn(problem: MixtureProblem, stages: list[Ridge], values: Float, walk: Walk) -> None:
    """One observation for every stage: psi_V(s_h, a_h) and V(s_{h+1}), V the values of this episode."""
    for h, stage in enumerate(stages):
        psi = problem.mixture[walk.states[h], walk.actions[h]].T @ values[h + 1]
        stage.add(psi, float(values[h + 1][walk.states[h + 1]]))


def play(
    params: UCRLVTR, problem: MixtureProblem, world: EpisodicWorld, n_episodes: int
) -> Generator[Moment, None, None]:
    """Algorithm 1, a parameter for every stage."""
    horizon, dimension = len(problem.rewards), problem.mixture.shape[3]
    stages = [Ridge(dimension, params.ridge) for _ in range(horizon)]
    for _ in range(n_episodes):
        radii = np.array(
            [radius(s.sigma, params.ridge, horizon, params.delta, problem.parameter_bound) for s in stages]
        )
        estimates, sigmas = np.array([s.estimate() for s in stages]), np.array([s.sigma for s in stages])
        planned = plan(problem, stages, radii, params.scale)
        walk = world.episode(planned.policy)
        yield Moment(planned.values, planned.q, planned.policy, estimates, sigmas, radii, walk)
        learn(problem, stages, planned.values, walk)
