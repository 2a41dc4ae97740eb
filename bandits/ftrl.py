"""Follow the regularised leader on the simplex, compiled: weights, potentials and loss estimates.

For cumulative loss estimates L and a rate eta the weights are

    w = argmin_{w in simplex} <w, L> + psi(w)/eta,    Phi(-L) = max_w <w, -L> - psi(w)/eta

(Lattimore and Szepesvari 2020, chapter 28; Zimmert and Seldin 2021, Section 3). The slow reference of everything
here is :mod:`theory.regularisers`. Arrays have shape (K,).

Shannon's entropy psi = sum w log w has w_i proportional to exp(-eta L_i). For the other two, with c_i >= 0 the
losses above the least, scaled,

    1/2-Tsallis, psi = -4 sum (sqrt w - w/2):  w_i = (y + c_i)^-2,  c_i = (eta/2)(L_i - min L),  1 <= y <= sqrt K,
    log-barrier, psi = -sum log w:             w_i = (y + c_i)^-1,  c_i = eta (L_i - min L),     1 <= y <= K,

and y makes the sum one. That sum is convex and decreasing in y: a Newton step from anywhere ends left of the
solution (or, kept at y >= 1, at the left end), and from there Newton's method climbs without overshooting. So any
warm start is safe; the one of the round before needs two or three steps.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from kernels.jit import compiled, embedded
from kernels.random import choose, random
from kernels.reductions import least

Float = npt.NDArray[np.float64]

#: Newton steps after which a solve stops whatever happens (from the cold start y = 1 it needs about ten).
MOST_STEPS = 100

# --- loss estimates ----------------------------------------------------------------------------------------------


@compiled
def importance_weighted(loss, probability):
    """l / p for the arm played, 0 for the others (IW): unbiased."""
    return loss / probability


@compiled
def implicitly_explored(loss, probability, exploration):
    """l / (p + gamma) for the arm played, 0 for the others (IX; Kocak et al. 2014, Neu 2015): biased downwards."""
    return loss / (probability + exploration)


@compiled
def baseline(probability, rate):
    """B = 1/2 for an arm with p >= eta^2, else 0 (RV; Zimmert and Seldin 2021, eq. (5))."""
    return 0.5 if probability >= rate * rate else 0.0


@compiled
def reduced_variance(loss, probability, rate):
    """(l - B)/p + B for the arm played; the estimate of every other arm is its own B."""
    b = baseline(probability, rate)
    return (loss - b) / probability + b


# --- exponential weights -----------------------------------------------------------------------------------------

RATE, LEAST, SUM, REFRESH, LEFT = range(5)
#: A running sum of weights is added up anew after so many changes, and whenever it has halved.
CHANGES = 512


class ExponentialWeights(NamedTuple):
    """Weights w_i = exp(-eta (L_i - least)) with a running sum.

    Attributes:
        total: L, cumulative loss estimates. weights: w. probabilities: w / sum w as last played. All (K,).
        scalars: rate eta, least (some earlier min L), running sum of w, sum below which and number of changes after
            which everything is computed anew.
    """

    total: Float
    weights: Float
    probabilities: Float
    scalars: Float


def allocate_exponential(n_arms: int) -> ExponentialWeights:
    """Weights of ``n_arms`` arms, to be reset before use."""
    total, weights, probabilities = np.zeros((3, n_arms))
    return ExponentialWeights(total, weights, probabilities, np.zeros(5))


@compiled
def reset_exponential(state, rate):
    """No loss yet."""
    for i in range(state.total.shape[0]):
        state.total[i] = 0.0
    refresh_exponential(state, rate)


@compiled
def refresh_exponential(state, rate):
    """All weights anew from the losses, relative to the least loss: no exponential overflows, the largest is one."""
    n_arms = state.total.shape[0]
    lowest = least(state.total)
    weight = 0.0
    for i in range(n_arms):
        state.weights[i] = math.exp(-rate * (state.total[i] - lowest))
        weight += state.weights[i]
    state.scalars[RATE] = rate
    state.scalars[LEAST] = lowest
    state.scalars[SUM] = weight
    # Losses are never negative, so that weights and their sum only fall. Until the sum has halved, the rounding
    # errors of at most CHANGES updates stay below CHANGES 2^-51 of it.
    state.scalars[REFRESH] = 0.5 * weight
    state.scalars[LEFT] = CHANGES


@embedded
def draw_exponential(state, rng):
    """An arm from w / sum w, which is left in ``probabilities``."""
    weight = state.scalars[SUM]
    inverse = 1.0 / weight
    for i in range(state.weights.shape[0]):
        state.probabilities[i] = state.weights[i] * inverse
    return choose(state.weights, weight, random(rng))


@embedded
def add_exponential(state, arm, estimate):
    """L_arm += estimate >= 0: only that arm's weight changes."""
    if estimate == 0.0:
        return
    s = state.scalars
    state.total[arm] += estimate
    weight = math.exp(-s[RATE] * (state.total[arm] - s[LEAST]))
    s[SUM] += weight - state.weights[arm]
    s[LEFT] -= 1.0
    state.weights[arm] = weight
    if s[SUM] < s[REFRESH] or s[LEFT] <= 0.0:
        refresh_exponential(state, s[RATE])


# --- the state of an algorithm that solves for its weights ----------------------------------------------------------


class LeaderWeights(NamedTuple):
    """Cumulative loss estimates L and weights w, (K,), and the solution y of the round before, one entry."""

    total: Float
    probabilities: Float
    start: Float


def allocate_leader(n_arms: int) -> LeaderWeights:
    """Arrays of ``n_arms`` arms, to be reset before use."""
    total, probabilities = np.zeros((2, n_arms))
    return LeaderWeights(total, probabilities, np.ones(1))


