"""The logistic link: mean, slope, curvature, and the penalised maximum-likelihood estimate, in a ball if need be."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.optimize import brentq
from scipy.special import expit

from theory.errors import InvalidInput

Float = npt.NDArray[np.float64]

#: Newton's decrement at which the estimate counts as found, and the most steps to it.
DECREMENT = 1e-18
MOST_STEPS = 100


def mean(z: npt.ArrayLike) -> Float:
    """m(z) = 1/(1 + e^{-z})."""
    return np.asarray(expit(z), dtype=np.float64)


def slope(z: npt.ArrayLike) -> Float:
    """m'(z) = m(z)(1 - m(z)), at most 1/4."""
    return np.asarray(expit(z) * expit(-np.asarray(z, dtype=np.float64)), dtype=np.float64)


def curvature_inverse(parameter_bound: float, feature_bound: float = 1.0) -> float:
    """1/inf m'(<theta, x>) over |theta| <= S, |x| <= L: 1/m'(SL), which grows like e^{SL}."""
    return float(1.0 / slope(parameter_bound * feature_bound))


def loss(features: Float, counts: Float, sums: Float, regularization: float, theta: Float) -> Float:
    """sum_a n_a log(1 + e^{z_a}) - s_a z_a + (lam/2)|theta|^2, z = <theta, x>; ``theta`` (..., d), result (...)."""
    z = theta @ features.T
    return np.asarray(np.logaddexp(0.0, z) @ counts - z @ sums + 0.5 * regularization * (theta**2).sum(axis=-1))


def fit(features: Float, counts: Float, sums: Float, regularization: float, start: Float) -> Float:
    """The minimiser of :func:`loss`, by Newton's method with step halving.

    Args:
        features: (n, d). counts, sums: observations of each row of the features and the sum of their rewards.
        regularization: lam > 0. start: where to begin, (d,).

    Raises:
        InvalidInput: if it does not converge (malformed data).
    """
    theta = start
    value = loss(features, counts, sums, regularization, theta)
    for _ in range(MOST_STEPS):
        z = features @ theta
        gradient = features.T @ (counts * mean(z) - sums) + regularization * theta
        hessian = (features * (counts * slope(z))[:, None]).T @ features + regularization * np.eye(len(theta))
        step = np.linalg.solve(hessian, gradient)
        decrement = float(gradient @ step)
        if decrement <= DECREMENT:
            return np.asarray(theta - step)
        size = 1.0
        while size > 1e-10:
            trial = theta - size * step
            reached = loss(features, counts, sums, regularization, trial)
            if reached <= value - 0.1 * size * decrement or decrement < 1e-12:
                break
            size *= 0.5
        theta, value = trial, reached
    raise InvalidInput(f"the logistic estimate did not converge in {MOST_STEPS} steps from {start.tolist()}")


def _on_sphere(
    features: Float, counts: Float, sums: Float, regularization: float, radius: float, start: Float
) -> Float | None:
    """A stationary point of the loss on |theta| = radius with multiplier >= 0, by Newton's method; None if none found.

    Such a point is the minimiser over the ball: the loss is convex.
    """
    d = len(start)
    theta = start * (radius / float(np.linalg.norm(start)))
    multiplier: float | None = None
    for _ in range(20):
        z = features @ theta
        gradient = features.T @ (counts * mean(z) - sums) + regularization * theta
        if multiplier is None:
            multiplier = max(0.0, -float(gradient @ theta) / radius**2)
        rest = np.append(gradient + multiplier * theta, 0.5 * (theta @ theta - radius**2))
        if np.abs(rest).max() <= 1e-11 * (1.0 + counts.sum()):
            return theta if multiplier >= 0.0 else None
        system = np.zeros((d + 1, d + 1))
        system[:d, :d] = (features * (counts * slope(z))[:, None]).T @ features
        system[:d, :d] += (regularization + multiplier) * np.eye(d)
        system[:d, d] = system[d, :d] = theta
        step = np.linalg.solve(system, rest)
        theta, multiplier = theta - step[:d], multiplier - float(step[d])
    return None


def fit_in_ball(
    features: Float, counts: Float, sums: Float, regularization: float, radius: float, start: Float
) -> Float:
    """The minimiser of :func:`loss` over |theta| <= radius.

    A start on the sphere is tried there first, by Newton's method on the conditions of Karush, Kuhn and Tucker. Where
    the constraint binds, its multiplier only adds to lam; should Newton fail, the larger lam at which the free
    minimiser has length ``radius`` is bracketed and searched.
    """
    if np.linalg.norm(start) >= radius * (1.0 - 1e-9):
        found = _on_sphere(features, counts, sums, regularization, radius, start)
        if found is not None:
            return found
    theta = fit(features, counts, sums, regularization, start)
    if np.linalg.norm(theta) <= radius:
        return theta
    found = _on_sphere(features, counts, sums, regularization, radius, theta)
    if found is not None:
        return found

    def excess(lam: float) -> float:
        return float(np.linalg.norm(fit(features, counts, sums, lam, theta))) - radius

    high = 2.0 * regularization
    while excess(high) > 0.0:
        high *= 2.0
    lam = float(brentq(excess, regularization, high, xtol=1e-12 * high, rtol=1e-13))
    return fit(features, counts, sums, lam, theta)
