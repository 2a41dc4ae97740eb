"""What theorems on best-arm identification name: lower bounds on samples, union bounds, elimination times."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from theory.complexity import characteristic_time
from theory.divergences import bernoulli_kl, gaussian_kl
from theory.errors import InvalidInput

Float = npt.NDArray[np.float64]

#: Divergence of each family of arms that a characteristic time is known for.
DIVERGENCES: dict[str, Callable[..., Any]] = {"bernoulli": bernoulli_kl, "gaussian": gaussian_kl}


def least_samples(instance: Any, delta: float) -> float:
    """T*(mu) kl(delta, 1 - delta): no delta-correct algorithm needs fewer expected pulls (Garivier and Kaufmann 2016,
    Theorem 1; delta <= 1/2). nan for a family without a known divergence or a best arm that is not unique.
    """
    divergence = DIVERGENCES.get(getattr(instance, "family", ""))
    means = np.asarray(instance.means, dtype=float)
    if divergence is None or np.count_nonzero(means == means.max()) > 1:
        return float("nan")
    return characteristic_time(means, divergence).time * float(bernoulli_kl(delta, 1.0 - delta))


def elimination_time(gap: float, n_arms: int, delta: float, sigma: float) -> int:
    """The first t with U(t) < gap/4, U(t) = sigma sqrt(2 log(4 K t^2/delta)/t) (successive elimination).

    Raises:
        InvalidInput: unless gap > 0.
    """
    if not gap > 0.0:
        raise InvalidInput(f"gap is {gap}; expected > 0")

    def enough(t: float) -> bool:
        return bool(16.0 * 2.0 * sigma**2 * np.log(4.0 * n_arms * t * t / delta) < gap**2 * t)

    # U is decreasing from t = 1 on (delta < 1, K >= 2), so doubling and bisection find the first such t.
    high = 1
    while not enough(high):
        high *= 2
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        if enough(middle):
            high = middle
        else:
            low = middle
    return high
