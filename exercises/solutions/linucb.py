"""LinUCB (OFUL): ridge regression, a confidence ellipsoid, and the action that looks best in it."""

import math
from typing import NamedTuple

import numpy as np


class LinUCB(NamedTuple):
    """What the theorem knows of the problem, and what it promises.

    Attributes:
        noise: R, the rewards are R-subgaussian around <theta, x>.
        parameter_bound: S >= |theta|.
        regularization: lam > 0.
        delta: the ellipsoids contain theta in all rounds with probability at least 1 - delta.
    """

    noise: float
    parameter_bound: float
    regularization: float
    delta: float


class State(NamedTuple):
    """The arrays of one run, after t rounds.

    Attributes:
        inverse: V_t^{-1}, (d, d), V_t = lam I + sum_{s<=t} x_s x_s'.
        moment: sum_{s<=t} x_s r_s, (d,).
        estimate: thh_t = V_t^{-1} moment, (d,).
        log_det: log(det V_t / det V_0), one entry.
        mean: <thh, x> of each action at the last decision, (n_actions,).
        width: |x| in the norm of V^{-1} of each action at the last decision, (n_actions,).
        radius: sqrt(beta) at the last decision, one entry.
    """

    inverse: np.ndarray
    moment: np.ndarray
    estimate: np.ndarray
    log_det: np.ndarray
    mean: np.ndarray
    width: np.ndarray
    radius: np.ndarray


def allocate(params, problem):
    """The arrays of one run; ``problem`` has dimension, n_actions and horizon."""
    d, k = problem.dimension, problem.n_actions
    return State(np.zeros((d, d)), np.zeros(d), np.zeros(d), np.zeros(1), np.zeros(k), np.zeros(k), np.zeros(1))


def update_inverse(inverse, x):
    """(V + x x')^{-1} from V^{-1} by the formula of Sherman and Morrison, without a new inversion.

    Args:
        inverse: V^{-1}, (d, d), symmetric; it is not changed. x: (d,).

    Returns:
        The new inverse, and det(V + x x') / det V = 1 + |x|^2, the norm being that of the old V^{-1}.
    """
    u = inverse @ x
    growth = 1.0 + x @ u
    return inverse - np.outer(u, u) / growth, growth


def init(params, state):
    """The start of a run: V_0 = lam I, no data."""
    state.inverse[:] = np.eye(state.moment.shape[0]) / params.regularization
    state.moment[:] = 0.0
    state.estimate[:] = 0.0
    state.log_det[0] = 0.0


def observe(params, state, t, features, context, action, reward):
    """What the action of round t paid; its feature vector is ``features[context, action]``.

    Updates inverse, log_det, moment and estimate.
    """
    x = features[context, action]
    inverse, growth = update_inverse(state.inverse, x)
    state.inverse[:] = inverse
    state.log_det[0] += math.log(growth)
    state.moment[:] += reward * x
    state.estimate[:] = state.inverse @ state.moment


def confidence_radius(log_det, delta, noise, regularization, parameter_bound):
    """sqrt(beta) of Theorem 2 in its determinant form; ``log_det`` is log(det V / det V_0)."""
    return noise * math.sqrt(2.0 * math.log(1.0 / delta) + log_det) + math.sqrt(regularization) * parameter_bound


def act(params, state, t, features, context, rng):
    """The action of round t: the largest <thh, x> + sqrt(beta) |x|, ties to the lowest index.

    Args:
        features: (n_contexts, n_actions, d); the actions of this round are ``features[context]``.

    Leaves what it used in ``state.mean``, ``state.width`` and ``state.radius``.
    """
    state.radius[0] = confidence_radius(
        state.log_det[0], params.delta, params.noise, params.regularization, params.parameter_bound
    )
    best = 0
    for a in range(state.mean.shape[0]):
        x = features[context, a]
        state.mean[a] = x @ state.estimate
        state.width[a] = math.sqrt(x @ (state.inverse @ x))
        upper = state.mean[a] + state.radius[0] * state.width[a]
        if upper > state.mean[best] + state.radius[0] * state.width[best]:
            best = a
    return best


def potential_bound(rounds, dimension, regularization, feature_bound):
    """The elliptical potential lemma's bound on sum_{t<=T} min(1, |x_t|^2) in terms of T, d, lam and L >= |x|."""
    return 2.0 * dimension * math.log(1.0 + rounds * feature_bound**2 / (dimension * regularization))
