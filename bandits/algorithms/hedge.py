"""Hedge: exponential weights with full information (Littlestone and Warmuth 1994; Freund and Schapire 1997)."""

from __future__ import annotations

import math
from typing import NamedTuple

from bandits.algorithms.exp3 import rate as rate  # eta_t
from bandits.algorithms.exp3 import require_schedule
from bandits.experts import FULL_INFORMATION
from bandits.ftrl import LeaderWeights, allocate_leader, draw_leader, reset_leader, shannon_weights
from bandits.model import BanditProblem
from kernels.jit import compiled

PROTOCOL = FULL_INFORMATION


class Hedge(NamedTuple):
    """Play A_t from p_t proportional to exp(-eta_t L_{t-1}), eta_t = learning_rate * t^-decay.

    Attributes:
        learning_rate: > 0; :func:`tuned` and :func:`anytime` give the theorems' values.
        decay: >= 0; 0 is a fixed rate, 1/2 the schedule of the anytime theorem.
    """

    learning_rate: float
    decay: float = 0.0


def tuned(n_arms: int, horizon: int) -> Hedge:
    """eta = sqrt(8 log K / T) (Cesa-Bianchi and Lugosi 2006, Theorem 2.2); needs K >= 2."""
    return Hedge(math.sqrt(8.0 * math.log(n_arms) / horizon))


def anytime(n_arms: int) -> Hedge:
    """eta_t = 2 sqrt(log K / t); needs K >= 2."""
    return Hedge(2.0 * math.sqrt(math.log(n_arms)), 0.5)


def allocate(params: Hedge, problem: BanditProblem) -> LeaderWeights:
    """Arrays of one run.

    Raises:
        InvalidInput: for a learning rate <= 0 or a negative decay.
    """
    require_schedule("Hedge", params.learning_rate, params.decay)
    return allocate_leader(problem.n_arms)


@compiled
def init(params, state):
    """No loss yet."""
    reset_leader(state)


@compiled
def act(params, state, t, rng):
    """p_t by a softmax; draw A_t from it."""
    shannon_weights(state.total, rate(params, t), 1.0, state.probabilities)
    return draw_leader(state, rng)


@compiled
def observe(params, state, t, arm, row):
    """L += l."""
    for i in range(row.shape[0]):
        state.total[i] += row[i]
