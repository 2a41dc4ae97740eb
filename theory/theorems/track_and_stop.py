"""Track-and-Stop (Garivier and Kaufmann 2016)."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from theory.complexity import characteristic_time
from theory.hypotheses import CONFIDENCE, FIXED_LAWS, UNIQUE_BEST_ARM, at_least, family, setting
from theory.identification import DIVERGENCES
from theory.theorem import Theorem

Float = npt.NDArray[np.float64]


def nothing(instance: Any, params: Any, horizons: Float) -> Float:
    """Zero: the answer is the best arm."""
    return np.zeros(np.shape(horizons))


def rate(instance: Any, params: Any, horizons: Float) -> Float:
    """T* log(1/delta), the same for every horizon."""
    time = characteristic_time(instance.means, DIVERGENCES[instance.family]).time
    return np.full(np.shape(horizons), time * np.log(1.0 / params.delta))


_HYPOTHESES = (FIXED_LAWS, family("bernoulli"), UNIQUE_BEST_ARM, CONFIDENCE, setting("scale", 1.0), at_least(1))

THEOREMS = (
    Theorem(
        id="track-and-stop/correct",
        source="Garivier and Kaufmann 2016, Theorem 10",
        statement="w.p. 1-delta the answer is the best arm (Bernoulli, threshold log(2 t (K-1)/delta), any sampling)",
        kind="PAC",
        constants="explicit",
        hypotheses=_HYPOTHESES,
        bound=nothing,
        remarks="of the gap of the arm answered",
    ),
    Theorem(
        id="track-and-stop/asymptotic",
        source="Garivier and Kaufmann 2016, Theorem 14",
        statement="limsup_{delta -> 0} E tau / log(1/delta) <= T*(mu)",
        kind="expected",
        constants="order",
        hypotheses=_HYPOTHESES,
        bound=rate,
        remarks="of pulls before the answer; the limit says nothing of any one delta",
    ),
)
