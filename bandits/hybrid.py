"""FTRL with 1/2-Tsallis entropy plus the entropy of the complements (Zimmert, Luo and Wei 2019), compiled.

    psi(w) = -4 sum (sqrt w - w/2) + gamma sum (1 - w) log(1 - w),  gamma = 2

The leader solves g(w_i) = x - eta L_i, g(w) = -2/sqrt w - gamma log(1 - w) (psi' up to a constant), sum w_i = 1. In
y = log(w/(1 - w)) both w and 1 - w keep their relative precision; both equations are solved by Newton's method kept in
a bracket. Arrays have shape (K,).
"""

from __future__ import annotations

import math

from kernels.jit import compiled
from kernels.reductions import least

#: gamma, the weight of the complements.
COMPLEMENT = 2.0

#: Newton steps or bisections after which a solve stops whatever happens.
MOST_STEPS = 200


@compiled
def share(y):
    """w = 1/(1 + exp(-y))."""
    return 1.0 / (1.0 + math.exp(-y))


@compiled
def slope_at(y):
    """g at w = share(y), 1 - w = share(-y)."""
    return -2.0 / math.sqrt(share(y)) - COMPLEMENT * math.log(share(-y))


@compiled
def growth_at(y):
    """dg/dy = g'(w) w (1 - w) = (1 - w)/sqrt w + gamma w."""
    w = share(y)
    return share(-y) / math.sqrt(w) + COMPLEMENT * w


@compiled
def inverse_slope(target):
    """y with g(share(y)) = target, any real target.

    Bracket: g <= target at w = 4/(max(-target, 4) + gamma)^2, where -log(1 - w) <= 1; g >= target at w = 4/target^2
    for a target < -4, else at 1 - w = exp(-(max(target, 0) + 4)/gamma), where w >= 1/4.
    """
    below = 4.0 / (max(-target, 4.0) + COMPLEMENT) ** 2
    low = math.log(below) - math.log1p(-below)
    if target < -4.0:
        above = 4.0 / (target * target)
        high = math.log(above) - math.log1p(-above)
    else:
        rest = (max(target, 0.0) + 4.0) / COMPLEMENT
        high = rest + math.log(-math.expm1(-rest))
    y = 0.5 * (low + high)
    for _ in range(MOST_STEPS):
        excess = slope_at(y) - target
        if excess > 0.0:
            high = y
        else:
            low = y
        guess = y - excess / growth_at(y)
        if not low <= guess <= high:
            guess = 0.5 * (low + high)
        done = abs(guess - y) <= 4e-16 * (1.0 + abs(y))
        y = guess
        if done:
            break
    return y


@compiled
def hybrid_weights(total, rate, start, weights):
    """The leader into ``weights``, Newton's method from x = ``start``; returns x (losses less their minimum)."""
    n_arms = total.shape[0]
    if n_arms == 1:
        weights[0] = 1.0
        return start
    lowest = least(total)
    leader = 0
    for i in range(n_arms):
        if total[i] < total[leader]:
            leader = i
    uniform = 1.0 / n_arms
    low = -2.0 / math.sqrt(uniform) - COMPLEMENT * math.log1p(-uniform)  # all weights at most 1/K
    high = math.inf
    x = max(start, low)
    for _ in range(MOST_STEPS):
        # sum of the weights less one, without the cancellation of 1 - w for the leader's w near one.
        excess = 0.0
        derivative = 0.0
        for i in range(n_arms):
            y = inverse_slope(x - rate * (total[i] - lowest))
            weights[i] = share(y)
            excess += -share(-y) if i == leader else weights[i]
            derivative += weights[i] * share(-y) / growth_at(y)
        if excess > 0.0:
            high = x
        else:
            low = x
        guess = x - excess / derivative
        if not low <= guess <= high:
            guess = 0.5 * (low + high) if high < math.inf else 2.0 * abs(x) + 1.0
        done = abs(guess - x) <= 4e-16 * (1.0 + abs(x))
        x = guess
        if done:
            break
    return x


@compiled
def hybrid_potential(total, rate, x, weights):
    """Phi(-L) + min L = -<w, L - min L> - psi(w)/eta at the leader."""
    lowest = least(total)
    found = 0.0
    for i in range(total.shape[0]):
        w = weights[i]
        value = -4.0 * math.sqrt(w) + 2.0 * w
        if w < 1.0:
            value += COMPLEMENT * (1.0 - w) * math.log1p(-w)
        found -= w * (total[i] - lowest) + value / rate
    return found


@compiled
def hybrid_divergence(v, w):
    """2 (sqrt v - sqrt w)^2/sqrt w + gamma [(1 - v) log((1 - v)/(1 - w)) + v - w]."""
    root = math.sqrt(w)
    away = math.sqrt(v) - root
    found = 2.0 * away * away / root + COMPLEMENT * (v - w)
    if v < 1.0:
        found += COMPLEMENT * (1.0 - v) * (math.log1p(-v) - math.log1p(-w))
    return found


@compiled
def hybrid_gradient(w):
    """g(w)."""
    return -2.0 / math.sqrt(w) - COMPLEMENT * math.log1p(-w)


@compiled
def hybrid_stability(w, estimate, rate):
    """max_v (w - v) l - D(v, w)/eta of one arm with l >= 0, at g(v) = g(w) - eta l."""
    if estimate == 0.0:
        return 0.0
    v = share(inverse_slope(hybrid_gradient(w) - rate * estimate))
    return (w - v) * estimate - hybrid_divergence(v, w) / rate
