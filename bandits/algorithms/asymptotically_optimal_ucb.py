"""Asymptotically optimal UCB (Lattimore and Szepesvari 2020, Algorithm 6): subgaussian rewards, no horizon."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from bandits.algorithms.ucb1 import init as init  # the statistics are UCB1's, the level is not
from bandits.algorithms.ucb1 import observe as observe
from bandits.algorithms.ucb1 import radius as radius
from bandits.algorithms.ucb1 import restore as restore
from bandits.model import BanditProblem
from bandits.policies import ArmStatistics, allocate_statistics, highest_index
from kernels.jit import embedded
from theory.errors import InvalidInput


class AsymptoticallyOptimalUCB(NamedTuple):
    """Pull each arm once, then argmax of mean_i + sigma sqrt(2 log f(t) / N_i), f(t) = 1 + t log^2 t.

    Ties go to the lowest index; t is the round about to be played.

    Attributes:
        sigma: the rewards are sigma-subgaussian, >= 0; 1 in the book, 1/2 for rewards in [0, 1], 0 is the greedy rule.
    """

    sigma: float = 1.0


def allocate(params: AsymptoticallyOptimalUCB, problem: BanditProblem) -> ArmStatistics:
    """Arrays of one run.

    Raises:
        InvalidInput: unless sigma is a number >= 0.
    """
    if not 0.0 <= params.sigma < math.inf:
        raise InvalidInput(f"sigma of the asymptotically optimal UCB is {params.sigma}; expected a finite number >= 0")
    return allocate_statistics(problem.n_arms)


@embedded
def level(params, t):
    """sigma sqrt(2 log f(t))."""
    log_t = math.log(np.float64(t))
    return params.sigma * math.sqrt(2.0 * math.log1p(t * log_t * log_t))


@embedded
def act(params, state, t, rng):
    """Algorithm 6."""
    if t <= state.pulls.shape[0]:
        return t - 1
    return highest_index(state.mean, state.inverse_root, level(params, t))
