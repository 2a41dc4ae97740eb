"""GLM-UCB for the logistic link (Filippi et al. 2010; Li, Lu and Zhou 2017), the estimate constrained to a ball."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from bandits.linear import LinearProblem
from bandits.worlds import LinearWorld
from kernels.driven import Driven
from theory.errors import InvalidInput
from theory.logistic import curvature_inverse, fit_in_ball
from theory.theorems.glm_ucb import NOISE

Float = npt.NDArray[np.float64]

PROTOCOL = Driven("linear bandit")


class GLMUCB(NamedTuple):
    """x_t = argmax <thh, x> + kappa rho |x| in V^{-1}, thh the penalised estimate in |theta| <= S; ties to the lowest.

    Attributes:
        parameter_bound: S >= |theta|, > 0. feature_bound: L >= |x|, > 0. kappa is 1/m'(SL).
        regularization: lam > 0.
        delta: failure probability.
        scale: factor on the radius; 1 in the theorem, anything else is a practical preset without one.
    """

    parameter_bound: float = 1.0
    feature_bound: float = 1.0
    regularization: float = 1.0
    delta: float = 0.05
    scale: float = 1.0


class Moment(NamedTuple):
    """What the rule saw before the round: estimate (d,), radius of the index, widths (K,); action and reward of it."""

    estimate: Float
    radius: float
    widths: Float
    action: int
    reward: float


def check_logistic(params: NamedTuple, problem: LinearProblem) -> None:
    """Refuse hyper-parameters of the logistic model out of their range, and action sets that change.

    Raises:
        InvalidInput: naming the algorithm, the parameter and its value.
    """
    rule = type(params).__name__
    for name in ("parameter_bound", "feature_bound", "regularization", "scale"):
        value = getattr(params, name)
        if not 0.0 < value < math.inf:
            raise InvalidInput(f"{rule}: {name} is {value}; expected a finite number > 0")
    delta = params.delta  # type: ignore[attr-defined]
    if not 0.0 < delta < 1.0:
        raise InvalidInput(f"{rule}: delta is {delta}; expected a number in (0, 1)")
    if problem.n_contexts != 1:
        raise InvalidInput(f"{rule}: there are {problem.n_contexts} contexts; expected a fixed action set")


def allocate(params: GLMUCB, problem: LinearProblem) -> None:
    """Refuse hyper-parameters out of range.

    Raises:
        InvalidInput: naming what is wrong.
    """
    check_logistic(params, problem)


def confidence_radius(params: GLMUCB, log_det: float) -> float:
    """kappa ((1/2) sqrt(2 log(1/delta) + log(det V/det V_0)) + sqrt(lam) S)."""
    rho = NOISE * math.sqrt(2.0 * math.log(1.0 / params.delta) + log_det)
    rho += math.sqrt(params.regularization) * params.parameter_bound
    return params.scale * curvature_inverse(params.parameter_bound, params.feature_bound) * rho


def estimate(params: GLMUCB, features: Float, counts: Float, sums: Float, start: Float) -> Float:
    """argmin over |theta| <= S of the penalised logistic loss."""
    return fit_in_ball(features, counts, sums, params.regularization, params.parameter_bound, start)


def play(params: GLMUCB, problem: LinearProblem, world: LinearWorld, horizon: int) -> Iterator[Moment]:
    """One estimate a round; the data are kept by action."""
    x = world.observe_context()
    counts, sums, theta = np.zeros(len(x)), np.zeros(len(x)), np.zeros(problem.dimension)
    gram = params.regularization * np.eye(problem.dimension)
    for t in range(1, horizon + 1):
        if t > 1:
            world.observe_context()
        theta = estimate(params, x, counts, sums, theta)
        log_det = float(np.linalg.slogdet(gram / params.regularization)[1])
        widths = np.sqrt(np.einsum("ai,ij,aj->a", x, np.linalg.inv(gram), x))
        radius = confidence_radius(params, log_det)
        action = int(np.argmax(x @ theta + radius * widths))
        reward = world.pull(action)
        counts[action] += 1.0
        sums[action] += reward
        gram += np.outer(x[action], x[action])
        yield Moment(theta, radius, widths, action, reward)
