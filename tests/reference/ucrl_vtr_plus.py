"""The weights of UCRL-VTR+ from the whole history, with plain sums."""

from __future__ import annotations

import numpy as np


def variance_and_error(psi, square, values, squares, radii, horizon, ridge):
    """(variance, error) at a step; ``values`` lists (psi, V(s'), sigma^2) and ``squares`` (psi of V^2, V(s')^2)."""
    d = len(psi)
    sigma = ridge * np.eye(d) + sum((np.outer(x, x) / w for x, _, w in values), np.zeros((d, d)))
    first = np.linalg.inv(sigma) @ sum((x * y / w for x, y, w in values), np.zeros(d))
    sigma_square = ridge * np.eye(d) + sum((np.outer(x, x) for x, _ in squares), np.zeros((d, d)))
    second = np.linalg.inv(sigma_square) @ sum((x * y for x, y in squares), np.zeros(d))
    variance = np.clip(square @ second, 0, horizon**2) - np.clip(psi @ first, 0, horizon) ** 2
    error = min(horizon**2, 2 * horizon * radii[1] * np.sqrt(psi @ np.linalg.inv(sigma) @ psi))
    error += min(horizon**2, radii[2] * np.sqrt(square @ np.linalg.inv(sigma_square) @ square))
    return variance, error
