"""Thompson sampling: draw every arm's mean from its posterior, and play the arm whose draw is largest."""

import math  # noqa: F401 (for the gaps)
from typing import NamedTuple

import numpy as np

try:
    from kernels.random import beta_variate
except ImportError:  # in the grader's process a stream of random numbers is an array: a counter, then uniforms
    from scipy.special import betaincinv

    def beta_variate(rng, a, b):
        """The next Beta(a, b) of a stream."""
        rng[0] += 1.0
        return betaincinv(a, b, rng[int(rng[0])])


class ThompsonSampling(NamedTuple):
    """Hyper-parameters: the prior Beta(successes, failures) of every arm, uniform in the theorem."""

    successes: float = 1.0
    failures: float = 1.0


class State(NamedTuple):
    """Per arm, shape (K,): the posterior Beta(a, b), and the sample of the round."""

    a: np.ndarray
    b: np.ndarray
    sample: np.ndarray


def allocate(params, problem):
    """The arrays of a run; ``problem`` has n_arms and horizon."""
    return State(np.zeros(problem.n_arms), np.zeros(problem.n_arms), np.zeros(problem.n_arms))


def init(params, state):
    """The start of a run: the prior for every arm."""
    raise NotImplementedError("gap 1: Beta(successes, failures)")


def observe(params, state, t, arm, reward):
    """The arm of round t paid ``reward``, 0 or 1: Bayes' rule."""
    raise NotImplementedError("gap 2: one more success, or one more failure")


def act(params, state, t, rng):
    """The arm of round t = 1, 2, ..., an integer in 0..K-1.

    Draws ``state.sample[i]`` = beta_variate(rng, a_i, b_i) for i = 0, 1, ... in this order, one draw an arm, and plays
    the arm of the largest sample, ties to the lowest number.
    """
    raise NotImplementedError("gap 3: sample every posterior, play the largest sample")


def tail(successes, failures, y):
    """P(theta > y) for the posterior after so many rewards 1 and 0, as a binomial probability; y in [0, 1].

    theta ~ Beta(S + 1, F + 1). Fact 1: P(theta > y) = P(at most S of S + F + 1 coins of bias y show heads).
    """
    raise NotImplementedError("gap 4: a sum of S + 1 binomial terms")


def first_arm_probability(s1, f1, s2, f2):
    """The probability that arm 1 of two is played, P(theta_1 > theta_2), after s_i rewards 1 and f_i rewards 0.

    The integral over [0, 1] of the density of theta_1 times P(theta_2 < x). The integrand is a polynomial, so that
    Gauss-Legendre quadrature (``np.polynomial.legendre.leggauss``) with as many nodes as degrees is exact.
    """
    raise NotImplementedError("gap 5: integrate over theta_1")


def expected_wait(mean, pulls, y):
    """E[1/p - 1], p = P(theta > y) after so many pulls of an arm with this mean; the expectation is over the rewards.

    1/p - 1 is how many samples not above y come before the first above y, in expectation.
    """
    raise NotImplementedError("gap 6: a sum over the number of rewards 1")
