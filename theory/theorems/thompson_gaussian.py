"""Thompson sampling with Gaussian posteriors: N(mean_i, 1/N_i) (Lattimore-Szepesvari) or N(mean_i, 1/(N_i + 1))."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from theory.divergences import gaussian_kl
from theory.hypotheses import AT_LEAST_ARMS, REWARDS_IN_UNIT, SOME_GAP, TWO_OR_MORE_ARMS, at_least, family
from theory.lower_bounds import lai_robbins
from theory.theorem import Hypothesis, Theorem

Float = npt.NDArray[np.float64]


def asymptotic(instance: Any, params: Any, horizons: Float) -> Float:
    """log T sum_{D_i > 0} 2 / D_i."""
    return lai_robbins(instance.means, gaussian_kl) * np.log(horizons)


def minimax(instance: Any, params: Any, horizons: Float) -> Float:
    """sqrt(K T log T)."""
    horizons = np.asarray(horizons, dtype=np.float64)
    return np.sqrt(instance.n_arms * horizons * np.log(horizons))


def minimax_arms(instance: Any, params: Any, horizons: Float) -> Float:
    """sqrt(K T log K)."""
    return np.sqrt(instance.n_arms * np.asarray(horizons, dtype=np.float64) * np.log(instance.n_arms))


def _unit_variance(instance: Any, params: Any, horizon: int) -> str | None:
    sigma = getattr(instance, "subgaussian", None)
    if sigma is None:
        return "the instance does not state its subgaussian"
    return None if sigma == 1.0 else f"their standard deviation is {sigma:g}"


def _means_in_unit(instance: Any, params: Any, horizon: int) -> str | None:
    means = np.asarray(instance.means, dtype=np.float64)
    for index in np.flatnonzero((means < 0.0) | (means > 1.0)):
        return f"mean of arm {index} is {means[index]:g}"
    return None


UNIT_VARIANCE = Hypothesis("rewards have variance 1", _unit_variance)
MEANS_IN_UNIT = Hypothesis("means lie in [0, 1]", _means_in_unit)

THEOREMS = (
    Theorem(
        id="thompson-gaussian/asymptotic",
        source="Lattimore and Szepesvari 2020, Theorem 36.3",
        statement="lim R_T / log T = sum_{D_i>0} 2 / D_i for posteriors N(mean_i, 1/N_i), each arm played once first",
        kind="expected",
        constants="order",
        hypotheses=(family("gaussian"), UNIT_VARIANCE, SOME_GAP, at_least(2)),
        bound=asymptotic,
        remarks="the constant is exact in the limit only; at a finite horizon it is a rate",
    ),
    Theorem(
        id="thompson-gaussian/minimax",
        source="Lattimore and Szepesvari 2020, Theorem 36.3",
        statement="R_T <= C sqrt(K T log T) for posteriors N(mean_i, 1/N_i), means in [0, 1] and T >= 2",
        kind="expected",
        constants="order",
        hypotheses=(family("gaussian"), UNIT_VARIANCE, MEANS_IN_UNIT, at_least(2)),
        bound=minimax,
        remarks="the printed form fails for T = 1 (log 1 = 0) and for unbounded means: both are hypotheses here",
    ),
    Theorem(
        id="thompson-gaussian/minimax-arms",
        source="Agrawal and Goyal 2013, Gaussian prior version",
        statement="R_T = O(sqrt(K T log K)) for posteriors N(mean_i, 1/(N_i + 1)), rewards in [0, 1], T >= K",
        kind="expected",
        constants="order",
        hypotheses=(REWARDS_IN_UNIT, TWO_OR_MORE_ARMS, AT_LEAST_ARMS),
        bound=minimax_arms,
        confirmed=False,
    ),
)
