"""Exp3++ (Seldin and Slivkins 2014; Seldin and Lugosi 2017): one rule for stochastic and adversarial losses."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from theory.hypotheses import (
    FIXED_LAWS,
    LOSSES_IN_UNIT,
    OBLIVIOUS,
    SOME_GAP,
    TWO_OR_MORE_ARMS,
    at_least,
    setting,
)
from theory.reading import positive_gaps
from theory.theorem import Theorem

Float = npt.NDArray[np.float64]


def adversarial(instance: Any, params: Any, horizons: Float) -> Float:
    """4 sqrt(K T log K)."""
    k = instance.n_arms
    return 4.0 * np.sqrt(k * np.asarray(horizons, dtype=np.float64) * np.log(k))


def stochastic(instance: Any, params: Any, horizons: Float) -> Float:
    """sum over the worse arms of log^2 T / D_i (order)."""
    return np.sum(1.0 / positive_gaps(instance)) * np.log(np.asarray(horizons, dtype=np.float64)) ** 2


THEOREMS = (
    Theorem(
        id="exp3-plus-plus/adversarial",
        source="Seldin and Slivkins 2014, Theorem 1; Seldin and Lugosi 2017",
        statement="Reg_T <= 4 sqrt(K T log K) for every T, whatever the gap estimates",
        kind="expected",
        constants="explicit",
        hypotheses=(LOSSES_IN_UNIT, OBLIVIOUS, TWO_OR_MORE_ARMS, at_least(1)),
        bound=adversarial,
        remarks="derived again: log K/eta_T <= 2, K sum eta_t <= 1 and exploration <= 1 times sqrt(K T log K); each "
        "part is watched",
    ),
    Theorem(
        id="exp3-plus-plus/stochastic",
        source="Seldin and Lugosi 2017, Theorem 2",
        statement="Reg_T = O(sum_{D_i > 0} log^2 T / D_i) for alpha = 3, beta = 256 and i.i.d. losses",
        kind="expected",
        constants="order",
        hypotheses=(
            LOSSES_IN_UNIT,
            TWO_OR_MORE_ARMS,
            SOME_GAP,
            FIXED_LAWS,
            at_least(2),
            setting("alpha", 3.0),
            setting("beta", 256.0),
        ),
        bound=stochastic,
        confirmed=False,
        remarks="order only; with beta = 256 the logarithm shows only once 256 log t/(t D^2) < sqrt(log K/(t K))/2",
    ),
)
