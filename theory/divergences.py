"""Divergences between the reward laws the theorems speak of, exact to rounding and vectorised."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from theory.errors import InvalidInput

Float = npt.NDArray[np.float64]

#: Below this |u| the entropy function is summed as a series: its two terms would cancel to nothing.
_SERIES_RADIUS = 0.05
_SERIES_TERMS = 14


def _probabilities(name: str, values: npt.ArrayLike) -> Float:
    """``values`` as float64 within [0, 1], or an error that names the first offender."""
    array = np.asarray(values, dtype=np.float64)
    bad = ~((array >= 0.0) & (array <= 1.0))
    if bad.any():
        index = tuple(int(i) for i in np.argwhere(bad)[0])
        raise InvalidInput(f"{name}{list(index) if index else ''} = {array[index]!r} is not a probability in [0, 1]")
    return array


def _entropy_function(u: Float) -> Float:
    """(1 + u) log(1 + u) - u for u >= -1, without cancellation near 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        direct = np.where(u <= -1.0, 1.0, (1.0 + u) * np.log1p(u) - u)
    series = np.zeros_like(u)
    small = np.abs(u) < _SERIES_RADIUS
    v = np.where(small, u, 0.0)
    # sum_{k >= 2} (-1)^k u^k / (k (k - 1)), Horner from the highest power.
    for k in range(_SERIES_TERMS, 1, -1):
        series = series * v + (-1.0) ** k / (k * (k - 1))
    return np.where(small, series * v * v, direct)


def _excess(p: Float, q: Float, difference: Float) -> Float:
    """p log(p/q) - (p - q) >= 0 for p >= 0 and q > 0, to rounding, given ``difference`` = p - q."""
    near = difference <= q
    ratio = np.where(near, difference / np.where(near, q, 1.0), 0.0)
    far = np.where(near, 1.0, p)
    return np.where(near, q * _entropy_function(ratio), far * (np.log(far) - np.log(q)) - difference)


def bernoulli_kl(p: npt.ArrayLike, q: npt.ArrayLike) -> Float:
    """KL divergence d(p, q) = p log(p/q) + (1-p) log((1-p)/(1-q)) of Bernoulli laws, in nats.

    Args:
        p, q: probabilities in [0, 1], broadcast against each other.

    Returns:
        d(p, q) >= 0, ``inf`` where q is 0 or 1 and p is not. Relative error near rounding even for p close to q,
        because the sum is taken over the two non-negative terms p log(p/q) - p + q and (1-p) log((1-p)/(1-q)) + p - q.

    Raises:
        InvalidInput: for an entry outside [0, 1].
    """
    p, q = np.broadcast_arrays(_probabilities("p", p), _probabilities("q", q))
    inside = (q > 0.0) & (q < 1.0)
    safe = np.where(inside, q, 0.5)
    # p - q serves both terms: (1-q) - (1-p) would carry the rounding of 1 - q into the leading order.
    difference = p - safe
    total = _excess(p, safe, difference) + _excess(1.0 - p, 1.0 - safe, -difference)
    return np.where(inside, total, np.where(p == q, 0.0, np.inf))


def bernoulli_kl_bounds(p: npt.ArrayLike, q: npt.ArrayLike) -> tuple[Float, Float]:
    """Pinsker's lower and the chi-squared upper bound, 2(p-q)^2 <= d(p,q) <= (p-q)^2/(q(1-q)).

    Source: Bubeck and Cesa-Bianchi 2012, eq. (2.8).
    """
    p, q = np.broadcast_arrays(_probabilities("p", p), _probabilities("q", q))
    square = (p - q) ** 2
    with np.errstate(divide="ignore", invalid="ignore"):
        upper = np.where(square == 0.0, 0.0, square / (q * (1.0 - q)))
    return 2.0 * square, upper


def bernoulli_kl_upper(mean: npt.ArrayLike, level: npt.ArrayLike) -> Float:
    """Largest q in [mean, 1] with d(mean, q) <= level (the KL-UCB index for level = log f(t) / N).

    Args:
        mean: empirical means in [0, 1]. level: non-negative, may be ``inf``. Broadcast.

    Returns:
        q, by bisection down to neighbouring floats.

    Raises:
        InvalidInput: for a mean outside [0, 1] or a negative level.
    """
    mean, level = np.broadcast_arrays(_probabilities("mean", mean), np.asarray(level, dtype=np.float64))
    if not (level >= 0.0).all():
        raise InvalidInput(f"level of a KL confidence bound must be >= 0, got {float(level.min())!r}")
    low, high = mean.astype(np.float64), np.ones_like(mean)
    # 2^-64 of the unit interval: the midpoint has met one of its ends for every mean above 1e-3.
    for _ in range(64):
        middle = 0.5 * (low + high)
        inside = bernoulli_kl(mean, middle) <= level
        low, high = np.where(inside, middle, low), np.where(inside, high, middle)
    # The end q = 1 itself is inside only where the mean is 1 or the level infinite.
    return np.where(bernoulli_kl(mean, 1.0) <= level, 1.0, low)


