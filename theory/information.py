"""Information gain of Gaussian observations of linear functions: what stands in for the dimension with kernels."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Float = npt.NDArray[np.float64]


def information_gain(gram: npt.ArrayLike, noise_variance: float) -> float:
    """(1/2) log det(I + K/s2) of observations with Gram matrix K, shape (n, n)."""
    k = np.asarray(gram, dtype=np.float64)
    return float(0.5 * np.linalg.slogdet(np.eye(len(k)) + k / noise_variance)[1])


def most_information(features: npt.ArrayLike, rounds: npt.ArrayLike, noise_variance: npt.ArrayLike) -> Float:
    """An upper bound of gm_T, the largest information gain of T observations among finitely many features.

    min over k of (k/2) log(1 + T L^2/(k s2)) + (T/(2 s2)) max_x |x - P_k x|^2, P_k the projection onto the k leading
    principal directions of the features: det(I + A) <= det(I + A_11) det(I + A_22) (Fischer), log det(I + A_11) <= k
    log(1 + tr A_11/k) and log det(I + A_22) <= tr A_22.

    Args:
        features: shape (n, d), with inner products k(x, y). rounds: T, any shape. noise_variance: s2, broadcasts.

    Returns:
        shape of ``rounds``, nondecreasing in it.
    """
    x = np.asarray(features, dtype=np.float64)
    t, s2 = np.asarray(rounds, dtype=np.float64), np.asarray(noise_variance, dtype=np.float64)
    projected = (x @ np.linalg.svd(x, full_matrices=False)[2].T) ** 2
    largest = float(projected.sum(axis=1).max())
    best = np.full(np.broadcast(t, s2).shape, np.inf)
    for k in range(1, projected.shape[1] + 1):
        rest = float(projected[:, k:].sum(axis=1).max()) if k < projected.shape[1] else 0.0
        best = np.minimum(best, 0.5 * k * np.log1p(t * largest / (k * s2)) + 0.5 * t / s2 * rest)
    return np.asarray(best)
