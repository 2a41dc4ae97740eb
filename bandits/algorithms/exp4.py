"""Exp4: exponential weights over experts with bandit feedback (Lattimore and Szepesvari 2020, Algorithm 11)."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from bandits.algorithms.exp3 import require_schedule
from bandits.ftrl import importance_weighted, shannon_weights
from kernels.jit import compiled
from kernels.random import choose, random
from theory.errors import InvalidInput

Float = npt.NDArray[np.float64]


class Exp4(NamedTuple):
    """q_t proportional to exp(-eta Lt_{t-1}) over the experts, p_t = q_t E_t over the arms; Lt_m += <E_{t,m}, lh_t>.

    Attributes:
        learning_rate: eta > 0; :func:`tuned` gives the theorem's.
    """

    learning_rate: float


def tuned(n_experts: int, n_arms: int, horizon: int) -> Exp4:
    """eta = sqrt(2 log M / (T K)); needs M >= 2."""
    return Exp4(math.sqrt(2.0 * math.log(n_experts) / (horizon * n_arms)))


class ExpertState(NamedTuple):
    """The advice, (Q, M, K); Lt and q of the experts, (M,); p of the arms, (K,)."""

    advice: Float
    total: Float
    shares: Float
    probabilities: Float


def allocate(params: Exp4, problem: Any) -> ExpertState:
    """Arrays of one run.

    Raises:
        InvalidInput: for a learning rate <= 0, or a problem without experts.
    """
    require_schedule("Exp4", params.learning_rate, 0.0)
    if not hasattr(problem, "advice"):
        raise InvalidInput("Exp4 was given an instance without experts; expected one that states its advice")
    total, shares = np.zeros((2, problem.advice.shape[1]))
    return ExpertState(np.ascontiguousarray(problem.advice), total, shares, np.zeros(problem.n_arms))


@compiled
def init(params, state):
    """No loss yet."""
    for m in range(state.total.shape[0]):
        state.total[m] = 0.0


@compiled
def act(params, state, t, rng):
    """Draw A_t from p_t = q_t E_t; of the advice only that of round t is read."""
    shannon_weights(state.total, params.learning_rate, 1.0, state.shares)
    now = (t - 1) % state.advice.shape[0]
    for i in range(state.probabilities.shape[0]):
        state.probabilities[i] = 0.0
        for m in range(state.shares.shape[0]):
            state.probabilities[i] += state.shares[m] * state.advice[now, m, i]
    return choose(state.probabilities, 1.0, random(rng))


@compiled
def observe(params, state, t, arm, loss):
    """Lt_m += E_{t,m,A} l / p_A."""
    now = (t - 1) % state.advice.shape[0]
    estimate = importance_weighted(loss, state.probabilities[arm])
    for m in range(state.total.shape[0]):
        state.total[m] += state.advice[now, m, arm] * estimate
