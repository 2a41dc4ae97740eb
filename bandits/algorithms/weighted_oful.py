"""Weighted OFUL+ (Zhou and Gu 2022): OFUL on observations divided by their standard deviation, and by more."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from bandits.algorithms.oful import Ridge, allocate_ridge, follow, learn, look_at
from bandits.algorithms.oful import init as init_ridge
from bandits.heteroscedastic import HeteroscedasticProblem
from bandits.policies import highest_index
from kernels.jit import compiled, inlined
from kernels.linalg import dot
from theory.errors import InvalidInput
from theory.theorems.weighted_oful import floors, logarithm

Float = npt.NDArray[np.float64]


class WeightedOFUL(NamedTuple):
    """x_t = argmax <thh, x> + beta_t |x| in S_{t-1}^{-1}, S_t = lam I + sum x x'/sb^2; ties to the lowest index.

    Attributes:
        noise_bound: R >= |noise|, > 0. The variances s^2 come with the problem.
        parameter_bound: B >= |theta|. feature_bound: L >= |x|.
        regularization: lam > 0; 1/B^2 in the theorem.
        delta: failure probability of the ellipsoids.
        scale: factor on the deviation part of the radius; 1 in the theorem. :func:`practical` is a named preset.
    """

    noise_bound: float = 1.0
    parameter_bound: float = 1.0
    feature_bound: float = 1.0
    regularization: float = 1.0
    delta: float = 0.05
    scale: float = 1.0


def practical(params: WeightedOFUL) -> WeightedOFUL:
    """Practical preset, without a theorem: 1/200 of the deviation part of the radius."""
    return params._replace(scale=0.005)


class State(NamedTuple):
    """One run."""

    ridge: Ridge  # of the divided observations
    divided: Float  # x / sb, (d,)
    weight: Float  # sb of the round, one entry
    variances: Float  # s^2, (n_contexts, n_actions)
    constants: Float  # alpha, gm, iota at t = 1, 30 R/gm^2


def allocate(params: WeightedOFUL, problem: HeteroscedasticProblem) -> State:
    """Arrays of one run.

    Raises:
        InvalidInput: if a hyper-parameter is out of its range, or the problem states no variances.
    """
    if not hasattr(problem, "variances"):
        raise InvalidInput("WeightedOFUL: the instance states no variances of its noise; it needs to know them")
    for name in ("parameter_bound", "feature_bound", "scale"):
        value = getattr(params, name)
        if not 0.0 <= value < math.inf:
            raise InvalidInput(f"WeightedOFUL: {name} is {value}; expected a finite number >= 0")
    for name in ("noise_bound", "regularization"):
        value = getattr(params, name)
        if not 0.0 < value < math.inf:
            raise InvalidInput(f"WeightedOFUL: {name} is {value}; expected a finite number > 0")
    if not 0.0 < params.delta < 1.0:
        raise InvalidInput(f"WeightedOFUL: delta is {params.delta}; expected a number in (0, 1)")
    alpha, gm = floors(params.noise_bound, problem.dimension, problem.horizon)
    iota = float(logarithm(1, alpha, gm, params.delta))
    constants = np.array([alpha, gm, iota, 30.0 * params.noise_bound / (gm * gm)])
    ridge = allocate_ridge(problem.dimension, problem.n_actions)
    return State(ridge, np.zeros(problem.dimension), np.zeros(1), problem.variances, constants)


@compiled
def init(params, state):
    """S_0 = lam I."""
    init_ridge(params, state.ridge)


@inlined
def radius_at(params, state, rounds):
    """beta_t = 12 sqrt(d log(1 + t L^2/(alpha^2 d lam)) iota) + 30 iota R/gm^2 + sqrt(lam) B; beta_0 = sqrt(lam) B."""
    bias = math.sqrt(params.regularization) * params.parameter_bound
    if rounds == 0:
        return bias
    d, alpha = state.divided.shape[0], state.constants[0]
    iota = state.constants[2] + 2.0 * math.log(np.float64(rounds))
    size = params.feature_bound * params.feature_bound / (alpha * alpha * d * params.regularization)
    spread = 12.0 * math.sqrt(d * math.log(1.0 + rounds * size) * iota) + state.constants[3] * iota
    return params.scale * spread + bias


@inlined
def act(params, state, t, features, context, rng):
    """The optimistic action over the ellipsoid of S_{t-1}."""
    ridge = state.ridge
    if context != ridge.context[0]:
        look_at(ridge, features, context)
    ridge.radius[0] = radius_at(params, state, t - 1)
    return highest_index(ridge.mean, ridge.width, ridge.radius[0])


@inlined
def weigh(state, context, action):
    """sb = max{s, alpha, gm |x|^{1/2} in S_{t-1}^{-1}}."""
    sd = math.sqrt(state.variances[context, action])
    return max(sd, state.constants[0], state.constants[1] * math.sqrt(state.ridge.width[action]))


@inlined
def take_weighted(params, state, features, context, action, reward, weight):
    """One more observation, divided by its weight."""
    ridge = state.ridge
    x = features[context, action]
    error = (reward - dot(ridge.estimate, x)) / weight
    for i in range(x.shape[0]):
        state.divided[i] = x[i] / weight
    growth = learn(params, ridge, state.divided, reward / weight, error)
    if growth > 0.0:
        follow(ridge, growth, error)
    else:
        ridge.context[0] = -1


@inlined
def observe(params, state, t, features, context, action, reward):
    """S_t = S_{t-1} + x x'/sb^2."""
    state.weight[0] = weigh(state, context, action)
    take_weighted(params, state, features, context, action, reward, state.weight[0])
