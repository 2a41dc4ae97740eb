"""Sliding-window UCB (Garivier and Moulines 2011)."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from theory.hypotheses import REWARDS_IN_UNIT, at_least, family
from theory.theorem import Theorem

Float = npt.NDArray[np.float64]


def rate(instance: Any, params: Any, horizons: Float) -> Float:
    """sqrt(Y T log T), Y the number of changes (at least one)."""
    t = np.asarray(horizons, dtype=float)
    return np.asarray(np.sqrt(max(getattr(instance, "n_changes", 0), 1) * t * np.log(t)))


THEOREMS = (
    Theorem(
        id="sw-ucb/regret",
        source="Garivier and Moulines 2011, Theorem 7 and the remark after it",
        statement="E R_T = O(sqrt(Y T log T)) against the best arm of every round, w = 2 B sqrt(T log T/Y), Y changes",
        kind="expected",
        constants="order",
        hypotheses=(REWARDS_IN_UNIT, family("piecewise bernoulli"), at_least(2)),
        bound=rate,
    ),
)
