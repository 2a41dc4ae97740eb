"""LSVI-UCB++ (He, Zhao, Zhou and Gu 2023): weighted regression, monotone values, rarely switched policies."""

from __future__ import annotations

import math
from collections.abc import Generator
from typing import NamedTuple

import numpy as np

from kernels.driven import DRIVEN
from mdps.loops import EpisodicProblem
from mdps.model import Float, Int
from mdps.worlds import EpisodicWorld, Walk
from theory.errors import InvalidInput

PROTOCOL = DRIVEN


class LSVIUCBPlusPlus(NamedTuple):
    """Optimistic and pessimistic action values from ridge regressions weighted by 1/sigma^2, recomputed only when a
    determinant has doubled, each the minimum (maximum) with the last.

    sigma^2 = max(variance + errors + H, H, floor^2 4 d^6 H^4 |phi| in Sigma^-1), lam = 1/H^2.

    Attributes:
        delta: in (0, 1).
        scale: factor of the three radii, whose constants the paper does not give; 1 here.
        floor: factor of the term 2 d^3 H^2 |phi|^(1/2) of the weights, 1 in the theorem; >= 0.
    """

    delta: float = 0.05
    scale: float = 1.0
    floor: float = 1.0


class Moment(NamedTuple):
    """An episode: optimistic and pessimistic action values, (H, S, A) each; policy (H, S); whether they are new; the
    matrices Sigma_h (H, d, d) and sums of phi e_s'/sigma^2, (H, d, S), before the episode; weights sigma^2 of the
    steps, (H,); the walk.
    """

    upper: Float
    lower: Float
    policy: Int
    updated: bool
    sigmas: Float
    sums: Float
    weights: Float
    walk: Walk


def allocate(params: LSVIUCBPlusPlus, problem: EpisodicProblem) -> None:
    """Check the hyper-parameters and the problem.

    Raises:
        InvalidInput: for delta outside (0, 1), scale <= 0, floor < 0, or an instance without features.
    """
    if not 0.0 < params.delta < 1.0:
        raise InvalidInput(f"delta of LSVIUCBPlusPlus is {params.delta}; expected a number in (0, 1)")
    if not 0.0 < params.scale < math.inf:
        raise InvalidInput(f"scale of LSVIUCBPlusPlus is {params.scale}; expected a finite number > 0")
    if not 0.0 <= params.floor < math.inf:
        raise InvalidInput(f"floor of LSVIUCBPlusPlus is {params.floor}; expected a finite number >= 0")
    if problem.features.shape[2] == 0:
        raise InvalidInput("LSVIUCBPlusPlus needs the features of a linear MDP; the instance has none")


def radii_of(d: int, horizon: int, n_episodes: int, delta: float, scale: float) -> Float:
    """(beta, beta-bar, beta-tilde), the paper's orders with constants 1, lam = 1/H^2."""
    h = float(horizon)
    log = math.log(1.0 + d * n_episodes * h / delta * h**2)
    ridge = h * math.sqrt(d) / h
    return scale * np.array(
        [ridge + math.sqrt(d) * log, ridge + math.sqrt(d**3) * h * log, h * ridge + math.sqrt(d**3) * h**2 * log]
    )


def widths(features: Float, sigma: Float) -> Float:
    """|phi(s, a)| in Sigma^{-1}, (S, A)."""
    return np.asarray(np.linalg.norm(features @ np.linalg.inv(np.linalg.cholesky(sigma)).T, axis=-1))


def refresh(
    problem: EpisodicProblem, sigmas: Float, sums: Float, radii: Float, upper: Float, lower: Float
) -> tuple[Float, Float]:
    """New optimistic and pessimistic action values, never looser than the last ones (Algorithm 1, lines 8-11)."""
    upper, lower = upper.copy(), lower.copy()
    above, below = np.zeros(problem.n_states), np.zeros(problem.n_states)
    for h in reversed(range(problem.horizon)):
        size = widths(problem.features, sigmas[h])
        high = problem.features @ np.linalg.solve(sigmas[h], sums[h] @ above) + radii[0] * size
        low = problem.features @ np.linalg.solve(sigmas[h], sums[h] @ below) - radii[1] * size
        upper[h] = np.minimum(np.minimum(problem.rewards[h] + high, upper[h]), problem.horizon)
        lower[h] = np.maximum(np.maximum(problem.rewards[h] + low, lower[h]), 0.0)
        above, below = upper[h].max(axis=1), lower[h].max(axis=1)
    return upper, lower


def weight(
    params: LSVIUCBPlusPlus,
    phi: Float,
    sigma: Float,
    sums: Float,
    above: Float,
    below: Float,
    radii: Float,
    horizon: int,
) -> float:
    """sigma^2 of a step, equations (4.4)-(4.7): above and below are V_{h+1} and its pessimistic twin, (S,)."""
    d, h = len(phi), float(horizon)
    size = math.sqrt(float(phi @ np.linalg.solve(sigma, phi)))
    direction = np.linalg.solve(sigma, phi)
    first, square, least = (float(direction @ sums @ v) for v in (above, above**2, below))
    variance = min(max(square, 0.0), h**2) - min(max(first, 0.0), h) ** 2
    error = min(radii[2] * size, h**2) + min(2.0 * h * radii[1] * size, h**2)
    spread = min(4.0 * d**3 * h**2 * (first - least + 2.0 * radii[1] * size), d**3 * h**3)
    return max(variance + error + spread + h, h, (params.floor * 2.0 * d**3 * h**2) ** 2 * size)


def play(
    params: LSVIUCBPlusPlus, problem: EpisodicProblem, world: EpisodicWorld, n_episodes: int
) -> Generator[Moment, None, None]:
    """Algorithm 1."""
    horizon, d = problem.horizon, problem.features.shape[2]
    radii = radii_of(d, horizon, n_episodes, params.delta, params.scale)
    sigmas = np.array([np.eye(d) / horizon**2] * horizon)
    sums = np.zeros((horizon, d, problem.n_states))
    upper = np.full((horizon, problem.n_states, problem.n_actions), float(horizon))
    lower = np.zeros_like(upper)
    at_update = np.full(horizon, -np.inf)
    for _ in range(n_episodes):
        log_dets = np.linalg.slogdet(sigmas)[1]
        updated = bool((log_dets >= at_update + math.log(2.0)).any())
        if updated:
            upper, lower = refresh(problem, sigmas, sums, radii, upper, lower)
            at_update = log_dets
        policy = upper.argmax(axis=2)
        walk = world.episode(policy)
        before, counted = sigmas.copy(), sums.copy()
        weights = np.zeros(horizon)
        for h in range(horizon):
            phi = problem.features[walk.states[h], walk.actions[h]]
            above, below = (
                q[h + 1].max(axis=1) if h + 1 < horizon else np.zeros(problem.n_states) for q in (upper, lower)
            )
            weights[h] = weight(params, phi, before[h], counted[h], above, below, radii, horizon)
            sigmas[h] += np.outer(phi, phi) / weights[h]
            sums[h, :, walk.states[h + 1]] += phi / weights[h]
        yield Moment(upper, lower, policy, updated, before, counted, weights, walk)
