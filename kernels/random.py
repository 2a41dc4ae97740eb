"""Counter-based random numbers: the n-th draw of a stream is a pure function of (key, n).

A stream is a pair of 64-bit words (key, gamma), gamma odd, derived from (seed, purpose, replication, index) by
mixing. Its n-th word is mix(key + n * gamma): SplitMix64 (Steele, Lea, Flood 2014) with a gamma of its own per
stream, so that two streams never run through the same sequence. So the *stacks* of common random numbers (the n-th
reward of arm a in replication r) cost no memory, and results do not depend on workers, chunks or restarts.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from numba import njit

from kernels.jit import OPTIONS, compiled

#: Always inlined into its callers, yet callable from Python: a draw costs less than handing over its arguments.
_inlined = njit(**{**OPTIONS, "forceinline": True})

_FIRST = np.uint64(0xBF58476D1CE4E5B9)
_SECOND = np.uint64(0x94D049BB133111EB)
_GAMMA_FIRST = np.uint64(0xFF51AFD7ED558CCD)
_GAMMA_SECOND = np.uint64(0xC4CEB9FE1A85EC53)
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_ONE, _TWO = np.uint64(1), np.uint64(2)
_S27, _S30, _S31, _S33, _S11 = (np.uint64(k) for k in (27, 30, 31, 33, 11))

#: What a stream is for; the second word of its address.
REWARD, POLICY, ENVIRONMENT, TRANSITION, CONTEXT = 1, 2, 3, 4, 5


@compiled
def mix(word):
    """The 64-bit finaliser of SplitMix64 (variant 13 of Stafford): a bijection of uint64."""
    word = (word ^ (word >> _S30)) * _FIRST
    word = (word ^ (word >> _S27)) * _SECOND
    return word ^ (word >> _S31)


@compiled
def stream_key(seed, purpose, replication, index):
    """The key of the stream at (seed, purpose, replication, index), all integers >= 0."""
    word = mix(np.uint64(seed) + _GOLDEN)
    word = mix(word ^ (np.uint64(purpose) + _GOLDEN))
    word = mix(word + np.uint64(replication) * _GOLDEN + _ONE)
    return mix(word + np.uint64(index) * _GOLDEN + _ONE)


@compiled
def stream_gamma(key):
    """The odd increment of a stream, a second mix of its key (the finaliser of MurmurHash3)."""
    word = (key ^ (key >> _S33)) * _GAMMA_FIRST
    word = (word ^ (word >> _S33)) * _GAMMA_SECOND
    return (word ^ (word >> _S33)) | _ONE


@compiled
def word_at(key, gamma, n):
    """The n-th word of a stream; as a key it gives the n-th draw a stream of its own."""
    return mix(key + np.uint64(n) * gamma)


@compiled
def uniform(key, gamma, n):
    """The n-th uniform of a stream, a multiple of 2^-53 in [0, 1)."""
    return np.float64(word_at(key, gamma, n) >> _S11) * 1.1102230246251565e-16


@compiled
def start(rng, seed, purpose, replication, index):
    """Point ``rng`` (uint64[3]: key, gamma, counter) at the beginning of a stream."""
    rng[0] = stream_key(seed, purpose, replication, index)
    rng[1] = stream_gamma(rng[0])
    rng[2] = np.uint64(0)


@compiled
def random(rng):
    """The next uniform in [0, 1) of a sequential stream; advances its counter."""
    n = rng[2]
    rng[2] = n + _ONE
    return np.float64(mix(rng[0] + n * rng[1]) >> _S11) * 1.1102230246251565e-16


@compiled
def standard_normal(u):
    """The standard normal quantile of u in [0, 1) (Wichura 1988, AS 241, relative error 1e-16).

    One uniform gives one normal, so that the n-th draw of a stream stays the n-th draw. u = 0 is read as 2^-54.
    """
    if u <= 0.0:
        u = 5.551115123125783e-17
    q = u - 0.5
    if abs(q) <= 0.425:
        r = 0.180625 - q * q
        return (
            q
            * (
                (
                    (
                        (
                            (
                                ((2509.0809287301226727 * r + 33430.575583588128105) * r + 67265.770927008700853) * r
                                + 45921.953931549871457
                            )
                            * r
                            + 13731.693765509461125
                        )
                        * r
                        + 1971.5909503065514427
                    )
                    * r
                    + 133.14166789178437745
                )
                * r
                + 3.387132872796366608
            )
            / (
                (
                    (
                        (
                            (
                                ((5226.495278852854561 * r + 28729.085735721942674) * r + 39307.89580009271061) * r
                                + 21213.794301586595867
                            )
                            * r
                            + 5394.1960214247511077
                        )
                        * r
                        + 687.1870074920579083
                    )
                    * r
                    + 42.313330701600911252
                )
                * r
                + 1.0
            )
        )
    r = math.sqrt(-math.log(u if q < 0.0 else 1.0 - u))
    if r <= 5.0:
        r -= 1.6
        value = (
            (
                (
                    (
                        (
                            ((7.7454501427834140764e-4 * r + 0.0227238449892691845833) * r + 0.24178072517745061177) * r
                            + 1.27045825245236838258
                        )
                        * r
                        + 3.64784832476320460504
                    )
                    * r
                    + 5.7694972214606914055
                )
                * r
                + 4.6303378461565452959
            )
            * r
            + 1.42343711074968357734
        ) / (
            (
                (
                    (
                        (
                            ((1.05075007164441684324e-9 * r + 5.475938084995344946e-4) * r + 0.0151986665636164571966)
                            * r
                            + 0.14810397642748007459
                        )
                        * r
                        + 0.68976733498510000455
                    )
                    * r
                    + 1.6763848301838038494
                )
                * r
                + 2.05319162663775882187
            )
            * r
            + 1.0
        )
    else:
        r -= 5.0
        value = (
            (
                (
                    (
                        (
                            ((2.01033439929228813265e-7 * r + 2.71155556874348757815e-5) * r + 0.0012426609473880784386)
                            * r
                            + 0.026532189526576123093
                        )
                        * r
                        + 0.29656057182850489123
                    )
                    * r
                    + 1.7848265399172913358
                )
                * r
                + 5.4637849111641143699
            )
            * r
            + 6.6579046435011037772
        ) / (
            (
                (
                    (
                        (
                            ((2.04426310338993978564e-15 * r + 1.4215117583164458887e-7) * r + 1.8463183175100546818e-5)
                            * r
                            + 7.868691311456132591e-4
                        )
                        * r
                        + 0.0148753612908506148525
                    )
                    * r
                    + 0.13692988092273580531
                )
                * r
                + 0.59983220655588793769
            )
            * r
            + 1.0
        )
    return -value if q < 0.0 else value


def _ziggurat() -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Edges x_0 > ... > x_256 = 0 of 256 layers of equal area under exp(-x^2/2), and the ratios x_{i+1} / x_i.

    x_1 is where the tail begins; x_0 is the width of a rectangle of the base layer's area, tail included.
    """
    edge = 3.654152885361009
    density = math.exp(-0.5 * edge * edge)
    area = edge * density + math.sqrt(0.5 * math.pi) * math.erfc(edge / math.sqrt(2.0))
    x = np.zeros(257)
    x[0], x[1] = area / density, edge
    for i in range(2, 256):
        x[i] = math.sqrt(-2.0 * math.log(area / x[i - 1] + math.exp(-0.5 * x[i - 1] * x[i - 1])))
    return x, x[1:] / x[:-1]


