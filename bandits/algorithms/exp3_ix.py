"""Exp3-IX: Exp3 with implicit exploration (Kocak, Neu, Valko and Munos 2014; Neu 2015)."""

from __future__ import annotations

import math
from typing import NamedTuple

from bandits.algorithms.exp3 import rate, require_schedule
from bandits.ftrl import (
    RATE,
    ExponentialWeights,
    add_exponential,
    allocate_exponential,
    draw_exponential,
    implicitly_explored,
    refresh_exponential,
    reset_exponential,
)
from bandits.model import BanditProblem
from kernels.jit import compiled, embedded
from theory.errors import InvalidInput


class Exp3IX(NamedTuple):
    """Exp3 with the estimate l / (p + gamma_t), gamma_t = eta_t / 2, eta_t = learning_rate * t^-decay.

    Attributes:
        learning_rate: > 0; :func:`tuned`, :func:`tuned_for`, :func:`neu` and :func:`neu_anytime` give the theorems'.
        decay: >= 0; 0 is a fixed rate, 1/2 the schedule of the anytime theorem.
        delta: in (0, 1), the failure probability that the bounds are read at. It changes no decision.
    """

    learning_rate: float
    decay: float = 0.0
    delta: float = 0.05


def tuned(n_arms: int, horizon: int, delta: float = 0.05) -> Exp3IX:
    """eta = sqrt(2 log(K + 1) / (K T)), whatever delta (Lattimore and Szepesvari 2020, Theorem 12.1 (1))."""
    return Exp3IX(math.sqrt(2.0 * math.log(n_arms + 1.0) / (n_arms * horizon)), 0.0, delta)


def tuned_for(n_arms: int, horizon: int, delta: float = 0.05) -> Exp3IX:
    """eta = sqrt((log K + log((K + 1)/delta)) / (K T)) (Lattimore and Szepesvari 2020, Theorem 12.1 (2))."""
    logs = math.log(n_arms) + math.log((n_arms + 1.0) / delta)
    return Exp3IX(math.sqrt(logs / (n_arms * horizon)), 0.0, delta)


def neu(n_arms: int, horizon: int, delta: float = 0.05) -> Exp3IX:
    """eta = sqrt(2 log K / (K T)) (Neu 2015, Theorem 1); needs K >= 2."""
    return Exp3IX(math.sqrt(2.0 * math.log(n_arms) / (n_arms * horizon)), 0.0, delta)


def neu_anytime(n_arms: int, delta: float = 0.05) -> Exp3IX:
    """eta_t = sqrt(log K / (K t)) (Neu 2015, Theorem 1, anytime); needs K >= 2."""
    return Exp3IX(math.sqrt(math.log(n_arms) / n_arms), 0.5, delta)


def allocate(params: Exp3IX, problem: BanditProblem) -> ExponentialWeights:
    """Arrays of one run.

    Raises:
        InvalidInput: for a learning rate <= 0, a negative decay, or delta outside (0, 1).
    """
    require_schedule("Exp3-IX", params.learning_rate, params.decay)
    if not 0.0 < params.delta < 1.0:
        raise InvalidInput(f"delta of Exp3-IX is {params.delta}; expected a number in (0, 1)")
    return allocate_exponential(problem.n_arms)


@compiled
def init(params, state):
    """All weights equal."""
    reset_exponential(state, params.learning_rate)


@embedded
def act(params, state, t, rng):
    """Draw A_t from p_t."""
    eta = rate(params, t)
    if eta != state.scalars[RATE]:
        refresh_exponential(state, eta)
    return draw_exponential(state, rng)


@embedded
def observe(params, state, t, arm, loss):
    """Lh_A += l / (p_A + eta_t / 2)."""
    add_exponential(state, arm, implicitly_explored(loss, state.probabilities[arm], 0.5 * state.scalars[RATE]))
