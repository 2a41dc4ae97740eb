"""alpha-UCB (Bubeck and Cesa-Bianchi 2012, Section 2.2): rewards in [0, 1]."""

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


class AlphaUCB(NamedTuple):
    """Pull each arm once, then argmax of mean_i + sqrt(alpha log t / (2 N_i)); ties to the lowest index.

    t is the round about to be played (UCB1 counts the plays made, t - 1).

    Attributes:
        alpha: > 2 in the theorem, 3 by default (its constant alpha/(alpha - 2) is then 3); must be >= 0.
    """

    alpha: float = 3.0


def allocate(params: AlphaUCB, problem: BanditProblem) -> ArmStatistics:
    """Arrays of one run.

    Raises:
        InvalidInput: unless alpha is a number >= 0.
    """
    if not 0.0 <= params.alpha < math.inf:
        raise InvalidInput(f"alpha of alpha-UCB is {params.alpha}; expected a finite number >= 0")
    return allocate_statistics(problem.n_arms)


@embedded
def level(params, t):
    """sqrt(alpha log t / 2)."""
    return math.sqrt(0.5 * params.alpha * math.log(np.float64(t)))


@embedded
def act(params, state, t, rng):
    """Eq. (2.2) with psi(x) = x^2/8 for rewards in [0, 1]."""
    if t <= state.pulls.shape[0]:
        return t - 1
    return highest_index(state.mean, state.inverse_root, level(params, t))
