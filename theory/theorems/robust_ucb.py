"""Robust UCB with the median of means (Bubeck, Cesa-Bianchi and Lugosi 2013)."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from theory.hypotheses import AT_LEAST_ARMS, FIXED_LAWS, setting
from theory.reading import positive_gaps
from theory.theorem import Hypothesis, Theorem

Float = npt.NDArray[np.float64]


def _moment(instance: Any, params: Any, horizon: int) -> str | None:
    if not hasattr(instance, "central_moment"):
        return "the instance does not state its central moments"
    true = instance.central_moment(1.0 + params.order)
    return None if true <= params.moment * (1.0 + 1e-12) else f"it is {true:g}, {true - params.moment:g} more"


MOMENT = Hypothesis("v is at least the central moment of order 1 + e of every arm", _moment)


def regret(instance: Any, params: Any, horizons: Float) -> Float:
    """sum_{D_i>0} [16 (12 v)^(1/e) 2^((1+e)/e) (1/8 + 3 log T) / D_i^(1/e) + 5 D_i]."""
    gaps = positive_gaps(instance)
    e = params.order
    factor = 16.0 * (12.0 * params.moment) ** (1.0 / e) * 2.0 ** ((1.0 + e) / e)
    log = 0.125 + 3.0 * np.log(np.asarray(horizons, dtype=float))
    return np.asarray(factor * np.sum(gaps ** (-1.0 / e)) * log + 5.0 * gaps.sum())


THEOREMS = (
    Theorem(
        id="robust-ucb/regret",
        source="Bubeck, Cesa-Bianchi and Lugosi 2013, proof of Proposition 1 with Lemma 2, at p = t^-3",
        statement="E R_T <= sum_{D_i>0} 16 (12v)^(1/e) 2^((1+e)/e) (1/8 + 3 log T) / D_i^(1/e) + 5 D_i",
        kind="expected",
        constants="explicit",
        hypotheses=(FIXED_LAWS, MOMENT, setting("scale", 1.0), AT_LEAST_ARMS),
        bound=regret,
        remarks="derived: an arm is pulled once its width is at most D/2, plus 2 sum_t t t^-3 < 3.3 rounds in which a "
        "bound fails for some count; the printed rule has p = t^-2, for which that sum diverges",
    ),
)
