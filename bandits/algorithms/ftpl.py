"""Follow the perturbed leader with Gumbel noise: Hedge without weights (Hannan 1957; Kalai and Vempala 2005)."""

from __future__ import annotations

import math
from typing import NamedTuple

from bandits.algorithms.exp3 import require_schedule
from bandits.algorithms.hedge import init as init  # the same start
from bandits.algorithms.hedge import observe as observe  # the same sums
from bandits.experts import FULL_INFORMATION
from bandits.ftrl import LeaderWeights, allocate_leader, shannon_weights
from bandits.model import BanditProblem
from kernels.jit import compiled
from kernels.random import random

PROTOCOL = FULL_INFORMATION


class FTPL(NamedTuple):
    """A_t = argmin_i L_{t-1,i} - G_{t,i}/eta with fresh standard Gumbel variables G; ties have probability zero.

    Attributes:
        learning_rate: eta > 0; :func:`tuned` gives the theorem's. decay: 0, the rate is fixed.
    """

    learning_rate: float
    decay: float = 0.0


def tuned(n_arms: int, horizon: int) -> FTPL:
    """eta = sqrt(8 log K / T); needs K >= 2."""
    return FTPL(math.sqrt(8.0 * math.log(n_arms) / horizon))


def allocate(params: FTPL, problem: BanditProblem) -> LeaderWeights:
    """Arrays of one run.

    Raises:
        InvalidInput: for a learning rate <= 0.
    """
    require_schedule("FTPL", params.learning_rate, params.decay)
    return allocate_leader(problem.n_arms)


@compiled
def gumbel(rng):
    """A standard Gumbel variable, -log(-log U); U = 0 is read as 2^-54."""
    return -math.log(-math.log(max(random(rng), 5.551115123125783e-17)))


@compiled
def perturbed_leader(state, scale, rng):
    """argmin L_i - scale G_i."""
    leader = 0
    lowest = math.inf
    for i in range(state.total.shape[0]):
        loss = state.total[i] - scale * gumbel(rng)
        if loss < lowest:
            lowest = loss
            leader = i
    return leader


@compiled
def act(params, state, t, rng):
    """The perturbed leader; its law, a softmax, is stated beside it and not used."""
    shannon_weights(state.total, params.learning_rate, 1.0, state.probabilities)
    return perturbed_leader(state, 1.0 / params.learning_rate, rng)
