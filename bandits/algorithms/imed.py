"""IMED, indexed minimum empirical divergence (Honda and Takemura 2015): Bernoulli rewards, no horizon."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from bandits.algorithms.ucb1 import init as init  # the statistics are UCB1's
from bandits.algorithms.ucb1 import observe as observe
from bandits.algorithms.ucb1 import restore as restore
from bandits.model import BanditProblem
from bandits.policies import ArmStatistics, allocate_statistics
from kernels.jit import compiled
from kernels.kl import bernoulli_kl
from theory.errors import InvalidInput


class IMED(NamedTuple):
    """Pull each arm once, then argmin of N_i d(mean_i, max_j mean_j) + weight log N_i; ties to the lowest index.

    Not an upper confidence bound: the index of an empirically best arm is log N_i alone, and another arm is played when
    the evidence against it is smaller.

    Attributes:
        weight: 1 in the paper, >= 0.
    """

    weight: float = 1.0


def allocate(params: IMED, problem: BanditProblem) -> ArmStatistics:
    """Arrays of one run.

    Raises:
        InvalidInput: unless weight is a number >= 0.
    """
    if not 0.0 <= params.weight < math.inf:
        raise InvalidInput(f"weight of IMED is {params.weight}; expected a finite number >= 0")
    return allocate_statistics(problem.n_arms)


@compiled
def act(params, state, t, rng):
    """The index of the paper with the divergence of Bernoulli laws."""
    n_arms = state.pulls.shape[0]
    if t <= n_arms:
        return t - 1
    leader = 0.0
    for arm in range(n_arms):
        leader = max(leader, state.mean[arm])
    best, lowest = 0, np.inf
    for arm in range(n_arms):
        n = np.float64(state.pulls[arm])
        index = n * bernoulli_kl(state.mean[arm], leader) + params.weight * math.log(n)
        if index < lowest:
            lowest = index
            best = arm
    return best
