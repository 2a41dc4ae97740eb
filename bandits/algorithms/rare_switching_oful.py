"""Rarely switching OFUL (Abbasi-Yadkori, Pal and Szepesvari 2011, Section 5.1): a rule that waits for det V to grow."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from bandits.algorithms.oful import Ridge, allocate_ridge, check_model, confidence_radius, learn, look_at
from bandits.algorithms.oful import init as init_ridge
from bandits.linear import LinearProblem
from bandits.policies import highest_index
from kernels.jit import compiled, inlined
from kernels.linalg import dot
from theory.errors import InvalidInput


class RareSwitchingOFUL(NamedTuple):
    """OFUL with the ellipsoid of round tau, renewed when det V_{t-1} > (1 + C) det V_tau; ties to the lowest index.

    Attributes:
        noise, parameter_bound, feature_bound, regularization, delta: as for OFUL.
        growth: C >= 0. With C = 0 the ellipsoid is renewed in every round, which is OFUL.
    """

    noise: float = 1.0
    parameter_bound: float = 1.0
    feature_bound: float = 1.0
    regularization: float = 1.0
    delta: float = 0.05
    growth: float = 1.0


class State(NamedTuple):
    """One run."""

    ridge: Ridge  # V_t and thh_t; nothing is computed of the actions
    frozen: Ridge  # thh_tau, V_tau^{-1}, sqrt(beta_tau) and log det V_tau/V_0, and what they say of the actions
    switches: npt.NDArray[np.int64]  # renewals so far, one entry


def allocate(params: RareSwitchingOFUL, problem: LinearProblem) -> State:
    """Arrays of one run.

    Raises:
        InvalidInput: if a hyper-parameter is out of its range.
    """
    check_model(params)
    if not 0.0 <= params.growth < math.inf:
        raise InvalidInput(f"RareSwitchingOFUL: growth is {params.growth}; expected a finite number >= 0")
    ridge, frozen = (allocate_ridge(problem.dimension, problem.n_actions) for _ in range(2))
    return State(ridge, frozen, np.zeros(1, np.int64))


@compiled
def freeze(params, state):
    """tau = t - 1: the ellipsoid from now on."""
    ridge, frozen = state.ridge, state.frozen
    for i in range(ridge.estimate.shape[0]):
        frozen.estimate[i] = ridge.estimate[i]
        for j in range(ridge.estimate.shape[0]):
            frozen.inverse[i, j] = ridge.inverse[i, j]
    frozen.log_det[0] = ridge.log_det[0]
    frozen.radius[0] = confidence_radius(params, ridge.log_det[0])
    frozen.context[0] = -1


@compiled
def init(params, state):
    """V_0 = lam I, and the ellipsoid of tau = 0."""
    init_ridge(params, state.ridge)
    freeze(params, state)
    state.switches[0] = 0


@inlined
def act(params, state, t, features, context, rng):
    """The largest value over the ellipsoid of tau; tau = t - 1 if det V_{t-1} > (1 + C) det V_tau (Figure 3)."""
    if state.ridge.log_det[0] - state.frozen.log_det[0] > math.log(1.0 + params.growth):
        freeze(params, state)
        state.switches[0] += 1
    if context != state.frozen.context[0]:
        look_at(state.frozen, features, context)
    return highest_index(state.frozen.mean, state.frozen.width, state.frozen.radius[0])


@inlined
def observe(params, state, t, features, context, action, reward):
    """V_t and thh_t: O(d^2) a round, whatever the number of actions."""
    x = features[context, action]
    learn(params, state.ridge, x, reward, reward - dot(state.ridge.estimate, x))


def summary_shape(params, state):
    """One number: how often the ellipsoid was renewed."""
    return (1,)


@compiled
def summarise(params, state, out):
    """The number of renewals."""
    out[0] = state.switches[0]