_EDGES, _RATIOS = _ziggurat()
_LAYER = np.uint64(255)


@compiled
def _normal_at_rim(key, gamma, n):
    """The whole algorithm: what :func:`normal_at` calls when its first word is not accepted at once."""
    while True:
        word = word_at(key, gamma, n)
        n += _ONE
        layer = np.int64(word & _LAYER)
        u = np.float64(word >> _S11) * 2.220446049250313e-16 - 1.0
        if abs(u) < _RATIOS[layer]:
            return u * _EDGES[layer], n
        if layer == 0:
            edge = _EDGES[1]
            while True:
                x = -math.log(1.0 - uniform(key, gamma, n)) / edge
                y = -math.log(1.0 - uniform(key, gamma, n + _ONE))
                n += _TWO
                if 2.0 * y >= x * x:
                    return (edge + x if u > 0.0 else -edge - x), n
        x = u * _EDGES[layer]
        above = math.exp(-0.5 * (_EDGES[layer] * _EDGES[layer] - x * x))
        below = math.exp(-0.5 * (_EDGES[layer + 1] * _EDGES[layer + 1] - x * x))
        v = uniform(key, gamma, n)
        n += _ONE
        if below + v * (above - below) < 1.0:
            return x, n


@_inlined
def normal_at(key, gamma, n):
    """(x, m): x ~ N(0, 1) out of the words n .. m - 1 of a stream, 99.3 % of the time one.

    The ziggurat of Marsaglia and Tsang (2000) as corrected by Doornik (2005): the lowest 8 bits of a word choose the
    layer, its highest 53 the place within it. Faster than the quantile function, for streams of which nobody needs
    the n-th normal.
    """
    word = word_at(key, gamma, n)
    layer = np.int64(word & _LAYER)
    u = np.float64(word >> _S11) * 2.220446049250313e-16 - 1.0
    if abs(u) < _RATIOS[layer]:
        return u * _EDGES[layer], n + _ONE
    return _normal_at_rim(key, gamma, n)


