"""FTRL with any mixture of the classical regularisers, compiled: entropy, alpha-Tsallis entropy and log-barrier.

    psi(w) = sum_i f(w_i),  f(w) = s w log w - tau (w^a - a w)/(a (1-a)) - b log w,  s, tau, b >= 0 not all zero

has the leader w_i = (f')^{-1}(x - eta L_i) with x such that the w_i sum to one (Lattimore and Szepesvari 2020, Section
28.1). Both equations are solved by Newton's method from the side on which it cannot overshoot:

- in v = log w the slope f'(e^v) is concave and increasing, and each term alone gives a v that is too small (the other
  terms are not positive for w <= 1, but for s): from the largest of these the iterates climb to the solution;
- hence w_i is convex and increasing in x: from the right Newton's method descends to the solution.

The slow reference is :class:`theory.regularisers.Mixture`. Arrays have shape (K,).
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from kernels.jit import compiled
from kernels.reductions import least
from theory.errors import InvalidInput

#: Newton steps after which a solve stops whatever happens.
MOST_STEPS = 200


class Mixture(NamedTuple):
    """Coefficients of psi: ``shannon`` s, ``tsallis`` tau with exponent ``alpha`` a in (0, 1), ``barrier`` b."""

    shannon: float = 0.0
    tsallis: float = 0.0
    alpha: float = 0.5
    barrier: float = 0.0


ENTROPY = Mixture(shannon=1.0)
TSALLIS = Mixture(tsallis=1.0)
BARRIER = Mixture(barrier=1.0)


def require_mixture(name: str, mixture: Mixture) -> None:
    """Refuse coefficients that make no regulariser.

    Raises:
        InvalidInput: unless s, tau, b are finite, >= 0 and not all zero, and alpha lies in (0, 1).
    """
    for part in ("shannon", "tsallis", "barrier"):
        value = getattr(mixture, part)
        if not 0.0 <= value < math.inf:
            raise InvalidInput(f"coefficient {part} of {name} is {value}; expected a finite number >= 0")
    if mixture.shannon + mixture.tsallis + mixture.barrier == 0.0:
        raise InvalidInput(f"all coefficients of {name} are 0; expected at least one positive")
    if not 0.0 < mixture.alpha < 1.0:
        raise InvalidInput(f"alpha of {name} is {mixture.alpha}; expected a number in (0, 1)")


# --- one coordinate ----------------------------------------------------------------------------------------------


@compiled
def value(mix, w):
    """f(w)."""
    total = 0.0
    if mix.shannon > 0.0 and w > 0.0:
        total += mix.shannon * w * math.log(w)
    if mix.tsallis > 0.0:
        total -= mix.tsallis * (w**mix.alpha - mix.alpha * w) / (mix.alpha * (1.0 - mix.alpha))
    if mix.barrier > 0.0:
        total -= mix.barrier * math.log(w)
    return total


@compiled
def slope_at_log(mix, v):
    """f'(w) at w = e^v."""
    slope = 0.0
    if mix.shannon > 0.0:
        slope += mix.shannon * (v + 1.0)
    if mix.tsallis > 0.0:
        slope -= mix.tsallis * math.expm1((mix.alpha - 1.0) * v) / (1.0 - mix.alpha)
    if mix.barrier > 0.0:
        slope -= mix.barrier * math.exp(-v)
    return slope


@compiled
def slope(mix, w):
    """f'(w)."""
    return slope_at_log(mix, math.log(w))


@compiled
def growth_at_log(mix, v):
    """w f''(w) = s + tau w^(a-1) + b/w at w = e^v: the derivative of the slope in v."""
    growth = mix.shannon
    if mix.tsallis > 0.0:
        growth += mix.tsallis * math.exp((mix.alpha - 1.0) * v)
    if mix.barrier > 0.0:
        growth += mix.barrier * math.exp(-v)
    return growth


@compiled
def inverse_curvature(mix, w):
    """1 / f''(w), for w > 0."""
    return w / growth_at_log(mix, math.log(w))


@compiled
def divergence(mix, v, w):
    """D(v, w) = f(v) - f(w) - f'(w) (v - w) >= 0, v >= 0, w > 0."""
    total = 0.0
    ratio = v / w
    if mix.shannon > 0.0:
        total += mix.shannon * (v * math.log(ratio) - v + w if v > 0.0 else w)
    if mix.tsallis > 0.0:
        a = mix.alpha
        powers = (ratio - 1.0) / (1.0 - a) - (ratio**a - 1.0) / (a * (1.0 - a))
        total += mix.tsallis * w**a * powers
    if mix.barrier > 0.0:
        total += mix.barrier * (ratio - 1.0 - math.log(ratio))
    return total


@compiled
def inverse_slope(mix, target):
    """log w with f'(w) = target, for target <= f'(1)."""
    low = -np.inf
    room = mix.shannon - target  # >= 0: the entropy's slope at one is s, every other slope at most zero there
    if mix.shannon > 0.0:
        low = target / mix.shannon - 1.0
    if mix.tsallis > 0.0:
        low = max(low, -math.log1p(room * (1.0 - mix.alpha) / mix.tsallis) / (1.0 - mix.alpha))
    if mix.barrier > 0.0:
        low = max(low, math.log(mix.barrier / max(room, mix.barrier)))
    if low == -np.inf:
        return low  # an infinite loss
    v = low
    for _ in range(MOST_STEPS):
        move = (target - slope_at_log(mix, v)) / growth_at_log(mix, v)
        v += move
        if not move > 4e-16 * (1.0 + abs(v)):
            break
    return min(v, 0.0)


@compiled
def coordinate_stability(mix, w, estimate, rate):
    """max_{v > 0} (w - v) l - D(v, w)/eta of one arm with l >= 0, at f'(v) = f'(w) - eta l.

    Lattimore and Szepesvari 2020, Theorem 28.4: the arms' sum bounds stab_t.
    """
    if estimate == 0.0:
        return 0.0
    v = math.exp(inverse_slope(mix, slope(mix, w) - rate * estimate))
    return (w - v) * estimate - divergence(mix, v, w) / rate


# --- weights and potential ---------------------------------------------------------------------------------------


@compiled
def mixture_weights(mix, total, rate, start, weights):
    """The leader of the cumulative losses ``total`` into ``weights``, from x = ``start``; returns x + eta min L.

    The multiplier of the losses less their minimum lies in [f'(1/K), f'(1)].
    """
    n_arms = total.shape[0]
    lowest = least(total)
    left = slope(mix, 1.0 / n_arms)
    right = slope(mix, 1.0)
    x = min(max(start, left), right)
    for step in range(MOST_STEPS):
        norm = 0.0
        derivative = 0.0
        for i in range(n_arms):
            v = inverse_slope(mix, x - rate * (total[i] - lowest))
            weights[i] = math.exp(v)
            norm += weights[i]
            if weights[i] > 0.0:
                derivative += weights[i] / growth_at_log(mix, v)
        excess = norm - 1.0
        move = excess / derivative
        # Right of the solution the descent ends when rounding lets it fall no further.
        if abs(move) <= 4e-16 * (1.0 + abs(x)) or (step > 0 and excess <= 0.0):
            break
        x = min(max(x - move, left), right)
    return x


@compiled
def mixture_potential(mix, total, rate, weights):
    """Phi(-L) + min L = -<w, L - min L> - psi(w)/eta at the leader w."""
    lowest = least(total)
    found = 0.0
    for i in range(total.shape[0]):
        found -= weights[i] * (total[i] - lowest) + value(mix, weights[i]) / rate
    return found
