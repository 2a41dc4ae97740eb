"""GP-UCB (Srinivas et al. 2010) and IGP-UCB (Chowdhury and Gopalan 2017) on a finite domain."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from bandits.linear import LinearProblem
from bandits.worlds import LinearWorld
from kernels.driven import Driven
from theory.errors import InvalidInput
from theory.theorems.gp_ucb import bayes_beta, rkhs_radius

Float = npt.NDArray[np.float64]

PROTOCOL = Driven("linear bandit")


class GPUCB(NamedTuple):
    """Bayesian: radius sqrt(beta_t), beta_t = 2 log(|D| t^2 pi^2/(6 delta)) (Theorem 1).

    Attributes:
        noise_variance: s2 > 0, of the noise.
        delta: failure probability over the draw of f and the noise.
    """

    noise_variance: float = 1.0
    delta: float = 0.05

    def ridge(self, horizon: int) -> float:
        """s2 of the posterior."""
        return self.noise_variance

    def radius(self, t: int, n_actions: int, gain: float) -> float:
        """Factor on the posterior's standard deviation in round t; ``gain`` is the information so far."""
        return math.sqrt(float(bayes_beta(t, n_actions, self.delta)))


class IGPUCB(NamedTuple):
    """Frequentist: radius B + R sqrt(2 (gain + 1 + log(1/delta))), s2 = 1 + 2/T.

    Attributes:
        noise: R, the rewards are R-subgaussian. parameter_bound: B >= |f| in the space of the kernel.
        delta: failure probability.
    """

    noise: float = 1.0
    parameter_bound: float = 1.0
    delta: float = 0.05

    def ridge(self, horizon: int) -> float:
        """1 + 2/T."""
        return 1.0 + 2.0 / horizon

    def radius(self, t: int, n_actions: int, gain: float) -> float:
        """Factor on the posterior's standard deviation in round t; ``gain`` is the information so far."""
        return float(rkhs_radius(gain, self.parameter_bound, self.noise, self.delta))


class Moment(NamedTuple):
    """What the rule saw before the round, and what came of it.

    Attributes:
        mean, sd: posterior of the actions. radius, gain: of the round. action, reward: of the round.
        world: for the watch, which reads the true means from it.
    """

    mean: Float
    sd: Float
    radius: float
    gain: float
    action: int
    reward: float
    world: LinearWorld


def allocate(params: Any, problem: LinearProblem) -> None:
    """Refuse hyper-parameters out of range, and domains that change.

    Raises:
        InvalidInput: naming what is wrong.
    """
    rule = type(params).__name__
    if not 0.0 < params.delta < 1.0:
        raise InvalidInput(f"{rule}: delta is {params.delta}; expected a number in (0, 1)")
    for name in ("noise", "parameter_bound"):
        value = getattr(params, name, 0.0)
        if not 0.0 <= value < math.inf:
            raise InvalidInput(f"{rule}: {name} is {value}; expected a finite number >= 0")
    if not 0.0 < params.ridge(problem.horizon) < math.inf:
        raise InvalidInput(f"{rule}: noise_variance is {params.ridge(problem.horizon)}; expected a finite number > 0")
    if problem.n_contexts != 1:
        raise InvalidInput(f"{rule}: there are {problem.n_contexts} contexts; expected a fixed domain")


def condition(mean: Float, covariance: Float, action: int, reward: float, ridge: float) -> float:
    """The posterior after one more observation, in place, by a rank-one update; returns the information it gave.

    mu += C_x (r - mu_x)/(C_xx + s2), C -= C_x C_x'/(C_xx + s2), and (1/2) log(1 + C_xx/s2).
    """
    column = covariance[:, action].copy()
    total = column[action] + ridge
    mean += column * ((reward - mean[action]) / total)
    covariance -= np.outer(column, column / total)
    return 0.5 * math.log1p(column[action] / ridge)


def play(params: Any, problem: LinearProblem, world: LinearWorld, horizon: int) -> Iterator[Moment]:
    """x_t = argmax mu_{t-1}(x) + radius_t sigma_{t-1}(x), ties to the lowest index (Algorithm 1)."""
    features = world.observe_context()
    ridge, gain = params.ridge(horizon), 0.0
    mean, covariance = np.zeros(len(features)), features @ features.T
    for t in range(1, horizon + 1):
        if t > 1:
            world.observe_context()
        sd = np.sqrt(np.maximum(np.diagonal(covariance), 0.0))
        radius = params.radius(t, problem.n_actions, gain)
        action = int(np.argmax(mean + radius * sd))
        reward = world.pull(action)
        moment = Moment(mean.copy(), sd, radius, gain, action, reward, world)
        gain += condition(mean, covariance, action, reward, ridge)
        yield moment
