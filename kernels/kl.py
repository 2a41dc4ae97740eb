"""Bernoulli Kullback-Leibler divergence and its upper confidence bound, compiled.

The bound is returned as u = -log(1 - q), an increasing function of q that keeps its digits where q itself would be
rounded to 1.
"""

from __future__ import annotations

import math

import numpy as np

from kernels.jit import compiled


@compiled
def bernoulli_kl(p, q):
    """d(p, q) = p log(p/q) + (1-p) log((1-p)/(1-q)) in nats, p, q in [0, 1]; inf where q excludes what p allows."""
    value = 0.0
    if p > 0.0:
        value += p * math.log(p / q) if q > 0.0 else np.inf
    if p < 1.0:
        value += (1.0 - p) * math.log((1.0 - p) / (1.0 - q)) if q < 1.0 else np.inf
    return max(value, 0.0)


@compiled
def kl_upper(mean, level):
    """u = -log(1 - q) of the largest q in [mean, 1] with d(mean, q) <= level, for mean in [0, 1], level >= 0.

    In u the divergence F(u) = (1-m) u - m log(1 - e^-u) - H(m) is increasing and convex right of -log(1 - m), H the
    entropy of m: Halley's iteration (Newton's with the second derivative, which costs nothing more here) converges
    cubically to its root. The result depends on (mean, level) alone, never on where an earlier search ended.
    """
    if mean >= 1.0:
        return np.inf
    if mean <= 0.0:
        return level  # d(0, q) = -log(1 - q)
    rest = 1.0 - mean
    least = -math.log(rest)
    target = level + rest * least - mean * math.log(mean)
    # Near m: d = x^2/(2v) - (1-2m) x^3/(3v^2) + ..., v = m(1-m), inverted to second order.
    variance = mean * rest
    step = math.sqrt(2.0 * variance * level) + (2.0 / 3.0) * (1.0 - 2.0 * mean) * level
    if 9.0 * 2.0 * level <= variance:
        u = -math.log(rest - step)
    else:
        # Four lower bounds of d, each inverted: (1-m) u - H(m); Pinsker's 2 (q-m)^2; (q-m)^2 / (2 q);
        # (q-m)^2 / (2 (1-m)) (the variance x(1-x) of a Bernoulli law is at most x, and at most 1-m for x in [m, q]).
        u = target / rest
        root = math.sqrt(level * (level + 2.0 * mean))
        step = min(math.sqrt(0.5 * level), level + root, math.sqrt(2.0 * rest * level))
        if step < rest:
            u = min(u, -math.log(rest - step))
    for _ in range(64):
        e = math.exp(-u)
        q = 1.0 - e
        slope = (q - mean) / q  # F'(u)
        if slope <= 0.0:
            return least
        newton = (rest * u - mean * math.log1p(-e) - target) / slope
        # F''(u) = m e^-u / q^2. The error after this step is of the order of newton^3 / (u - least)^2.
        u -= newton / (1.0 - 0.5 * newton * mean * e / (q * q * slope))
        if abs(newton) <= 1e-6 * (u - least):
            return u
    return u


@compiled
def kl_upper_slope(mean, u):
    """d u / d level at u = kl_upper(mean, level): 1 / F'(u) = q / (q - m), with q = 1 - e^-u."""
    q = -math.expm1(-u)
    return q / (q - mean) if q > mean else np.inf
