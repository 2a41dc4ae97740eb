"""Exp3.S: Exp3 on gains with mixing, every arm keeps a share of the weight (Auer et al. 2002, Section 8)."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from bandits.model import BanditProblem
from kernels.jit import compiled
from kernels.random import choose, random
from theory.errors import InvalidInput
from theory.theorems.exp3_s import tuned_mixing


class Exp3S(NamedTuple):
    """p = (1 - gamma) w/W + gamma/K; w_j <- w_j exp(gamma xh_j/K) + (e alpha/K) W, xh_j = (1 - l) 1{A = j}/p_j.

    Attributes:
        mixing: gamma in (0, 1]. share: alpha in (0, 1]. :func:`tuned` gives the theorem's.
    """

    mixing: float
    share: float


def tuned(n_arms: int, horizon: int, n_segments: int) -> Exp3S:
    """alpha = 1/T and gamma for S known (Auer et al. 2002, Corollary 8.3)."""
    return Exp3S(tuned_mixing(n_arms, horizon, n_segments), 1.0 / horizon)


class SharedWeights(NamedTuple):
    """w/W and p as last played, (K,)."""

    weights: npt.NDArray[np.float64]
    probabilities: npt.NDArray[np.float64]


def allocate(params: Exp3S, problem: BanditProblem) -> SharedWeights:
    """Arrays of one run.

    Raises:
        InvalidInput: unless mixing and share lie in (0, 1].
    """
    for name, value in (("mixing", params.mixing), ("share", params.share)):
        if not 0.0 < value <= 1.0:
            raise InvalidInput(f"{name} of Exp3.S is {value}; expected a number in (0, 1]")
    return SharedWeights(np.zeros(problem.n_arms), np.zeros(problem.n_arms))


@compiled
def init(params, state):
    """All weights equal."""
    for i in range(state.weights.shape[0]):
        state.weights[i] = 1.0 / state.weights.shape[0]


@compiled
def mix(weights, mixing, law):
    """p = (1 - gamma) w + gamma/K into ``law``, for weights that sum to one."""
    for i in range(law.shape[0]):
        law[i] = (1.0 - mixing) * weights[i] + mixing / law.shape[0]


@compiled
def reweigh(weights, arm, gain, mixing, share):
    """w_j exp(gamma xh_j/K) + (e alpha/K) W for weights of sum W = 1; divides by the new sum, which it returns."""
    n_arms = weights.shape[0]
    weights[arm] *= math.exp(mixing * gain / n_arms)
    total = 0.0
    for i in range(n_arms):
        weights[i] += math.e * share / n_arms
        total += weights[i]
    for i in range(n_arms):
        weights[i] /= total
    return total


@compiled
def act(params, state, t, rng):
    """Draw A_t from p_t."""
    mix(state.weights, params.mixing, state.probabilities)
    return choose(state.probabilities, 1.0, random(rng))


@compiled
def observe(params, state, t, arm, loss):
    """The estimated gain of the arm played, then everyone's share."""
    reweigh(state.weights, arm, (1.0 - loss) / state.probabilities[arm], params.mixing, params.share)
