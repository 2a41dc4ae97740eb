"""Exp3++: Exp3 with exploration that estimated gaps turn down (Seldin and Lugosi 2017)."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from bandits.ftrl import importance_weighted, shannon_weights
from bandits.model import BanditProblem
from kernels.jit import compiled
from kernels.random import choose, random
from theory.errors import InvalidInput

Float = npt.NDArray[np.float64]


class Exp3PlusPlus(NamedTuple):
    """p = (1 - sum eps) softmax(-eta_t Lh) + eps, eta_t = sqrt(log K/(t K))/2, estimates l/p for the arm played.

    eps_t(a) = min{1/(2K), eta_t, beta log t/(t Dh_t(a)^2)}, Dh = max{0, LCB_t(a) - min_b UCB_t(b)} from the mean losses
    seen, radius sqrt(alpha log(t K^(1/alpha))/(2N)), clipped to [0, 1]; an arm not yet played has LCB 0 and UCB 1.

    Attributes:
        alpha, beta: > 0; 3 and 256 in the theorem.
    """

    alpha: float = 3.0
    beta: float = 256.0


class GapState(NamedTuple):
    """Lh, p, softmax rho, eps, sum of the losses seen and plays, (K,) each."""

    total: Float
    probabilities: Float
    soft: Float
    exploration: Float
    seen: Float
    plays: Float


def allocate(params: Exp3PlusPlus, problem: BanditProblem) -> GapState:
    """Arrays of one run.

    Raises:
        InvalidInput: unless alpha and beta are finite numbers > 0, or for a single arm.
    """
    for name in ("alpha", "beta"):
        value = getattr(params, name)
        if not 0.0 < value < math.inf:
            raise InvalidInput(f"{name} of Exp3++ is {value}; expected a finite number > 0")
    if problem.n_arms < 2:
        raise InvalidInput(f"Exp3++ was given {problem.n_arms} arm; expected at least 2")
    return GapState(*np.zeros((6, problem.n_arms)))


@compiled
def init(params, state):
    """Nothing seen."""
    for i in range(state.total.shape[0]):
        state.total[i] = 0.0
        state.seen[i] = 0.0
        state.plays[i] = 0.0


@compiled
def rate(n_arms, t):
    """eta_t = sqrt(log K/(t K))/2."""
    return 0.5 * math.sqrt(math.log(n_arms) / (t * n_arms))


@compiled
def lower_confidence(mean, plays, alpha, t, n_arms):
    """LCB_t, at least 0."""
    if plays == 0.0:
        return 0.0
    return max(0.0, mean - math.sqrt((alpha * math.log(t) + math.log(n_arms)) / (2.0 * plays)))


@compiled
def upper_confidence(mean, plays, alpha, t, n_arms):
    """UCB_t, at most 1."""
    if plays == 0.0:
        return 1.0
    return min(1.0, mean + math.sqrt((alpha * math.log(t) + math.log(n_arms)) / (2.0 * plays)))


@compiled
def explore(params, state, t):
    """eps_t into ``exploration``; returns their sum."""
    n_arms = state.total.shape[0]
    best = 1.0
    for i in range(n_arms):
        mean = state.seen[i] / max(state.plays[i], 1.0)
        best = min(best, upper_confidence(mean, state.plays[i], params.alpha, t, n_arms))
    cap = min(0.5 / n_arms, rate(n_arms, t))
    total = 0.0
    for i in range(n_arms):
        mean = state.seen[i] / max(state.plays[i], 1.0)
        gap = max(0.0, lower_confidence(mean, state.plays[i], params.alpha, t, n_arms) - best)
        state.exploration[i] = cap
        if gap > 0.0:
            state.exploration[i] = min(cap, params.beta * math.log(t) / (t * gap * gap))
        total += state.exploration[i]
    return total


@compiled
def act(params, state, t, rng):
    """p_t, then A_t from it."""
    n_arms = state.total.shape[0]
    explored = explore(params, state, t)
    shannon_weights(state.total, rate(n_arms, t), 1.0, state.soft)
    for i in range(n_arms):
        state.probabilities[i] = (1.0 - explored) * state.soft[i] + state.exploration[i]
    return choose(state.probabilities, 1.0, random(rng))


@compiled
def observe(params, state, t, arm, loss):
    """Lh_A += l / p_A; the mean loss of the arm."""
    state.total[arm] += importance_weighted(loss, state.probabilities[arm])
    state.seen[arm] += loss
    state.plays[arm] += 1.0
