"""UCRL-VTR+ (Zhou, Gu and Szepesvari 2021): value-targeted regression weighted by estimated variances."""

from __future__ import annotations

import math
from collections.abc import Generator
from typing import NamedTuple

import numpy as np

from kernels.driven import DRIVEN
from mdps.algorithms.ucrl_vtr import plan
from mdps.mixture import MixtureProblem
from mdps.model import Float, Int
from mdps.value_regression import Ridge
from mdps.worlds import EpisodicWorld, Walk
from theory.errors import InvalidInput

PROTOCOL = DRIVEN


class UCRLVTRPlus(NamedTuple):
    """As UCRL-VTR, with every observation of V weighted by 1/sigma^2, sigma^2 = max(H^2/d, variance + error), the
    variance estimated by a second regression, on V^2.

    Attributes:
        delta: level of each of the three families of ellipsoids, in (0, 1).
        scale: factor of the planning radius, 1 in the theorem; > 0.
    """

    delta: float = 0.05
    scale: float = 1.0


class Moment(NamedTuple):
    """An episode: values (H + 1, S), action values (H, S, A), policy (H, S); estimates and matrices of the regressions
    on V, (H, d) and (H, d, d), and on V^2; radii (3,): of planning, of the variance's two parts; the walk; variances,
    their error bounds and the weights sigma^2 of its steps, (H,) each.
    """

    values: Float
    q: Float
    policy: Int
    estimates: Float
    sigmas: Float
    square_estimates: Float
    square_sigmas: Float
    radii: Float
    walk: Walk
    variances: Float
    errors: Float
    weights: Float


def allocate(params: UCRLVTRPlus, problem: MixtureProblem) -> None:
    """Check the hyper-parameters.

    Raises:
        InvalidInput: for delta outside (0, 1) or scale <= 0.
    """
    if not 0.0 < params.delta < 1.0:
        raise InvalidInput(f"delta of UCRLVTRPlus is {params.delta}; expected a number in (0, 1)")
    if not 0.0 < params.scale < math.inf:
        raise InvalidInput(f"scale of UCRLVTRPlus is {params.scale}; expected a finite number > 0")


def radii_of(k: int, dimension: int, horizon: int, delta: float, bound: float) -> Float:
    """(beta-hat, beta-check, beta-tilde) of episode k, equations (4.5)-(4.7), lam = 1/B^2 (so sqrt(lam) B = 1)."""
    d, h, lam = float(dimension), float(horizon), 1.0 / bound**2
    log = math.log(4.0 * k**2 * h / delta)
    grown = math.log1p(k / lam)
    return np.array(
        [
            8.0 * math.sqrt(d * grown * log) + 4.0 * math.sqrt(d) * log + 1.0,
            8.0 * d * math.sqrt(grown * log) + 4.0 * math.sqrt(d) * log + 1.0,
            8.0 * math.sqrt(d * h**4 * math.log1p(k * h**4 / (d * lam)) * log) + 4.0 * h**2 * log + 1.0,
        ]
    )


def norm(whitener: Float, psi: Float) -> float:
    """|psi| in Sigma^{-1}."""
    return float(np.linalg.norm(whitener @ psi))


def variance_and_error(
    psi: Float, psi_square: Float, on_value: Ridge, on_square: Ridge, radii: Float, horizon: int
) -> tuple[float, float]:
    """Estimated variance of V at a step and the bound on its error, equations (4.2) and (4.4)."""
    h2 = float(horizon) ** 2
    second = min(max(float(psi_square @ on_square.estimate()), 0.0), h2)
    first = min(max(float(psi @ on_value.estimate()), 0.0), float(horizon))
    error = min(h2, 2.0 * horizon * radii[1] * norm(on_value.whitener(), psi))
    error += min(h2, radii[2] * norm(on_square.whitener(), psi_square))
    return second - first**2, error


def play(
    params: UCRLVTRPlus, problem: MixtureProblem, world: EpisodicWorld, n_episodes: int
) -> Generator[Moment, None, None]:
    """Algorithm 1."""
    horizon, d = len(problem.rewards), problem.mixture.shape[3]
    lam = 1.0 / problem.parameter_bound**2
    on_value, on_square = ([Ridge(d, lam) for _ in range(horizon)] for _ in range(2))
    for k in range(1, n_episodes + 1):
        radii = radii_of(k, d, horizon, params.delta, problem.parameter_bound)
        values, policy, q = plan(problem, on_value, np.full(horizon, radii[0]), params.scale)
        walk = world.episode(policy)
        told = [np.array([stage.estimate() for stage in stages]) for stages in (on_value, on_square)]
        shape = [np.array([stage.sigma for stage in stages]) for stages in (on_value, on_square)]
        variances, errors, weights = np.zeros((3, horizon))
        for h in range(horizon):
            rows = problem.mixture[walk.states[h], walk.actions[h]].T
            psi, psi_square = rows @ values[h + 1], rows @ values[h + 1] ** 2
            variances[h], errors[h] = variance_and_error(psi, psi_square, on_value[h], on_square[h], radii, horizon)
            weights[h] = max(horizon**2 / d, variances[h] + errors[h])  # equation (4.3)
            reached = float(values[h + 1][walk.states[h + 1]])
            on_value[h].add(psi, reached, weights[h])
            on_square[h].add(psi_square, reached**2)
        yield Moment(values, q, policy, told[0], shape[0], told[1], shape[1], radii, walk, variances, errors, weights)
