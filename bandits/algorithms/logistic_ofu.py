"""OFULog (Faury et al. 2020; Abeille, Faury and Calauzenes 2021) in the plane, the confidence set on a polar grid."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from bandits.algorithms.glm_ucb import check_logistic
from bandits.linear import LinearProblem
from bandits.worlds import LinearWorld
from kernels.driven import Driven
from theory.errors import InvalidInput
from theory.logistic import loss, mean, slope
from theory.theorems.logistic_ofu import score_radius

Float = npt.NDArray[np.float64]

PROTOCOL = Driven("linear bandit")

#: Values of <theta, x> closer than this to the largest count as equal to it.
TIES = 1e-9


class Candidates(NamedTuple):
    """The parameters of the grid and what does not change over the rounds.

    Attributes:
        theta: (n, 2). mean, slope: m and m' of <theta, x>, (n, K). features: (K, 2).
    """

    theta: Float
    mean: Float
    slope: Float
    features: Float


class OFULog(NamedTuple):
    """(x_t, theta~_t) = argmax <theta, x> over x and {theta: |g_t(theta) - sum r x| in H_t^{-1}(theta) <= gm_t(theta)}.

    Attributes:
        parameter_bound: S >= |theta|, > 0. feature_bound: L >= |x|, > 0.
        regularization: lam > 0.
        delta: failure probability.
        scale: factor on the radius; 1 in the theorem, anything else is a practical preset without one.
        radii, angles: size of the polar grid of the ball.
    """

    parameter_bound: float = 1.0
    feature_bound: float = 1.0
    regularization: float = 1.0
    delta: float = 0.05
    scale: float = 1.0
    radii: int = 16
    angles: int = 48

    def excess(self, grid: Candidates, counts: Float, sums: Float) -> Float:
        """|g(theta) - sum r x| in H^{-1}(theta) over its radius: at most 1 inside the set. Shape (n,)."""
        distance, log_det = score_distance(self, grid, counts, sums)
        radius = score_radius(log_det, 2, self.delta, self.regularization, self.parameter_bound)
        return np.asarray(distance / (self.scale * radius))


class OFULogRelaxed(NamedTuple):
    """OFULog-r: the convex set {theta: L_t(theta) - min L_t <= beta_t^2}, beta = gm + gm^2/sqrt lam, which contains it.

    Attributes: as for :class:`OFULog`.
    """

    parameter_bound: float = 1.0
    feature_bound: float = 1.0
    regularization: float = 1.0
    delta: float = 0.05
    scale: float = 1.0
    radii: int = 16
    angles: int = 48

    def excess(self, grid: Candidates, counts: Float, sums: Float) -> Float:
        """(L(theta) - least L on the grid) over beta^2: at most 1 inside the set. Shape (n,)."""
        values = loss(grid.features, counts, sums, self.regularization, grid.theta)
        # The largest determinant of H: m' <= 1/4.
        gram = 0.25 * (grid.features * counts[:, None]).T @ grid.features / self.regularization + np.eye(2)
        log_det = math.log(np.linalg.det(gram))
        gm = float(score_radius(log_det, 2, self.delta, self.regularization, self.parameter_bound))
        beta = self.scale * (gm + gm**2 / math.sqrt(self.regularization))
        return np.asarray((values - values.min()) / beta**2)


class Moment(NamedTuple):
    """What the rule saw before the round, and the round.

    Attributes:
        theta: the optimistic parameter, (2,). inside: how many of the grid were in the set.
        action, reward: of the round.
    """

    theta: Float
    inside: int
    action: int
    reward: float


def allocate(params: Any, problem: LinearProblem) -> None:
    """Refuse hyper-parameters out of range, and problems outside the plane.

    Raises:
        InvalidInput: naming what is wrong.
    """
    check_logistic(params, problem)
    for name in ("radii", "angles"):
        if getattr(params, name) < 1:
            raise InvalidInput(f"{type(params).__name__}: {name} is {getattr(params, name)}; expected at least 1")
    if problem.dimension != 2:
        raise InvalidInput(f"{type(params).__name__}: dimension is {problem.dimension}; the grid is one of the plane")


def polar_grid(params: Any, features: Float) -> Candidates:
    """The centre, and ``radii`` circles up to S of ``angles`` points each, the first in the direction of the x axis."""
    lengths = params.parameter_bound * np.arange(1, params.radii + 1) / params.radii
    turns = 2.0 * np.pi * np.arange(params.angles) / params.angles
    circle = np.column_stack([np.cos(turns), np.sin(turns)])
    theta = np.concatenate([np.zeros((1, 2)), (lengths[:, None, None] * circle).reshape(-1, 2)])
    z = theta @ features.T
    return Candidates(theta, mean(z), slope(z), features)


def score_distance(params: Any, grid: Candidates, counts: Float, sums: Float) -> tuple[Float, Float]:
    """|g(theta) - sum r x| in H^{-1}(theta), and log(det H(theta)/lam^2), for every parameter of the grid.

    g(theta) = sum m(<theta, x>) x + lam theta, H(theta) = sum m'(<theta, x>) x x' + lam I; the 2 x 2 inverse by hand.
    """
    lam, x = params.regularization, grid.features
    off = (grid.mean * counts - sums) @ x + lam * grid.theta
    weights = grid.slope * counts
    a, b, c = weights @ x[:, 0] ** 2 + lam, weights @ (x[:, 0] * x[:, 1]), weights @ x[:, 1] ** 2 + lam
    determinant = a * c - b * b
    squared = (c * off[:, 0] ** 2 - 2.0 * b * off[:, 0] * off[:, 1] + a * off[:, 1] ** 2) / determinant
    return np.sqrt(np.maximum(squared, 0.0)), np.log(determinant / lam**2)


def optimistic(grid: Candidates, excess: Float) -> tuple[int, int]:
    """(parameter, action) of the largest <theta, x> over the set; of an empty set, its least excessive parameter."""
    inside = np.flatnonzero(excess <= 1.0)
    if not inside.size:
        inside = np.array([int(np.argmin(excess))])
    values = grid.theta[inside] @ grid.features.T
    # In a round ball many actions tie, up to rounding, which must not decide.
    row, action = np.unravel_index(int(np.argmax(values >= values.max() - TIES)), values.shape)
    return int(inside[row]), int(action)


def play(params: Any, problem: LinearProblem, world: LinearWorld, horizon: int) -> Iterator[Moment]:
    """Every round the whole grid is tested; the data are kept by action."""
    x = world.observe_context()
    grid = polar_grid(params, x)
    counts, sums = np.zeros(len(x)), np.zeros(len(x))
    for t in range(1, horizon + 1):
        if t > 1:
            world.observe_context()
        excess = params.excess(grid, counts, sums)
        chosen, action = optimistic(grid, excess)
        reward = world.pull(action)
        counts[action] += 1.0
        sums[action] += reward
        yield Moment(grid.theta[chosen], int((excess <= 1.0).sum()), action, reward)
