"""UCB(delta) (Lattimore and Szepesvari 2020, Algorithm 3): 1-subgaussian rewards."""

from __future__ import annotations

import math
from typing import NamedTuple

from bandits.algorithms.ucb1 import init as init  # the statistics are UCB1's, the level is not
from bandits.algorithms.ucb1 import observe as observe
from bandits.algorithms.ucb1 import radius as radius
from bandits.algorithms.ucb1 import restore as restore
from bandits.model import BanditProblem
from bandits.policies import ArmStatistics, allocate_statistics, highest_index
from kernels.jit import embedded
from theory.errors import InvalidInput


class UCBDelta(NamedTuple):
    """Pull each arm once, then argmax of mean_i + sqrt(2 log(1/delta) / N_i); ties to the lowest index.

    Attributes:
        delta: failure probability of one confidence bound, in (0, 1]; 1/T^2 in the theorems, 1 is the greedy rule.
    """

    delta: float


def allocate(params: UCBDelta, problem: BanditProblem) -> ArmStatistics:
    """Arrays of one run.

    Raises:
        InvalidInput: unless delta lies in (0, 1].
    """
    if not 0.0 < params.delta <= 1.0:
        raise InvalidInput(f"delta of UCB(delta) is {params.delta}; expected a number in (0, 1]")
    return allocate_statistics(problem.n_arms)


@embedded
def level(params, t):
    """sqrt(2 log(1/delta)), the same in every round (see :mod:`bandits.lockstep`)."""
    return math.sqrt(-2.0 * math.log(params.delta))


@embedded
def act(params, state, t, rng):
    """Algorithm 3."""
    if t <= state.pulls.shape[0]:
        return t - 1
    return highest_index(state.mean, state.inverse_root, level(params, t))
