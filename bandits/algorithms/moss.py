"""MOSS (Audibert and Bubeck 2009; Lattimore and Szepesvari 2020, Algorithm 7): the horizon is known."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from bandits.model import BanditProblem
from bandits.policies import highest
from kernels.jit import compiled
from theory.errors import InvalidInput


class MOSS(NamedTuple):
    """Pull each arm once, then argmax of mean_i + sqrt(4 sigma^2 log+(T / (K N_i)) / N_i); ties to the lowest index.

    One rule for every subgaussian class, because widths scale with the noise: sigma = 1 is Algorithm 7 of Lattimore
    and Szepesvari (width sqrt(4 log+ / N), 1-subgaussian rewards), sigma = 1/2 the original of Audibert and Bubeck
    (width sqrt(log+ / N), rewards in [0, 1]).

    Attributes:
        sigma: the rewards are sigma-subgaussian, >= 0 (at 0 the rule is greedy and has no theorem).
    """

    sigma: float = 0.5


class MOSSState(NamedTuple):
    """Per arm: pulls, sum of rewards, and index ``upper``, which changes only by a pull; T / K, one entry."""

    pulls: npt.NDArray[np.int64]
    total: npt.NDArray[np.float64]
    upper: npt.NDArray[np.float64]
    share: npt.NDArray[np.float64]


def allocate(params: MOSS, problem: BanditProblem) -> MOSSState:
    """Arrays of one run.

    Raises:
        InvalidInput: unless sigma is a number >= 0.
    """
    if not 0.0 <= params.sigma < math.inf:
        raise InvalidInput(f"sigma of MOSS is {params.sigma}; expected a finite number >= 0")
    k = problem.n_arms
    return MOSSState(np.zeros(k, np.int64), np.zeros(k), np.zeros(k), np.array([problem.horizon / k]))


@compiled
def init(params, state):
    """Forget everything."""
    for arm in range(state.pulls.shape[0]):
        state.pulls[arm] = 0
        state.total[arm] = 0.0
        state.upper[arm] = np.inf  # an arm without a pull comes first


@compiled
def width(params, pulls, share):
    """sqrt(4 sigma^2 log+(T / (K N)) / N)."""
    return 2.0 * params.sigma * math.sqrt(math.log(max(1.0, share / pulls)) / pulls)


@compiled
def level(params, t):
    """The index is mean + level * radius (see :mod:`bandits.lockstep`): here nothing depends on the round."""
    return 1.0


@compiled
def radius(params, problem, pulls):
    """The width out of the problem's horizon T and number of arms K."""
    return width(params, pulls, problem.horizon / problem.n_arms)


@compiled
def act(params, state, t, rng):
    """Algorithm 7."""
    return highest(state.upper)


@compiled
def restore(params, state, arm, pulls, total):
    """Put ``arm`` into the state after ``pulls`` >= 0 pulls that paid ``total``."""
    state.pulls[arm] = pulls
    state.total[arm] = total
    n = np.float64(pulls)
    state.upper[arm] = total / n + width(params, n, state.share[0]) if pulls > 0 else np.inf


@compiled
def observe(params, state, t, arm, reward):
    """Update the arm that was pulled: no other index changes."""
    restore(params, state, arm, state.pulls[arm] + 1, state.total[arm] + reward)
