"""IMED (Honda and Takemura 2015): the smallest N_i d+(mean_i, max mean) + log N_i; Bernoulli arms."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from theory.divergences import bernoulli_kl
from theory.hypotheses import SOME_GAP, at_least, family, setting
from theory.lower_bounds import lai_robbins
from theory.theorem import Theorem

Float = npt.NDArray[np.float64]


def asymptotic(instance: Any, params: Any, horizons: Float) -> Float:
    """log T sum_{D_i > 0} D_i / d(mu_i, mu*)."""
    return lai_robbins(instance.means, bernoulli_kl) * np.log(horizons)


THEOREMS = (
    Theorem(
        id="imed/asymptotic",
        source="Honda and Takemura 2015",
        statement="limsup R_T / log T <= sum_{D_i>0} D_i / d(mu_i, mu*)",
        kind="expected",
        constants="order",
        hypotheses=(family("bernoulli"), setting("weight", 1.0), SOME_GAP, at_least(2)),
        bound=asymptotic,
        confirmed=False,
        remarks="the constant is exact in the limit only; the paper's finite-time bound is not hosted",
    ),
)
