"""FTRL with any mixture of entropy, Tsallis entropy and log-barrier, full information."""

from __future__ import annotations

import math
from typing import NamedTuple

from bandits.algorithms.exp3 import require_schedule
from bandits.algorithms.ftrl import act as act  # the same leader
from bandits.algorithms.ftrl import init as init
from bandits.experts import FULL_INFORMATION
from bandits.ftrl import LeaderWeights, allocate_leader
from bandits.mixtures import ENTROPY, Mixture, require_mixture
from bandits.model import BanditProblem
from kernels.jit import compiled
from theory.theorems.ftrl import full_information_moment, penalty_range

PROTOCOL = FULL_INFORMATION


class FTRLExperts(NamedTuple):
    """w_t = argmin <w, L_{t-1}> + psi(w)/eta_t, eta_t = learning_rate * t^-decay; all losses of a round are seen.

    Attributes:
        mixture: psi. learning_rate: > 0. decay: >= 0.
    """

    mixture: Mixture = ENTROPY
    learning_rate: float = 1.0
    decay: float = 0.0


def tuned(mixture: Mixture, n_arms: int, horizon: int) -> FTRLExperts:
    """eta = sqrt(2 (psi(u) - min psi)/(M T)), the least of the bound ftrl/full-information over fixed rates."""
    span, moment = penalty_range(mixture, n_arms, horizon), full_information_moment(mixture)
    return FTRLExperts(mixture, math.sqrt(2.0 * span / (moment * horizon)))


def anytime(mixture: Mixture, n_arms: int, horizon: int) -> FTRLExperts:
    """eta_t = sqrt((psi(u) - min psi)/(M t)); the horizon enters only through u, and only if there is a barrier."""
    span, moment = penalty_range(mixture, n_arms, horizon), full_information_moment(mixture)
    return FTRLExperts(mixture, math.sqrt(span / moment), 0.5)


def allocate(params: FTRLExperts, problem: BanditProblem) -> LeaderWeights:
    """Arrays of one run.

    Raises:
        InvalidInput: for coefficients that make no regulariser, a learning rate <= 0 or a negative decay.
    """
    require_mixture("FTRL", params.mixture)
    require_schedule("FTRL", params.learning_rate, params.decay)
    return allocate_leader(problem.n_arms)


@compiled
def observe(params, state, t, arm, row):
    """L += l."""
    for i in range(row.shape[0]):
        state.total[i] += row[i]
