"""The optimal proportions of best-arm identification, compiled (Garivier and Kaufmann 2016, Theorem 5 and Lemma 4)."""

from __future__ import annotations

import math

import numpy as np

from kernels.jit import compiled
from kernels.kl import bernoulli_kl

#: Families of arms: Bernoulli, and Gaussian of variance one.
BERNOULLI, GAUSSIAN = 0, 1


@compiled
def divergence(family, p, q):
    """d(p, q) of the family."""
    if family == GAUSSIAN:
        return 0.5 * (p - q) ** 2
    return bernoulli_kl(p, q)


@compiled
def pair_cost(family, best, arm, x):
    """g(x) = d(best, m) + x d(arm, m), m = (best + x arm)/(1 + x), for x > 0."""
    middle = (best + x * arm) / (1.0 + x)
    return divergence(family, best, middle) + x * divergence(family, arm, middle)


@compiled
def share_for(family, best, arm, level):
    """x > 0 with g(x) = level, for 0 < level < d(best, arm).

    g is increasing and concave with g'(x) = d(arm, m): Newton's iteration from a point left of the root stays left of
    it and increases. Infinity for a level so close to the supremum that m and the arm's mean cannot be told apart.
    """
    x = 1.0
    while pair_cost(family, best, arm, x) > level:
        x *= 0.125  # g'(0) may be infinite: a first point left of the root, not 0
    for _ in range(100):
        middle = (best + x * arm) / (1.0 + x)
        slope = divergence(family, arm, middle)
        if not slope > 0.0:
            return np.inf
        step = (level - divergence(family, best, middle) - x * slope) / slope
        x += max(step, 0.0)
        if step <= 1e-13 * (1.0 + x):
            break
    return x


@compiled
def excess(family, means, best, level, out):
    """F(level) = sum_a d(best, m_a) / d(a, m_a), m_a at g_a(x_a) = level; leaves the x_a in ``out``."""
    total = 0.0
    for arm in range(means.shape[0]):
        if arm != best:
            out[arm] = share_for(family, means[best], means[arm], level)
            if out[arm] == np.inf:
                return np.inf
            middle = (means[best] + out[arm] * means[arm]) / (1.0 + out[arm])
            total += divergence(family, means[best], middle) / divergence(family, means[arm], middle)
    return total


@compiled
def optimal_proportions(family, means, out):
    """w* of ``means``, (K,), into ``out``; uniform weights if the best mean is not unique. Returns 1/T*, or 0.

    y* solves F(y) = 1 on [0, min_a d(mu_1, mu_a)); F increases from 0 to infinity, so bisection it is.
    """
    n_arms = means.shape[0]
    best = 0
    for arm in range(1, n_arms):
        if means[arm] > means[best]:
            best = arm
    ceiling = np.inf
    for arm in range(n_arms):
        if arm != best:
            ceiling = min(ceiling, divergence(family, means[best], means[arm]))
    if ceiling <= 0.0:
        for arm in range(n_arms):
            out[arm] = 1.0 / n_arms
        return 0.0
    # d(1, 0) is infinite; for these two means F = 1 at m = 1/2, where g = 2 log 2, and further arms lower the root.
    if ceiling == np.inf:
        ceiling = 2.0 * math.log(2.0)
    low = 0.0
    high = 1.0  # of the ceiling
    for _ in range(60):
        middle = 0.5 * (low + high)
        if excess(family, means, best, middle * ceiling, out) < 1.0:
            low = middle
        else:
            high = middle
        if high - low <= 1e-14:
            break
    level = 0.5 * (low + high)
    excess(family, means, best, level * ceiling, out)
    total = 1.0
    for arm in range(n_arms):
        if arm != best:
            total += out[arm]
    for arm in range(n_arms):
        out[arm] = (1.0 if arm == best else out[arm]) / total
    return level * ceiling / total


@compiled
def evidence(family, means, pulls, best):
    """Z = min_{b != best} N_best d(mu_best, m_b) + N_b d(mu_b, m_b), m_b the mean of the two arms' samples together."""
    smallest = np.inf
    for arm in range(means.shape[0]):
        if arm != best:
            joint = (pulls[best] * means[best] + pulls[arm] * means[arm]) / (pulls[best] + pulls[arm])
            here = pulls[best] * divergence(family, means[best], joint) + pulls[arm] * divergence(
                family, means[arm], joint
            )
            smallest = min(smallest, here)
    return smallest
