"""Upper tails and quantiles of Beta laws, compiled, in logarithms.

With Y = 1 - X ~ Beta(b, a) the upper tail of X ~ Beta(a, b) at x is I_y(b, a), y = 1 - x, the regularised incomplete
beta function. Points are given as u = -log(1 - x) = -log y, which keeps its digits where x would be rounded to 1
(as in :mod:`kernels.kl`).
"""

from __future__ import annotations

import math

from kernels.jit import compiled
from kernels.kl import kl_upper

#: Terms of the continued fraction, and Newton steps, at most; neither is reached for a + b below 1e9.
_MOST_TERMS, _MOST_STEPS = 100_000, 100
#: What keeps the denominators of Lentz's method from zero.
_TINY = 1e-300


@compiled
def log_beta(a, b):
    """log B(a, b), a, b > 0."""
    return math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b)


@compiled
def beta_fraction(a, b, x):
    """The continued fraction F with I_x(a, b) = x^a (1-x)^b F / (a B(a, b)), for x < (a + 1) / (a + b + 2).

    Evaluated from the front by Lentz's method as modified by Thompson and Barnett (1986); there it converges in
    O(sqrt(max(a, b))) terms. (Abramowitz and Stegun, 26.5.8.)
    """
    c = 1.0
    d = 1.0 - (a + b) * x / (a + 1.0)
    d = 1.0 / (d if abs(d) > _TINY else _TINY)
    value = d
    for m in range(1, _MOST_TERMS):
        even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m))
        d = 1.0 + even * d
        d = 1.0 / (d if abs(d) > _TINY else _TINY)
        c = 1.0 + even / c
        c = c if abs(c) > _TINY else _TINY
        value *= c * d
        odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0))
        d = 1.0 + odd * d
        d = 1.0 / (d if abs(d) > _TINY else _TINY)
        c = 1.0 + odd / c
        c = c if abs(c) > _TINY else _TINY
        value *= c * d
        if abs(c * d - 1.0) <= 3e-16:
            break
    return value


@compiled
def log_upper_tail(a, b, u):
    """log P(X > 1 - exp(-u)) for X ~ Beta(a, b), a, b > 0, u >= 0."""
    if u <= 0.0:
        return 0.0
    y = math.exp(-u)
    x = -math.expm1(-u)
    front = a * math.log(x) - b * u - log_beta(a, b)
    if y < (b + 1.0) / (a + b + 2.0):
        return front + math.log(beta_fraction(b, a, y) / b)
    return math.log1p(-math.exp(front) * beta_fraction(a, b, x) / a)


@compiled
def beta_upper_quantile(a, b, log_p):
    """u = -log(1 - q) of the q with log P(X > q) = log_p for X ~ Beta(a, b), a, b >= 1, log_p < 0.

    In v = -u the function log I_{e^v}(b, a) is increasing and concave (its density e^{b v} (1 - e^v)^(a-1) is
    log-concave), so that Newton's iteration from the left of the root climbs to it without ever passing it. It starts
    at Chernoff's bound: P(X > q) = P(Bin(n, q) <= a - 1) <= exp(-n d((a-1)/n, q)), n = a + b - 1, for q >= (a-1)/n.
    The result depends on (a, b, log_p) alone, so that equal posteriors tie.
    """
    n = a + b - 1.0
    u = kl_upper((a - 1.0) / n, -log_p / n)
    constant = log_beta(a, b) + math.log(b)
    for _ in range(_MOST_STEPS):
        y = math.exp(-u)
        if y >= (b + 1.0) / (a + b + 2.0):
            break  # not in the upper tail, where the fraction converges: only for log_p near 0
        x = -math.expm1(-u)
        fraction = beta_fraction(b, a, y)
        step = (log_p - (a * math.log(x) - b * u - constant + math.log(fraction))) * x * fraction / b
        u -= step
        if abs(step) <= 1e-14 * (1.0 + u):
            return u
    # Bisection, between 0 and where the iteration ended.
    low, high = 0.0, u
    while log_upper_tail(a, b, high) > log_p:
        high = 2.0 * high + 1.0
    while True:
        middle = 0.5 * (low + high)
        if middle <= low or middle >= high:
            return high
        if log_upper_tail(a, b, middle) > log_p:
            low = middle
        else:
            high = middle
