"""UCB of constant regret (Abbasi-Yadkori, Pal and Szepesvari 2011, Section 5): high probability, all rounds at once."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from theory.hypotheses import CONFIDENCE, FIXED_LAWS, subgaussian
from theory.reading import positive_gaps
from theory.theorem import Theorem

Float = npt.NDArray[np.float64]


def regret(instance: Any, params: Any, horizons: Float) -> Float:
    """sum_{D_i > 0} (3 D_i + (16/D_i) log(2K/(D_i delta))), whatever the horizon. Shape of ``horizons``."""
    gaps = positive_gaps(instance)
    value = np.sum(3.0 * gaps + 16.0 / gaps * np.log(2.0 * instance.n_arms / (gaps * params.delta)))
    return np.full(np.asarray(horizons, dtype=np.float64).shape, value)


THEOREMS = (
    Theorem(
        id="ucb-constant/regret",
        source="Abbasi-Yadkori, Pal and Szepesvari 2011, Theorem 7",
        statement="with probability 1 - delta, for all T: R_T <= sum_{D_i>0} (3 D_i + (16/D_i) log(2K/(D_i delta)))",
        kind="high-probability",
        constants="explicit",
        hypotheses=(FIXED_LAWS, subgaussian(1.0), CONFIDENCE),
        bound=regret,
        remarks="the bound does not grow with T: the confidence intervals hold for all counts at once",
    ),
)
