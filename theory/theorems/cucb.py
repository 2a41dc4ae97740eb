"""CombUCB1 (Kveton, Wen, Ashkan and Szepesvari 2015)."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from theory.hypotheses import REWARDS_IN_UNIT, at_least, setting
from theory.theorem import Theorem

Float = npt.NDArray[np.float64]


def regret(instance: Any, params: Any, horizons: Float) -> Float:
    """sum over suboptimal items e of m 534 log T / D_{e,min} + (pi^2/3 + 1) m L."""
    m, items = instance.largest_set, instance.n_items
    gaps = np.asarray(instance.item_gaps)[np.asarray(instance.suboptimal_items)]
    return np.asarray(
        m * 534.0 * np.sum(1.0 / gaps) * np.log(np.asarray(horizons, dtype=float)) + (np.pi**2 / 3.0 + 1.0) * m * items
    )


def minimax(instance: Any, params: Any, horizons: Float) -> Float:
    """47 sqrt(m L T log T) + (pi^2/3 + 1) m L."""
    m, items = instance.largest_set, instance.n_items
    t = np.asarray(horizons, dtype=float)
    return np.asarray(47.0 * np.sqrt(m * items * t * np.log(t)) + (np.pi**2 / 3.0 + 1.0) * m * items)


_HYPOTHESES = (REWARDS_IN_UNIT, setting("width", 1.5), at_least(2))

THEOREMS = (
    Theorem(
        id="cucb/regret",
        source="Kveton, Wen, Ashkan and Szepesvari 2015, Theorem 5",
        statement="E R_T <= sum_e m (534/D_{e,min}) log T + (pi^2/3 + 1) m L, over items e of no optimal action",
        kind="expected",
        constants="explicit",
        hypotheses=_HYPOTHESES,
        bound=regret,
        confirmed=False,
    ),
    Theorem(
        id="cucb/minimax",
        source="Kveton, Wen, Ashkan and Szepesvari 2015, Theorem 6",
        statement="E R_T <= 47 sqrt(m L T log T) + (pi^2/3 + 1) m L",
        kind="expected",
        constants="explicit",
        hypotheses=_HYPOTHESES,
        bound=minimax,
        confirmed=False,
    ),
)
