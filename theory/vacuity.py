"""Where a bound begins to say something: the horizon at which it falls below the trivial bound."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from theory.theorem import Theorem

Float = npt.NDArray[np.float64]

#: Horizons beyond this are reported as never.
LONGEST = 2**60


def biting_horizon(theorem: Theorem, instance: Any, params: Any, trivial: Callable[[Float], Float]) -> float:
    """Smallest horizon at which ``theorem.bound`` is below ``trivial``, e.g. T times the largest gap, or K H.

    Found by doubling and bisection, so exact when bound/trivial crosses one only once (bounds of a smaller order than
    their trivial bound do, from their first vacuous horizon on).

    Returns:
        a whole number >= 1, or ``inf`` if no horizon up to 2^60 will do.
    """

    def bites(horizon: int) -> bool:
        t = np.array([float(horizon)])
        return bool(theorem.bound(instance, params, t)[0] < trivial(t)[0])

    high = 1
    while not bites(high):
        high *= 2
        if high > LONGEST:
            return float("inf")
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        if bites(middle):
            high = middle
        else:
            low = middle
    return float(high)
