"""Thompson sampling with Beta posteriors (Thompson 1933; Agrawal and Goyal 2012, Algorithms 1 and 2)."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from bandits.model import BanditProblem
from bandits.policies import highest
from kernels.jit import compiled, embedded
from kernels.random import gamma_at, random
from theory.errors import InvalidInput


class ThompsonBeta(NamedTuple):
    """Sample theta_i ~ Beta(S_i + successes, F_i + failures), play the largest; ties to the lowest index.

    S_i and F_i count the rewards 1 and 0 of arm i. A reward strictly between is replaced by a coin of that mean
    (Algorithm 2); the coin is tossed in every round, so that 0/1 rewards and others read the same private stream.

    Attributes:
        successes, failures: the prior, Beta(1, 1) in the theorems. At least 1.
    """

    successes: float = 1.0
    failures: float = 1.0


class ThompsonBetaState(NamedTuple):
    """Per arm, shape (K,): the posterior Beta(a, b), what Marsaglia and Tsang's method needs of a and b, the sample.

    The constants of a Gamma(a) draw are d = a - 1/3 and c = 1 / sqrt(9 d); they change only by a pull.
    """

    a: npt.NDArray[np.float64]
    b: npt.NDArray[np.float64]
    a_d: npt.NDArray[np.float64]
    a_c: npt.NDArray[np.float64]
    b_d: npt.NDArray[np.float64]
    b_c: npt.NDArray[np.float64]
    sample: npt.NDArray[np.float64]
    coin: npt.NDArray[np.float64]  # uniform of the round, one entry


def allocate(params: ThompsonBeta, problem: BanditProblem) -> ThompsonBetaState:
    """Arrays of one run.

    Raises:
        InvalidInput: unless both parameters of the prior are finite numbers >= 1.
    """
    for name, value in params._asdict().items():
        if not 1.0 <= value < math.inf:
            raise InvalidInput(f"{name} of the Beta prior is {value}; expected a finite number >= 1")
    k = problem.n_arms
    return ThompsonBetaState(*(np.zeros(n) for n in (k, k, k, k, k, k, k, 1)))


@embedded
def set_posterior(state, arm, a, b):
    """Put the posterior of ``arm`` to Beta(a, b)."""
    state.a[arm] = a
    state.b[arm] = b
    state.a_d[arm] = a - 1.0 / 3.0
    state.b_d[arm] = b - 1.0 / 3.0
    state.a_c[arm] = 1.0 / math.sqrt(9.0 * state.a_d[arm])
    state.b_c[arm] = 1.0 / math.sqrt(9.0 * state.b_d[arm])


@compiled
def init(params, state):
    """The prior for every arm."""
    for arm in range(state.a.shape[0]):
        set_posterior(state, arm, params.successes, params.failures)


@embedded
def act(params, state, t, rng):
    """Sample every posterior (arm by arm, a's Gamma variate before b's), then the coin; play the largest sample."""
    key, gamma, n = rng[0], rng[1], rng[2]  # in registers: stored to memory they are read again for every draw
    for arm in range(state.a.shape[0]):
        x, n = gamma_at(key, gamma, n, state.a_d[arm], state.a_c[arm])
        y, n = gamma_at(key, gamma, n, state.b_d[arm], state.b_c[arm])
        state.sample[arm] = x / (x + y)
    rng[2] = n
    state.coin[0] = random(rng)
    return highest(state.sample)


@embedded
def observe(params, state, t, arm, reward):
    """One more success or failure."""
    if 0.0 < reward < 1.0:
        reward = 1.0 if state.coin[0] < reward else 0.0
    set_posterior(state, arm, state.a[arm] + reward, state.b[arm] + 1.0 - reward)


@compiled
def first_arm_probability(params, n1, s1, n2, s2):
    """P(theta_1 > theta_2) for posteriors Beta(a_i, b_i) with whole parameters (nan otherwise).

    sum_{i < a_1} B(a_2 + i, b_1 + b_2) / ((b_1 + i) B(1 + i, b_1) B(a_2, b_2)), whose first term is
    prod_{j < b_1} (b_2 + j) / (a_2 + b_2 + j) and whose terms have a rational ratio; all are positive.
    """
    if params.successes != math.floor(params.successes) or params.failures != math.floor(params.failures):
        return np.nan
    a1, b1 = params.successes + s1, params.failures + n1 - s1
    a2, b2 = params.successes + s2, params.failures + n2 - s2
    term = 1.0
    for j in range(int(b1)):
        term *= (b2 + j) / (a2 + b2 + j)
    total = 0.0
    for i in range(int(a1)):
        total += term
        term *= (a2 + i) * (b1 + i) / ((a2 + b1 + b2 + i) * (1.0 + i))
    return min(total, 1.0)
