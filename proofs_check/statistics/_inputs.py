"""Refusal of bad input, shared by the modules of this package."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from theory.errors import InvalidInput

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]


def check_open_unit(value: float, name: str) -> float:
    """Return ``value`` as a float, or refuse it unless 0 < value < 1."""
    if not 0.0 < value < 1.0:
        raise InvalidInput(f"{name} = {value!r}: expected a number strictly between 0 and 1")
    return float(value)


def check_range(low: float, high: float) -> None:
    """Refuse a range that is empty or not finite."""
    if not (np.isfinite(low) and np.isfinite(high) and low < high):
        raise InvalidInput(f"range [{low!r}, {high!r}]: expected two finite numbers with low < high")


def unit_interval_values(values: ArrayLike, low: float, high: float, n_before: int) -> FloatArray:
    """Map observations from [low, high] onto [0, 1].

    Raises InvalidInput naming the first observation outside the range; observations are numbered from 0 over the
    whole life of the test, of which ``n_before`` came in earlier batches.
    """
    x = np.atleast_1d(np.asarray(values, dtype=np.float64))
    if x.ndim != 1:
        raise InvalidInput(f"observations of shape {x.shape}: expected one number per run, shape (n,)")
    bad = ~((x >= low) & (x <= high))  # written so that nan is bad
    if bad.any():
        i = int(np.argmax(bad))
        raise InvalidInput(f"observation {n_before + i} is {x[i]!r}: expected a value in [{low!r}, {high!r}]")
    # The division may round to just above 1, and the tests rely on [0, 1].
    return np.clip((x - low) / (high - low), 0.0, 1.0)


def indicator_values(values: ArrayLike, n_before: int) -> FloatArray:
    """Check a batch of 0/1 (or boolean) indicators, shape (n,)."""
    x = unit_interval_values(values, 0.0, 1.0, n_before)
    bad = (x != 0.0) & (x != 1.0)
    if bad.any():
        i = int(np.argmax(bad))
        raise InvalidInput(f"observation {n_before + i} is {x[i]!r}: expected an indicator, 0 or 1")
    return x
