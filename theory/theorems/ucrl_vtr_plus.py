"""UCRL-VTR+ (Zhou, Gu and Szepesvari 2021)."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from theory.hypotheses import CONFIDENCE, EPISODIC, KNOWN_REWARDS, REWARDS_IN_UNIT, at_least
from theory.theorem import Theorem

Float = npt.NDArray[np.float64]


def rate(instance: Any, params: Any, episodes: Float) -> Float:
    """sqrt(d^2 H^2 + d H^3) sqrt(H K) log(K)^2, the order with the paper's logarithms squared."""
    d, h = float(instance.dimension), float(instance.horizon)
    k = np.asarray(episodes, dtype=np.float64)
    return np.asarray(np.sqrt((d**2 * h**2 + d * h**3) * h * k) * np.log(np.maximum(k, 2.0)) ** 2)


THEOREMS = (
    Theorem(
        id="ucrl-vtr-plus/rate",
        source="Zhou, Gu and Szepesvari 2021, Theorem 5.3",
        statement="R_K = O~(sqrt(d^2 H^2 + d H^3) sqrt(T) + d^2 H^3 + d^3 H^2), T = K H",
        kind="high-probability",
        constants="order",
        hypotheses=(EPISODIC, KNOWN_REWARDS, REWARDS_IN_UNIT, CONFIDENCE, at_least(1)),
        bound=rate,
    ),
)
