"""UCB-V (Audibert, Munos and Szepesvari 2009): rewards in [0, 1]."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from bandits.model import BanditProblem
from bandits.moments import ArmMoments, allocate_moments, forget_moments, record_moments
from kernels.jit import compiled
from theory.errors import InvalidInput


class UCBV(NamedTuple):
    """Pull each arm once, then argmax of mean_i + sqrt(2 V_i x / N_i) + 3 c x / N_i, x = zeta log t.

    V_i is the biased empirical variance, t the round about to be played; ties to the lowest index.

    Attributes:
        zeta: 1.2 in the theorem, >= 0.
        c: 1 in the theorem, >= 0.
    """

    zeta: float = 1.2
    c: float = 1.0


def allocate(params: UCBV, problem: BanditProblem) -> ArmMoments:
    """Arrays of one run.

    Raises:
        InvalidInput: unless zeta and c are numbers >= 0.
    """
    for name, value in params._asdict().items():
        if not 0.0 <= value < math.inf:
            raise InvalidInput(f"{name} of UCB-V is {value}; expected a finite number >= 0")
    return allocate_moments(problem.n_arms)


@compiled
def init(params, state):
    """Forget everything."""
    forget_moments(state)


@compiled
def act(params, state, t, rng):
    """Eq. (3) with the exploration function E_{s,t} = zeta log t."""
    n_arms = state.pulls.shape[0]
    if t <= n_arms:
        return t - 1
    x = params.zeta * math.log(np.float64(t))
    best, highest = 0, -np.inf
    for arm in range(n_arms):
        n = np.float64(state.pulls[arm])
        upper = state.mean[arm] + math.sqrt(2.0 * state.variance[arm] * x / n) + 3.0 * params.c * x / n
        if upper > highest:
            highest = upper
            best = arm
    return best


@compiled
def observe(params, state, t, arm, reward):
    """Update the arm that was pulled."""
    record_moments(state, arm, reward)
