"""Linear Thompson sampling (Agrawal and Goyal 2013) with the radius of Abeille and Lazaric (2017)."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from bandits.algorithms.oful import check_model
from bandits.linear import LinearProblem
from bandits.policies import highest
from kernels.jit import compiled, inlined
from kernels.linalg import add_outer, backward_substitute, cholesky, cholesky_solve, dot, set_multiple_of_identity
from kernels.random import normal_variate
from theory.errors import InvalidInput

Float = npt.NDArray[np.float64]


class LinTS(NamedTuple):
    """theta~ = thh_{t-1} + v V_{t-1}^{-1/2} eta, eta ~ N(0, I); play argmax <theta~, x>, ties to the lowest index.

    v = scale sqrt(beta_{t-1})(delta'), delta' = delta/(4T), is the radius of OFUL's ellipsoid.

    Attributes:
        noise, parameter_bound, feature_bound, regularization, delta: as for OFUL.
        scale: 1 in the theorem. :func:`uninflated` is the named practical preset.
    """

    noise: float = 1.0
    parameter_bound: float = 1.0
    feature_bound: float = 1.0
    regularization: float = 1.0
    delta: float = 0.05
    scale: float = 1.0


def uninflated(params: LinTS, dimension: int) -> LinTS:
    """Practical preset, without a frequentist theorem: scale 1/sqrt(d), so that v loses its factor sqrt(d)."""
    return params._replace(scale=1.0 / math.sqrt(dimension))


class State(NamedTuple):
    """One run."""

    gram: Float  # V_t, (d, d)
    factor: Float  # its Cholesky factor
    moment: Float  # sum x_s r_s, (d,)
    estimate: Float  # thh_t, (d,)
    sample: Float  # theta~ of the round, (d,)
    values: Float  # <theta~, x>, (n_actions,)
    log_det: Float  # log det V_t / det V_0, one entry
    radius: Float  # v, one entry
    log_inverse: Float  # log(1/delta'), one entry


def allocate(params: LinTS, problem: LinearProblem) -> State:
    """Arrays of one run.

    Raises:
        InvalidInput: if a hyper-parameter is out of its range.
    """
    check_model(params)
    if not 0.0 <= params.scale < math.inf:
        raise InvalidInput(f"LinTS: scale is {params.scale}; expected a finite number >= 0")
    d = problem.dimension
    return State(
        np.zeros((d, d)), np.zeros((d, d)), np.zeros(d), np.zeros(d), np.zeros(d), np.zeros(problem.n_actions),
        np.zeros(1), np.zeros(1), np.full(1, math.log(4.0 * problem.horizon / params.delta)),
    )  # fmt: skip


@compiled
def regress(params, state):
    """thh = V^{-1} sum x r and log det V / det V_0, from a fresh factorisation."""
    state.log_det[0] = cholesky(state.gram, state.factor)
    state.log_det[0] -= state.moment.shape[0] * math.log(params.regularization)
    cholesky_solve(state.factor, state.moment, state.estimate)


@compiled
def init(params, state):
    """V_0 = lam I."""
    set_multiple_of_identity(state.gram, params.regularization)
    for i in range(state.moment.shape[0]):
        state.moment[i] = 0.0
    regress(params, state)


@inlined
def spread(params, state):
    """v = scale (R sqrt(2 log(1/delta') + log(det V/det V_0)) + sqrt(lam) S)."""
    bias = math.sqrt(params.regularization) * params.parameter_bound
    return params.scale * (params.noise * math.sqrt(2.0 * state.log_inverse[0] + state.log_det[0]) + bias)


@inlined
def perturb(params, state, rng):
    """theta~ = thh + v L^{-T} eta, L L' = V: another root of V^{-1} than the symmetric one, with the same law."""
    for i in range(state.sample.shape[0]):
        state.sample[i] = normal_variate(rng)
    backward_substitute(state.factor, state.sample, state.sample)
    state.radius[0] = spread(params, state)
    for i in range(state.sample.shape[0]):
        state.sample[i] = state.estimate[i] + state.radius[0] * state.sample[i]


@inlined
def act(params, state, t, features, context, rng):
    """Algorithm 1 of Abeille and Lazaric: the best action for the sampled parameter."""
    perturb(params, state, rng)
    for a in range(state.values.shape[0]):
        state.values[a] = dot(state.sample, features[context, a])
    return highest(state.values)


@inlined
def observe(params, state, t, features, context, action, reward):
    """V_t = V_{t-1} + x x', factored afresh: O(d^3/6), which a perturbation needs anyway."""
    x = features[context, action]
    add_outer(state.gram, x, 1.0)
    for i in range(x.shape[0]):
        state.moment[i] += reward * x[i]
    regress(params, state)
