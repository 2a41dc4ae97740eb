"""FTRL with any mixture of entropy, Tsallis entropy and log-barrier, bandit feedback, importance weighting."""

from __future__ import annotations

import math
from typing import NamedTuple

from bandits.algorithms.exp3 import require_schedule
from bandits.ftrl import LeaderWeights, allocate_leader, draw_leader, importance_weighted, reset_leader
from bandits.mixtures import ENTROPY, Mixture, mixture_weights, require_mixture
from bandits.model import BanditProblem
from kernels.jit import compiled
from theory.theorems.ftrl import bandit_moment, penalty_range


class FTRL(NamedTuple):
    """w_t = argmin <w, Lh_{t-1}> + psi(w)/eta_t, eta_t = learning_rate * t^-decay; estimates 1{A = i} l / w.

    Attributes:
        mixture: psi. learning_rate: > 0. decay: >= 0. :func:`tuned` and :func:`anytime` balance the bound's terms.
    """

    mixture: Mixture = ENTROPY
    learning_rate: float = 1.0
    decay: float = 0.0


def tuned(mixture: Mixture, n_arms: int, horizon: int) -> FTRL:
    """eta = sqrt(2 (psi(u) - min psi)/(M T)), the least of the bound ftrl/bandit over fixed rates."""
    span, moment = penalty_range(mixture, n_arms, horizon), bandit_moment(mixture, n_arms)
    return FTRL(mixture, math.sqrt(2.0 * span / (moment * horizon)))


def anytime(mixture: Mixture, n_arms: int, horizon: int) -> FTRL:
    """eta_t = sqrt((psi(u) - min psi)/(M t)); the horizon enters only through u, and only if there is a barrier."""
    span, moment = penalty_range(mixture, n_arms, horizon), bandit_moment(mixture, n_arms)
    return FTRL(mixture, math.sqrt(span / moment), 0.5)


def allocate(params: FTRL, problem: BanditProblem) -> LeaderWeights:
    """Arrays of one run.

    Raises:
        InvalidInput: for coefficients that make no regulariser, a learning rate <= 0 or a negative decay.
    """
    require_mixture("FTRL", params.mixture)
    require_schedule("FTRL", params.learning_rate, params.decay)
    return allocate_leader(problem.n_arms)


@compiled
def rate(params, t):
    """eta_t."""
    return params.learning_rate if params.decay == 0.0 else params.learning_rate * t**-params.decay


@compiled
def init(params, state):
    """No loss yet."""
    reset_leader(state)


@compiled
def act(params, state, t, rng):
    """w_t by Newton's method; draw A_t from it."""
    state.start[0] = mixture_weights(params.mixture, state.total, rate(params, t), state.start[0], state.probabilities)
    return draw_leader(state, rng)


@compiled
def observe(params, state, t, arm, loss):
    """Lh_A += l / w_A."""
    state.total[arm] += importance_weighted(loss, state.probabilities[arm])
