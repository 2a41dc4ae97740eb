"""Exp3.P: gains with an upward bias, mixed with uniform play (Bubeck and Cesa-Bianchi 2012, Figure 3.2)."""

from __future__ import annotations

import math
from typing import NamedTuple

from bandits.algorithms.exp3 import require_schedule
from bandits.ftrl import LeaderWeights, allocate_leader, draw_leader, reset_leader, shannon_weights
from bandits.model import BanditProblem
from kernels.jit import compiled
from theory.errors import InvalidInput


class Exp3P(NamedTuple):
    """p = (1 - gamma) softmax(eta Gt) + gamma/K, Gt_i += (g_i 1{A = i} + beta)/p_i with gains g = 1 - l.

    Attributes:
        learning_rate: eta > 0. mixing: gamma in [0, 1]. bias: beta >= 0. :func:`tuned_for` and :func:`tuned` give the
            theorem's values.
        delta: in (0, 1), the failure probability that the bounds are read at. It changes no decision.
    """

    learning_rate: float
    mixing: float
    bias: float
    delta: float = 0.05


def _with_bias(n_arms: int, horizon: int, logarithm: float, delta: float) -> Exp3P:
    log_k = math.log(n_arms)
    return Exp3P(
        0.95 * math.sqrt(log_k / (horizon * n_arms)), 1.05 * math.sqrt(n_arms * log_k / horizon),
        math.sqrt(logarithm / (n_arms * horizon)), delta,
    )  # fmt: skip


def tuned_for(n_arms: int, horizon: int, delta: float = 0.05) -> Exp3P:
    """beta = sqrt(log(K/delta) / (K T)) (Bubeck and Cesa-Bianchi 2012, Theorem 3.2); needs K >= 2."""
    return _with_bias(n_arms, horizon, math.log(n_arms / delta), delta)


def tuned(n_arms: int, horizon: int, delta: float = 0.05) -> Exp3P:
    """beta = sqrt(log K / (K T)), whatever delta (the same theorem, second form); needs K >= 2."""
    return _with_bias(n_arms, horizon, math.log(n_arms), delta)


def allocate(params: Exp3P, problem: BanditProblem) -> LeaderWeights:
    """Arrays of one run; ``total`` is -Gt.

    Raises:
        InvalidInput: for a learning rate <= 0, mixing outside [0, 1], a negative bias, or delta outside (0, 1).
    """
    require_schedule("Exp3.P", params.learning_rate, 0.0)
    if not 0.0 <= params.mixing <= 1.0:
        raise InvalidInput(
            f"mixing of Exp3.P is {params.mixing}; expected a number in [0, 1] (the theorem's is larger for short runs)"
        )
    if not 0.0 <= params.bias < math.inf:
        raise InvalidInput(f"bias of Exp3.P is {params.bias}; expected a finite number >= 0")
    if not 0.0 < params.delta < 1.0:
        raise InvalidInput(f"delta of Exp3.P is {params.delta}; expected a number in (0, 1)")
    return allocate_leader(problem.n_arms)


@compiled
def init(params, state):
    """No gain yet."""
    reset_leader(state)


@compiled
def act(params, state, t, rng):
    """p_t, then A_t from it."""
    n_arms = state.total.shape[0]
    shannon_weights(state.total, params.learning_rate, 1.0, state.probabilities)
    for i in range(n_arms):
        state.probabilities[i] = (1.0 - params.mixing) * state.probabilities[i] + params.mixing / n_arms
    return draw_leader(state, rng)


@compiled
def observe(params, state, t, arm, loss):
    """Gt_i += (g_i 1{A = i} + beta)/p_i."""
    for i in range(state.total.shape[0]):
        gain = 1.0 - loss if i == arm else 0.0
        state.total[i] -= (gain + params.bias) / state.probabilities[i]
