"""FTRL with the log-barrier and importance weighting at a fixed rate (cf. Wei and Luo 2018)."""

from __future__ import annotations

import math
from typing import NamedTuple

from bandits.ftrl import LeaderWeights, allocate_leader, barrier_weights, draw_leader, importance_weighted, reset_leader
from bandits.model import BanditProblem
from kernels.jit import compiled
from theory.errors import InvalidInput


class LogBarrier(NamedTuple):
    """w_t = argmin <w, Lh_{t-1}> - (1/eta) sum log w; loss estimates 1{A = i} l / w.

    Attributes:
        learning_rate: eta > 0; :func:`tuned` gives the theorem's.
    """

    learning_rate: float


def tuned(n_arms: int, horizon: int) -> LogBarrier:
    """eta = sqrt(2 (K - 1) log T / T); needs K, T >= 2."""
    return LogBarrier(math.sqrt(2.0 * (n_arms - 1.0) * math.log(horizon) / horizon))


def allocate(params: LogBarrier, problem: BanditProblem) -> LeaderWeights:
    """Arrays of one run.

    Raises:
        InvalidInput: unless the learning rate is a finite number > 0.
    """
    if not 0.0 < params.learning_rate < math.inf:
        raise InvalidInput(f"learning rate of the log-barrier is {params.learning_rate}; expected a finite number > 0")
    return allocate_leader(problem.n_arms)


@compiled
def init(params, state):
    """No loss yet."""
    reset_leader(state)


@compiled
def act(params, state, t, rng):
    """w_t by Newton's method from the solution of the round before; draw A_t from it."""
    state.start[0] = barrier_weights(state.total, params.learning_rate, state.start[0], state.probabilities)
    return draw_leader(state, rng)


@compiled
def observe(params, state, t, arm, loss):
    """Lh_A += l / w_A."""
    state.total[arm] += importance_weighted(loss, state.probabilities[arm])
