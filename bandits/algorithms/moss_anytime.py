"""MOSS-anytime (Degenne and Perchet 2016): rewards in [0, 1], no horizon."""

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
from theory.errors import InvalidInput


class MOSSAnytime(NamedTuple):
    """Pull each arm once, then argmax of mean_i + sqrt(((1 + alpha)/2) log+(t / (K N_i)) / N_i).

    t is the round about to be played; ties to the lowest index.

    Attributes:
        alpha: 1.35 in the theorem, must be >= -1 (at -1 the rule is greedy).
    """

    alpha: float = 1.35


def allocate(params: MOSSAnytime, problem: BanditProblem) -> ArmStatistics:
    """Arrays of one run.

    Raises:
        InvalidInput: unless alpha is a number >= -1.
    """
    if not -1.0 <= params.alpha < math.inf:
        raise InvalidInput(f"alpha of MOSS-anytime is {params.alpha}; expected a finite number >= -1")
    return allocate_statistics(problem.n_arms)


@compiled
def act(params, state, t, rng):
    """The index of MOSS with t in the place of the horizon; past N_i >= t/K it is the mean."""
    n_arms = state.pulls.shape[0]
    if t <= n_arms:
        return t - 1
    share = np.float64(t) / n_arms
    factor = 0.5 * (1.0 + params.alpha)
    best, highest = 0, -np.inf
    for arm in range(n_arms):
        n = np.float64(state.pulls[arm])
        upper = state.mean[arm]
        if n < share:
            upper += math.sqrt(factor * math.log(share / n) / n)
        if upper > highest:
            highest = upper
            best = arm
    return best
