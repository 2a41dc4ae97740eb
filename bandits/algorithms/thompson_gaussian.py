"""Thompson sampling with Gaussian posteriors (Lattimore and Szepesvari 2020, Algorithm 24)."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from bandits.model import BanditProblem
from bandits.policies import highest
from kernels.jit import compiled
from kernels.random import normal_variate
from theory.errors import InvalidInput


class ThompsonGaussian(NamedTuple):
    """Sample theta_i ~ N(S_i / (N_i + m), sigma^2 / (N_i + m)), play the largest; ties to the lowest index.

    S_i is the sum of the N_i rewards of arm i and m the precision of the prior N(0, sigma^2 / m). With m = 0, the flat
    prior of Algorithm 24, the sample of an arm never played is infinite: each arm is played once first.

    Attributes:
        sigma: standard deviation of the rewards, > 0 (1 in Theorem 36.3).
        prior_precision: m >= 0. 0 is Lattimore and Szepesvari's; with 1 and sigma = 1 this is the Gaussian version of
            Agrawal and Goyal (2013), which is for rewards in [0, 1] and has another theorem.
    """

    sigma: float = 1.0
    prior_precision: float = 0.0


class ThompsonGaussianState(NamedTuple):
    """Per arm, shape (K,): N + m, S, posterior mean and standard deviation, and the sample of the round."""

    precision: npt.NDArray[np.float64]
    total: npt.NDArray[np.float64]
    mean: npt.NDArray[np.float64]
    sd: npt.NDArray[np.float64]
    sample: npt.NDArray[np.float64]


def allocate(params: ThompsonGaussian, problem: BanditProblem) -> ThompsonGaussianState:
    """Arrays of one run.

    Raises:
        InvalidInput: unless sigma > 0 and prior_precision >= 0 are finite.
    """
    if not 0.0 < params.sigma < math.inf:
        raise InvalidInput(f"sigma of Thompson sampling is {params.sigma}; expected a finite number > 0")
    if not 0.0 <= params.prior_precision < math.inf:
        raise InvalidInput(f"prior_precision is {params.prior_precision}; expected a finite number >= 0")
    return ThompsonGaussianState(*(np.zeros(problem.n_arms) for _ in range(5)))


@compiled
def set_posterior(params, state, arm, precision, total):
    """Put the posterior of ``arm`` to N(total / precision, sigma^2 / precision)."""
    state.precision[arm] = precision
    state.total[arm] = total
    state.mean[arm] = total / precision if precision > 0.0 else 0.0
    state.sd[arm] = params.sigma / math.sqrt(precision) if precision > 0.0 else np.inf


@compiled
def init(params, state):
    """The prior for every arm."""
    for arm in range(state.mean.shape[0]):
        set_posterior(params, state, arm, params.prior_precision, 0.0)


@compiled
def act(params, state, t, rng):
    """Sample every posterior, one normal variate for each proper one, in the order of the arms; play the largest."""
    for arm in range(state.mean.shape[0]):
        if state.sd[arm] < np.inf:
            state.sample[arm] = state.mean[arm] + state.sd[arm] * normal_variate(rng)
        else:
            state.sample[arm] = np.inf
    return highest(state.sample)


@compiled
def observe(params, state, t, arm, reward):
    """Conjugate update of the arm that was pulled."""
    set_posterior(params, state, arm, state.precision[arm] + 1.0, state.total[arm] + reward)
