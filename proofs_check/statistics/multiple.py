"""Many statements tested at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from theory.errors import InvalidInput

from ._inputs import BoolArray, FloatArray, check_open_unit


def _check_p_values(p: ArrayLike) -> FloatArray:
    values = np.asarray(p, dtype=np.float64)
    if values.ndim != 1:
        raise InvalidInput(f"p-values of shape {values.shape}: expected shape (n_statements,)")
    bad = ~((values >= 0.0) & (values <= 1.0))
    if bad.any():
        i = int(np.argmax(bad))
        raise InvalidInput(f"p-value {i} is {values[i]!r}: expected a number in [0, 1]")
    return values


def _reject_smallest(order: np.ndarray, n_rejected: int) -> BoolArray:
    rejected = np.zeros(len(order), dtype=bool)
    rejected[order[:n_rejected]] = True
    return rejected


def holm(p: ArrayLike, alpha: float) -> BoolArray:
    """Which hypotheses Holm's (1979) step-down rejects: familywise error <= alpha under any dependence.

    p: shape (m,). Sorted p_(1) <= ... <= p_(m): reject while p_(i) <= alpha / (m - i + 1). Returns a mask in the order
    of ``p``.
    """
    check_open_unit(alpha, "alpha")
    values = _check_p_values(p)
    order = np.argsort(values, kind="stable")
    accepted = values[order] > alpha / np.arange(len(values), 0, -1)
    return _reject_smallest(order, int(np.argmax(accepted)) if accepted.any() else len(values))


def benjamini_hochberg(p: ArrayLike, alpha: float) -> BoolArray:
    """Which hypotheses Benjamini and Hochberg (1995) reject: false discovery rate <= alpha under independence or PRDS.

    p: shape (m,). Rejects the k smallest for the largest k with p_(k) <= alpha k / m. Returns a mask in p's order.
    """
    check_open_unit(alpha, "alpha")
    values = _check_p_values(p)
    order = np.argsort(values, kind="stable")
    ranks = np.arange(1, len(values) + 1)
    passing = np.flatnonzero(values[order] <= alpha * ranks / max(len(values), 1))
    return _reject_smallest(order, int(passing[-1]) + 1 if len(passing) else 0)


def e_bh(e: ArrayLike, alpha: float) -> BoolArray:
    """Which hypotheses e-BH (Wang and Ramdas 2022) rejects: false discovery rate <= alpha under any dependence.

    e: shape (m,) of e-values >= 0 (+inf allowed). Rejects the k largest for the largest k with e_(k) >= m / (alpha k).
    A running maximum of an e-process is not an e-value: give e-processes at one stopping time.
    Returns a mask in the order of ``e``.
    """
    check_open_unit(alpha, "alpha")
    values = np.asarray(e, dtype=np.float64)
    if values.ndim != 1:
        raise InvalidInput(f"e-values of shape {values.shape}: expected shape (n_statements,)")
    bad = ~(values >= 0.0)
    if bad.any():
        i = int(np.argmax(bad))
        raise InvalidInput(f"e-value {i} is {values[i]!r}: expected a number >= 0")
    order = np.argsort(-values, kind="stable")
    ranks = np.arange(1, len(values) + 1)
    passing = np.flatnonzero(values[order] >= len(values) / (alpha * ranks))
    return _reject_smallest(order, int(passing[-1]) + 1 if len(passing) else 0)
