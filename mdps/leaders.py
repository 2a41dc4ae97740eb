"""Follow the regularised leader at every state at once: rows of losses in, rows of probabilities out.

The slow reference of one row is :mod:`theory.regularisers`. Losses have shape (..., A); rates are those of psi / eta.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Float = npt.NDArray[np.float64]

#: Newton steps after which a solve stops whatever happens (from the cold start it needs about ten).
MOST_STEPS = 100


def barrier_leaders(losses: Float, rate: float, start: Float | float = 1.0) -> tuple[Float, Float]:
    """argmin_p eta <p, L> + sum_a log(1/p_a) at every row: p_a = 1/(eta (L_a - min L) + y), y in [1, A].

    The sum of a row is convex and decreasing in y: a Newton step from anywhere ends left of the solution or, kept at
    y >= 1, at the left end, and from there Newton's method climbs without overshooting.

    Args:
        losses: (..., A). rate: eta > 0. start: y to begin with, (...), for instance those of the round before.

    Returns:
        (p, y) of shapes (..., A) and (...); rows of p are normalised once, against rounding.
    """
    shifts = rate * (losses - losses.min(axis=-1, keepdims=True))
    y = np.maximum(start, 1.0) * np.ones(losses.shape[:-1])
    for step in range(MOST_STEPS):
        p = 1.0 / (shifts + y[..., None])
        excess = p.sum(axis=-1) - 1.0
        move = excess / (p * p).sum(axis=-1)
        if ((abs(move) <= 4e-16 * y) | ((step > 0) & (excess <= 0.0))).all():
            break
        y = np.maximum(y + move, 1.0)
    return p / p.sum(axis=-1, keepdims=True), y


def entropy_leaders(losses: Float, rate: float) -> Float:
    """argmin_p eta <p, L> + sum_a p_a log p_a at every row: p_a proportional to exp(-eta L_a)."""
    weights = np.exp(-rate * (losses - losses.min(axis=-1, keepdims=True)))
    return weights / weights.sum(axis=-1, keepdims=True)  # type: ignore[no-any-return]
