"""Log-barrier FTRL with the gain estimator: loss estimates without a lower bound, no exploration (Dai et al. 2023)."""

from __future__ import annotations

import math
from typing import NamedTuple

from bandits.algorithms.exp3 import require_schedule
from bandits.algorithms.log_barrier import act as act  # the same leader
from bandits.algorithms.log_barrier import init as init
from bandits.ftrl import LeaderWeights, allocate_leader
from bandits.model import BanditProblem
from kernels.jit import compiled


class RefinedLogBarrier(NamedTuple):
    """x_t = argmin eta <x, Lh_{t-1}> - sum log x_a; estimates lh_a = 1 - (1 - l_a) 1{A_t = a}/x_a.

    The estimate of the arm played is at most its loss and falls to -1/x: gains, importance-weighted.

    Attributes:
        learning_rate: eta > 0; :func:`tuned` gives the theorem's.
    """

    learning_rate: float


def tuned(horizon: int) -> RefinedLogBarrier:
    """eta = sqrt(2 log T / T); needs T >= 2."""
    return RefinedLogBarrier(math.sqrt(2.0 * math.log(horizon) / horizon))


def allocate(params: RefinedLogBarrier, problem: BanditProblem) -> LeaderWeights:
    """Arrays of one run.

    Raises:
        InvalidInput: unless the learning rate is a finite number > 0.
    """
    require_schedule("the refined log-barrier", params.learning_rate, 0.0)
    return allocate_leader(problem.n_arms)


@compiled
def observe(params, state, t, arm, loss):
    """Lh_a += 1 - (1 - l_a) 1{A_t = a}/x_a; the 1, common to all arms, changes no weight and is left out."""
    state.total[arm] -= (1.0 - loss) / state.probabilities[arm]