@compiled
def reset_leader(state):
    """No loss yet."""
    for i in range(state.total.shape[0]):
        state.total[i] = 0.0
    state.start[0] = 1.0


@compiled
def draw_leader(state, rng):
    """An arm from the weights, which sum to one up to rounding."""
    return choose(state.probabilities, 1.0, random(rng))


# --- weights -----------------------------------------------------------------------------------------------------


@compiled
def shannon_weights(total, rate, start, weights):
    """w_i proportional to exp(-eta L_i) into ``weights``; returns ``start``."""
    lowest = least(total)
    norm = 0.0
    for i in range(total.shape[0]):
        weights[i] = math.exp(-rate * (total[i] - lowest))
        norm += weights[i]
    for i in range(total.shape[0]):
        weights[i] /= norm
    return start


@compiled
def tsallis_weights(total, rate, start, weights):
    """The 1/2-Tsallis weights into ``weights``, Newton's method from y = ``start``; returns y.

    In the notation of Zimmert and Seldin 2021, eq. (4): w_i = 4 / (eta (L_i - x))^2 with x = min L - 2 y / eta.
    """
    n_arms = total.shape[0]
    lowest = least(total)
    half = 0.5 * rate
    y = max(start, 1.0)
    for step in range(MOST_STEPS):
        squares = 0.0
        cubes = 0.0
        for i in range(n_arms):
            root = 1.0 / (y + half * (total[i] - lowest))
            weight = root * root
            weights[i] = weight
            squares += weight
            cubes += weight * root
        excess = squares - 1.0
        # Left of the solution the climb ends when rounding lets it rise no further.
        move = excess / (2.0 * cubes)
        if abs(move) <= 4e-16 * y or (step > 0 and excess <= 0.0):
            break
        y = max(y + move, 1.0)
    return y


@compiled
def barrier_weights(total, rate, start, weights):
    """The log-barrier weights into ``weights``, Newton's method from y = ``start``; returns y."""
    n_arms = total.shape[0]
    lowest = least(total)
    y = max(start, 1.0)
    for step in range(MOST_STEPS):
        norm = 0.0
        squares = 0.0
        for i in range(n_arms):
            weight = 1.0 / (y + rate * (total[i] - lowest))
            weights[i] = weight
            norm += weight
            squares += weight * weight
        excess = norm - 1.0
        move = excess / squares
        if abs(move) <= 4e-16 * y or (step > 0 and excess <= 0.0):
            break
        y = max(y + move, 1.0)
    return y


# --- potentials, relative to the least loss: Phi(-L) + min L -----------------------------------------------------


@compiled
def shannon_potential(total, rate, y, weights):
    """(1/eta) log sum exp(-eta (L_i - min L)): the largest weight is 1 / that sum."""
    largest = weights[0]
    for i in range(1, weights.shape[0]):
        largest = max(largest, weights[i])
    return -math.log(largest) / rate


@compiled
def tsallis_potential(total, rate, y, weights):
    """2 (y - 1 + sum sqrt w) / eta, from <w, L - min L> = sum 2 (sqrt w - y w) / eta."""
    roots = 0.0
    for i in range(weights.shape[0]):
        roots += math.sqrt(weights[i])
    return 2.0 * (y - 1.0 + roots) / rate


@compiled
def barrier_potential(total, rate, y, weights):
    """(y - K + sum log w) / eta, from <w, L - min L> = (K - y) / eta."""
    n_arms = weights.shape[0]
    logs = 0.0
    for i in range(n_arms):
        logs += math.log(weights[i])
    return (y - n_arms + logs) / rate


# --- Bregman divergences D(v, w) of psi, summed over the arms where v differs from w ------------------------------


@compiled
def shannon_divergence(v, w):
    """v log(v/w) - v + w."""
    return v * math.log(v / w) - v + w if v > 0.0 else w


@compiled
def tsallis_divergence(v, w):
    """2 (sqrt v - sqrt w)^2 / sqrt w."""
    root = math.sqrt(w)
    away = math.sqrt(v) - root
    return 2.0 * away * away / root


@compiled
def barrier_divergence(v, w):
    """v/w - 1 - log(v/w)."""
    ratio = v / w
    return ratio - 1.0 - math.log(ratio)


# --- gradients of psi --------------------------------------------------------------------------------------------


@compiled
def shannon_gradient(w):
    """log w (up to a constant)."""
    return math.log(w)


@compiled
def tsallis_gradient(w):
    """-2 / sqrt w (up to a constant)."""
    return -2.0 / math.sqrt(w)


@compiled
def barrier_gradient(w):
    """-1 / w."""
    return -1.0 / w


# --- coordinatewise stability: max_v (w - v) l - D(v, w)/eta for one arm ------------------------------------------


@compiled
def shannon_stability(w, estimate, rate):
    """w (l - (1 - exp(-eta l))/eta), at most (eta/2) w l^2 for l >= 0."""
    return w * (estimate + math.expm1(-rate * estimate) / rate)


@compiled
def tsallis_stability(w, estimate, rate):
    """(eta/2) w^{3/2} l^2 / (1 + z), z = (eta/2) sqrt w l > -1; infinite for smaller z."""
    root = math.sqrt(w)
    z = 0.5 * rate * root * estimate
    return 0.5 * rate * w * root * estimate * estimate / (1.0 + z) if z > -1.0 else np.inf


@compiled
def barrier_stability(w, estimate, rate):
    """(z - log(1 + z))/eta, z = eta w l > -1, at most (eta/2) w^2 l^2 for l >= 0; infinite for smaller z."""
    z = rate * w * estimate
    return (z - math.log1p(z)) / rate if z > -1.0 else np.inf
