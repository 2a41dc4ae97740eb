"""OFUL / LinUCB (Abbasi-Yadkori, Pal and Szepesvari 2011): optimism over the self-normalised ellipsoid."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from bandits.linear import LinearProblem
from bandits.policies import highest_index
from kernels.jit import compiled, inlined
from kernels.linalg import (
    REFACTOR_EVERY,
    add_outer,
    cholesky,
    cholesky_inverse,
    cholesky_solve,
    dot,
    set_multiple_of_identity,
    sherman_morrison,
)
from theory.errors import InvalidInput

Float = npt.NDArray[np.float64]
Int = npt.NDArray[np.int64]


class OFUL(NamedTuple):
    """x_t = argmax <thh_{t-1}, x> + sqrt(beta_{t-1}) |x| in the norm of V_{t-1}^{-1}; ties to the lowest index.

    Attributes:
        noise: R, the rewards are R-subgaussian; >= 0.
        parameter_bound: S >= |theta|. feature_bound: L >= |x| (the rule does not use it, the regret bound does).
        regularization: lam > 0 of V_t = lam I + sum x x'.
        delta: failure probability of the ellipsoids, over all rounds together.
    """

    noise: float = 1.0
    parameter_bound: float = 1.0
    feature_bound: float = 1.0
    regularization: float = 1.0
    delta: float = 0.05


class Ridge(NamedTuple):
    """One run: the regression, and what it says of the actions of the context seen last."""

    gram: Float  # V_t, (d, d)
    inverse: Float  # V_t^{-1}, by rank-one updates
    factor: Float  # scratch of the refactorisation
    moment: Float  # sum x_s r_s, (d,)
    estimate: Float  # thh_t = V_t^{-1} sum x_s r_s, (d,)
    image: Float  # V_{t-1}^{-1} x_t, (d,)
    log_det: Float  # log det V_t / det V_0, one entry
    radius: Float  # sqrt(beta_{t-1}), one entry
    updates: Int  # rounds so far, one entry
    context: Int  # the context that the arrays below speak of (-1: none), one entry
    columns: Float  # its actions, transposed: (d, n_actions)
    mean: Float  # <thh, x>, (n_actions,)
    squared: Float  # |x|^2 in the norm of V^{-1}, (n_actions,)
    width: Float  # its square root
    product: Float  # scratch, (n_actions,)


def check_model(params: NamedTuple) -> None:
    """Refuse hyper-parameters of the linear model (R, S, L, lam, delta) out of their range.

    Raises:
        InvalidInput: naming the algorithm, the parameter and its value.
    """
    rule = type(params).__name__
    for name in ("noise", "parameter_bound", "feature_bound"):
        value = getattr(params, name)
        if not 0.0 <= value < math.inf:
            raise InvalidInput(f"{rule}: {name} is {value}; expected a finite number >= 0")
    lam, delta = params.regularization, params.delta  # type: ignore[attr-defined]
    if not 0.0 < lam < math.inf:
        raise InvalidInput(f"{rule}: regularization is {lam}; expected a finite number > 0")
    if not 0.0 < delta < 1.0:
        raise InvalidInput(f"{rule}: delta is {delta}; expected a number in (0, 1)")


def allocate_ridge(dimension: int, n_actions: int) -> Ridge:
    """Arrays of a regression and of what it says of ``n_actions`` actions."""
    d, k = dimension, n_actions
    return Ridge(
        np.zeros((d, d)), np.zeros((d, d)), np.zeros((d, d)), np.zeros(d), np.zeros(d), np.zeros(d),
        np.zeros(1), np.zeros(1), np.zeros(1, np.int64), np.zeros(1, np.int64),
        np.zeros((d, k)), np.zeros(k), np.zeros(k), np.zeros(k), np.zeros(k),
    )  # fmt: skip


def allocate(params: OFUL, problem: LinearProblem) -> Ridge:
    """Arrays of one run.

    Raises:
        InvalidInput: if a hyper-parameter is out of its range.
    """
    check_model(params)
    return allocate_ridge(problem.dimension, problem.n_actions)


@compiled
def init(params, state):
    """V_0 = lam I."""
    set_multiple_of_identity(state.gram, params.regularization)
    set_multiple_of_identity(state.inverse, 1.0 / params.regularization)
    for i in range(state.moment.shape[0]):
        state.moment[i] = 0.0
        state.estimate[i] = 0.0
    state.log_det[0] = 0.0
    state.updates[0] = 0
    state.context[0] = -1


@inlined
def confidence_radius(params, log_det):
    """sqrt(beta) = R sqrt(2 log(1/delta) + log(det V / det V_0)) + sqrt(lam) S (Theorem 2, determinant form)."""
    bias = math.sqrt(params.regularization) * params.parameter_bound
    return params.noise * math.sqrt(2.0 * math.log(1.0 / params.delta) + log_det) + bias


@compiled
def look_at(state, features, context):
    """Mean and width of every action of a context, from the current estimate and inverse."""
    dimension, n_actions = state.columns.shape
    for i in range(dimension):
        for a in range(n_actions):
            state.columns[i, a] = features[context, a, i]
    for a in range(n_actions):
        state.mean[a] = 0.0
        state.squared[a] = 0.0
    for i in range(dimension):
        for a in range(n_actions):
            state.mean[a] += state.estimate[i] * state.columns[i, a]
        for j in range(i + 1):
            entry = state.inverse[i, j] if i == j else 2.0 * state.inverse[i, j]
            for a in range(n_actions):
                state.squared[a] += entry * state.columns[i, a] * state.columns[j, a]
    for a in range(n_actions):
        state.width[a] = math.sqrt(state.squared[a])
    state.context[0] = context


@inlined
def follow(state, growth, error):
    """The same after one more observation, for the context already looked at: one inner product for each action.

    V^{-1} changes by -u u'/g and thh by u e/g, u = V^{-1} x_t with the old V, g = ``growth``, e = ``error``.
    """
    dimension, n_actions = state.columns.shape
    for a in range(n_actions):
        state.product[a] = 0.0
    for i in range(dimension):
        for a in range(n_actions):
            state.product[a] += state.image[i] * state.columns[i, a]
    for a in range(n_actions):
        state.mean[a] += state.product[a] * (error / growth)
        state.squared[a] = max(state.squared[a] - state.product[a] * state.product[a] / growth, 0.0)
        state.width[a] = math.sqrt(state.squared[a])


@inlined
def act(params, state, t, features, context, rng):
    """Equation (2) of the paper: the action of the largest value over the ellipsoid."""
    if context != state.context[0]:
        look_at(state, features, context)
    state.radius[0] = confidence_radius(params, state.log_det[0])
    return highest_index(state.mean, state.width, state.radius[0])


@inlined
def learn(params, state, x, reward, error):
    """V_t = V_{t-1} + x x', thh_t = V_t^{-1} sum x_s r_s by Sherman and Morrison; every so often by Cholesky.

    ``error`` is reward - <thh_{t-1}, x>. Returns det V_t / det V_{t-1}, or 0 if everything was computed afresh.
    """
    add_outer(state.gram, x, 1.0)
    for i in range(x.shape[0]):
        state.moment[i] += reward * x[i]
    state.updates[0] += 1
    growth = sherman_morrison(state.inverse, x, state.image)
    if state.updates[0] % REFACTOR_EVERY == 0:
        state.log_det[0] = cholesky(state.gram, state.factor) - x.shape[0] * math.log(params.regularization)
        cholesky_inverse(state.factor, state.inverse)
        cholesky_solve(state.factor, state.moment, state.estimate)
        return 0.0
    state.log_det[0] += math.log(growth)
    for i in range(x.shape[0]):
        state.estimate[i] += state.image[i] * (error / growth)
    return growth


@inlined
def observe(params, state, t, features, context, action, reward):
    """One more observation, in the regression and in what was computed for the context."""
    x = features[context, action]
    error = reward - dot(state.estimate, x)
    growth = learn(params, state, x, reward, error)
    if growth > 0.0:
        follow(state, growth, error)
    else:
        state.context[0] = -1
