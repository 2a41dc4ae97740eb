"""LSVI-UCB++ (He, Zhao, Zhou and Gu 2023, arXiv:2212.06132)."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from theory.hypotheses import CONFIDENCE, EPISODIC, KNOWN_REWARDS, REWARDS_IN_UNIT, UNIT_FEATURES, at_least
from theory.theorem import Theorem

Float = npt.NDArray[np.float64]


def rate(instance: Any, params: Any, episodes: Float) -> Float:
    """d sqrt(H^3 K) log K."""
    k = np.asarray(episodes, dtype=np.float64)
    return np.asarray(instance.dimension * np.sqrt(instance.horizon**3 * k) * np.log(np.maximum(k, 2.0)))


THEOREMS = (
    Theorem(
        id="lsvi-ucb-plus-plus/rate",
        source="He, Zhao, Zhou and Gu 2023, Theorem 5.1",
        statement="R_K = O~(d sqrt(H^3 K) + d^7 H^8)",
        kind="high-probability",
        constants="order",
        hypotheses=(EPISODIC, KNOWN_REWARDS, REWARDS_IN_UNIT, UNIT_FEATURES, CONFIDENCE, at_least(1)),
        bound=rate,
    ),
)
