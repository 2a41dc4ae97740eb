"""UCB1-Tuned (Auer, Cesa-Bianchi and Fischer 2002, Section 4): rewards in [0, 1]; no regret bound is known for it."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from bandits.model import BanditProblem
from bandits.moments import ArmMoments, allocate_moments, forget_moments, record_moments
from kernels.jit import compiled
from theory.errors import InvalidInput


class UCBTuned(NamedTuple):
    """Pull each arm once, then argmax of mean_i + sqrt((log n / N_i) min(cap, V_i + sqrt(2 log n / N_i))).

    n = t - 1 is the number of plays made so far, V_i the biased empirical variance; ties to the lowest index.

    Attributes:
        cap: 1/4, the largest variance of a reward in [0, 1]. Must be >= 0.
    """

    cap: float = 0.25


def allocate(params: UCBTuned, problem: BanditProblem) -> ArmMoments:
    """Arrays of one run.

    Raises:
        InvalidInput: unless cap is a number >= 0.
    """
    if not 0.0 <= params.cap < math.inf:
        raise InvalidInput(f"cap of UCB1-Tuned is {params.cap}; expected a finite number >= 0")
    return allocate_moments(problem.n_arms)


@compiled
def init(params, state):
    """Forget everything."""
    forget_moments(state)


@compiled
def act(params, state, t, rng):
    """The index of Section 4."""
    n_arms = state.pulls.shape[0]
    if t <= n_arms:
        return t - 1
    log_n = math.log(t - 1.0)
    best, highest = 0, -np.inf
    for arm in range(n_arms):
        share = log_n / state.pulls[arm]
        variance = min(params.cap, state.variance[arm] + math.sqrt(2.0 * share))
        upper = state.mean[arm] + math.sqrt(share * variance)
        if upper > highest:
            highest = upper
            best = arm
    return best


@compiled
def observe(params, state, t, arm, reward):
    """Update the arm that was pulled."""
    record_moments(state, arm, reward)