def bernoulli_kl_lower(mean: npt.ArrayLike, level: npt.ArrayLike) -> Float:
    """Smallest q in [0, mean] with d(mean, q) <= level; the mirror image of :func:`bernoulli_kl_upper`."""
    return 1.0 - bernoulli_kl_upper(1.0 - _probabilities("mean", mean), level)


def gaussian_kl(mean: npt.ArrayLike, other: npt.ArrayLike, variance: npt.ArrayLike = 1.0) -> Float:
    """KL(N(mean, variance) || N(other, variance)) = (mean - other)^2 / (2 variance), in nats.

    Raises:
        InvalidInput: if a variance is not positive.
    """
    variance = np.asarray(variance, dtype=np.float64)
    if not (variance > 0.0).all():
        raise InvalidInput(f"variance of a Gaussian law must be positive, got {float(variance.min())!r}")
    gap = np.asarray(mean, dtype=np.float64) - np.asarray(other, dtype=np.float64)
    return np.asarray(gap**2 / (2.0 * variance))


def finite_kl(p: npt.ArrayLike, q: npt.ArrayLike) -> float:
    """KL(p || q) = sum_i p_i log(p_i / q_i) of two laws on the same finite support, in nats (0 log 0 = 0).

    Raises:
        InvalidInput: for entries outside [0, 1] or different shapes.
    """
    p, q = _probabilities("p", p), _probabilities("q", q)
    if p.shape != q.shape:
        raise InvalidInput(f"p and q must have one shape, got {p.shape} and {q.shape}")
    used = p > 0.0
    if (q[used] == 0.0).any():
        return float("inf")
    # The summands p log(p/q) - p + q are non-negative; where q = 0 so is p.
    positive = q > 0.0
    return float(_excess(p[positive], q[positive], (p - q)[positive]).sum() + (p.sum() - q.sum()))


def kl_to_larger_mean(support: npt.ArrayLike, probabilities: npt.ArrayLike, mean: float, upper: float = 1.0) -> float:
    """K_inf(F, mean): the least KL(F || G) over laws G supported in (-inf, upper] whose mean is at least ``mean``.

    Args:
        support: values of F, shape (n,), all <= upper.
        probabilities: their probabilities, shape (n,).
        mean: the mean to be reached.
        upper: the largest value a law of the class may take.

    Returns:
        0 if F already has that mean, ``inf`` if ``mean`` exceeds ``upper`` (or equals it and F is not there), else
        max over 0 <= lam <= 1/(upper - mean) of E_F log(1 - lam (X - mean)) (Honda and Takemura 2010, Thm 8).

    Raises:
        InvalidInput: for malformed probabilities or a value above ``upper``.
    """
    x, p = np.asarray(support, dtype=np.float64), _probabilities("probabilities", probabilities)
    if x.shape != p.shape or x.ndim != 1:
        raise InvalidInput(f"support and probabilities must be vectors of one length, got {x.shape} and {p.shape}")
    x, p = x[p > 0.0], p[p > 0.0]
    if x.max() > upper:
        raise InvalidInput(f"support reaches {float(x.max())!r}, above the upper end {upper!r} of the class")
    if float(p @ x) >= mean:
        return 0.0
    if mean >= upper:
        return float("inf")
    # Scaled variable t = lam (upper - mean) in [0, 1]; the objective is concave with a positive slope at 0.
    z = (x - mean) / (upper - mean)

    def slope(t: float) -> float:
        with np.errstate(divide="ignore"):
            return float(-(p * z / (1.0 - t * z)).sum())

    if z.max() < 1.0 and slope(1.0) >= 0.0:
        return float(p @ np.log1p(-z))
    low, high = 0.0, 1.0
    for _ in range(200):
        middle = 0.5 * (low + high)
        if middle in (low, high):
            break
        if slope(middle) > 0.0:
            low = middle
        else:
            high = middle
    return float(p @ np.log1p(-low * z))
