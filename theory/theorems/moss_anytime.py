"""MOSS-anytime (Degenne and Perchet 2016): MOSS without the horizon, rewards in [0, 1]."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from theory.hypotheses import AT_LEAST_ARMS, FIXED_LAWS, REWARDS_IN_UNIT, setting
from theory.theorem import Theorem

Float = npt.NDArray[np.float64]


def minimax(instance: Any, params: Any, horizons: Float) -> Float:
    """113 sqrt(KT). Shape of ``horizons``."""
    return 113.0 * np.sqrt(instance.n_arms * np.asarray(horizons, dtype=np.float64))


def root(instance: Any, params: Any, horizons: Float) -> Float:
    """sqrt(KT)."""
    return np.sqrt(instance.n_arms * np.asarray(horizons, dtype=np.float64))


THEOREMS = (
    Theorem(
        id="moss-anytime/minimax",
        source="Degenne and Perchet 2016",
        statement="sup E R_T <= 113 sqrt(KT) for alpha = 1.35, all T at once",
        kind="expected",
        constants="explicit",
        hypotheses=(FIXED_LAWS, REWARDS_IN_UNIT, setting("alpha", 1.35), AT_LEAST_ARMS),
        bound=minimax,
        confirmed=False,
    ),
    Theorem(
        id="moss-anytime/order",
        source="Degenne and Perchet 2016",
        statement="sup E R_T = O(sqrt(KT))",
        kind="expected",
        constants="order",
        hypotheses=(FIXED_LAWS, REWARDS_IN_UNIT, setting("alpha", 1.35), AT_LEAST_ARMS),
        bound=root,
        confirmed=False,
    ),
)