@compiled
def normal_variate(rng):
    """The next N(0, 1) of a sequential stream (see :func:`normal_at`)."""
    value, n = normal_at(rng[0], rng[1], rng[2])
    rng[2] = n
    return value


@_inlined
def gamma_at(key, gamma, n, d, c):
    """(x, m): x ~ Gamma(d + 1/3, 1) out of the words n .. m - 1 of a stream, d >= 2/3, c = 1/sqrt(9 d).

    Marsaglia and Tsang 2000. Each proposal consumes a normal's words, then one for its acceptance.
    """
    while True:
        x, n = normal_at(key, gamma, n)
        u = uniform(key, gamma, n)
        n += _ONE
        v = 1.0 + c * x
        if v <= 0.0:
            continue
        v = v * v * v
        if u < 1.0 - 0.0331 * (x * x) * (x * x):
            return d * v, n
        if u > 0.0 and math.log(u) < 0.5 * x * x + d * (1.0 - v + math.log(v)):
            return d * v, n


@compiled
def gamma_variate(rng, d, c):
    """The next Gamma(d + 1/3, 1) of a sequential stream (see :func:`gamma_at`)."""
    value, n = gamma_at(rng[0], rng[1], rng[2], d, c)
    rng[2] = n
    return value


@compiled
def beta_variate(rng, a, b):
    """Beta(a, b), a, b >= 1, as a ratio of two Gamma variates (first a's, then b's)."""
    da, db = a - 1.0 / 3.0, b - 1.0 / 3.0
    x = gamma_variate(rng, da, 1.0 / math.sqrt(9.0 * da))
    y = gamma_variate(rng, db, 1.0 / math.sqrt(9.0 * db))
    return x / (x + y)


@compiled
def log_gamma_at(key, gamma, n, shape):
    """(log x, m): x ~ Gamma(shape, 1) for any shape > 0; below 1 as Gamma(shape + 1) U^(1/shape)."""
    d = shape - 1.0 / 3.0 if shape >= 1.0 else shape + 2.0 / 3.0
    x, n = gamma_at(key, gamma, n, d, 1.0 / math.sqrt(9.0 * d))
    value = math.log(x)
    if shape < 1.0:
        value += math.log(max(uniform(key, gamma, n), 5.551115123125783e-17)) / shape
        n += _ONE
    return value, n


@compiled
def beta_at(key, gamma, a, b):
    """Beta(a, b), any a, b > 0, out of the beginning of a stream.

    By logarithms: for small parameters both Gamma variates may underflow although their ratio is of order one.
    """
    x, n = log_gamma_at(key, gamma, np.uint64(0), a)
    y, n = log_gamma_at(key, gamma, n, b)
    return 1.0 / (1.0 + math.exp(y - x))


@compiled
def choose(weights, total, u):
    """The index i with sum(weights[:i]) <= u * total < sum(weights[:i+1]); the last positive one at the rim.

    Args:
        weights: non-negative, shape (K,), at least one positive.
        total: their sum.
        u: a uniform in [0, 1).
    """
    target = u * total
    running = 0.0
    for i in range(weights.shape[0]):
        running += weights[i]
        if target < running:  # never at a weight of zero: it leaves the sum where it was
            return i
    for i in range(weights.shape[0] - 1, 0, -1):
        if weights[i] > 0.0:
            return i
    return 0
