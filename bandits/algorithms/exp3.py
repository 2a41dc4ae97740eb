"""Exp3 on losses without mixing (Auer et al. 2002; Bubeck and Cesa-Bianchi 2012; Lattimore and Szepesvari 2020)."""

from __future__ import annotations

import math
from typing import NamedTuple

from bandits.ftrl import (
    RATE,
    ExponentialWeights,
    add_exponential,
    allocate_exponential,
    draw_exponential,
    importance_weighted,
    refresh_exponential,
    reset_exponential,
)
from bandits.model import BanditProblem
from kernels.jit import compiled, embedded
from theory.errors import InvalidInput


class Exp3(NamedTuple):
    """Play A_t from p_t proportional to exp(-eta_t Lh_{t-1}), eta_t = learning_rate * t^-decay.

    Attributes:
        learning_rate: > 0; :func:`tuned` and :func:`anytime` give the theorems' values.
        decay: >= 0; 0 is a fixed rate, 1/2 the schedule of the anytime theorem (dual averaging: all weights are then
            recomputed in every round).
    """

    learning_rate: float
    decay: float = 0.0


def tuned(n_arms: int, horizon: int) -> Exp3:
    """eta = sqrt(2 log K / (K T)) (Lattimore and Szepesvari 2020, Theorem 11.2); needs K >= 2."""
    return Exp3(math.sqrt(2.0 * math.log(n_arms) / (n_arms * horizon)))


def anytime(n_arms: int) -> Exp3:
    """eta_t = sqrt(log K / (K t)) (Bubeck and Cesa-Bianchi 2012, Theorem 3.1); needs K >= 2."""
    return Exp3(math.sqrt(math.log(n_arms) / n_arms), 0.5)


def require_schedule(name: str, learning_rate: float, decay: float) -> None:
    """Refuse rates that are none.

    Raises:
        InvalidInput: unless learning_rate > 0 and decay >= 0 are finite.
    """
    if not 0.0 < learning_rate < math.inf:
        raise InvalidInput(f"learning rate of {name} is {learning_rate}; expected a finite number > 0")
    if not 0.0 <= decay < math.inf:
        raise InvalidInput(f"decay of the learning rate of {name} is {decay}; expected a finite number >= 0")


def allocate(params: Exp3, problem: BanditProblem) -> ExponentialWeights:
    """Arrays of one run.

    Raises:
        InvalidInput: for a learning rate <= 0 or a negative decay.
    """
    require_schedule("Exp3", params.learning_rate, params.decay)
    return allocate_exponential(problem.n_arms)


@embedded
def rate(params, t):
    """eta_t."""
    return params.learning_rate if params.decay == 0.0 else params.learning_rate * t**-params.decay


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
    """Lh_A += l / p_A."""
    add_exponential(state, arm, importance_weighted(loss, state.probabilities[arm]))
