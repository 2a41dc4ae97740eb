"""UCB1 (Auer, Cesa-Bianchi and Fischer 2002): rewards in [0, 1]."""

from __future__ import annotations

import math
from typing import NamedTuple

from bandits.model import BanditProblem
from bandits.policies import ArmStatistics, allocate_statistics, forget, highest_index, record, set_statistics
from kernels.jit import compiled, embedded
from theory.errors import InvalidInput


class UCB1(NamedTuple):
    """Pull each arm once, then argmax of mean_i + sqrt(width * log(t - 1) / N_i); ties to the lowest index.

    Attributes:
        width: 2 in Theorem 1; anything else is outside the theorem. Must be >= 0 (0 is the greedy rule).
    """

    width: float = 2.0


def allocate(params: UCB1, problem: BanditProblem) -> ArmStatistics:
    """Arrays of one run.

    Raises:
        InvalidInput: unless width is a number >= 0.
    """
    if not 0.0 <= params.width < math.inf:
        raise InvalidInput(f"width of UCB1 is {params.width}; expected a finite number >= 0")
    return allocate_statistics(problem.n_arms)


@compiled
def init(params, state):
    """Forget everything."""
    forget(state)


@embedded
def level(params, t):
    """The factor of the width that depends on the round: sqrt(2 log(t - 1)), t - 1 plays made so far."""
    return math.sqrt(params.width * math.log(t - 1.0))


@compiled
def radius(params, problem, pulls):
    """The factor that depends on the arm (see :mod:`bandits.lockstep`)."""
    return 1.0 / math.sqrt(pulls)


@embedded
def act(params, state, t, rng):
    """Figure 1 of the paper."""
    if t <= state.pulls.shape[0]:
        return t - 1
    return highest_index(state.mean, state.inverse_root, level(params, t))


@embedded
def observe(params, state, t, arm, reward):
    """Update the arm that was pulled."""
    record(state, arm, reward)


@compiled
def restore(params, state, arm, pulls, total):
    """Put ``arm`` into the state after ``pulls`` pulls that paid ``total`` (see :mod:`bandits.exact`)."""
    set_statistics(state, arm, pulls, total)
