"""UCB(delta) (Lattimore and Szepesvari 2020, Algorithm 3): the largest mean + sqrt(2 log(1/delta) / N), T known."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from theory.hypotheses import FIXED_LAWS, subgaussian
from theory.reading import positive_gaps
from theory.theorem import Hypothesis, Theorem

Float = npt.NDArray[np.float64]


def regret(instance: Any, params: Any, horizons: Float) -> Float:
    """3 sum_i D_i + sum_{D_i > 0} 16 log T / D_i. Shape of ``horizons``."""
    gaps = positive_gaps(instance)
    return 3.0 * gaps.sum() + 16.0 * np.sum(1.0 / gaps) * np.log(horizons)


def minimax(instance: Any, params: Any, horizons: Float) -> Float:
    """8 sqrt(K T log T) + 3 sum_i D_i. Shape of ``horizons``."""
    t = np.asarray(horizons, dtype=np.float64)
    return 8.0 * np.sqrt(instance.n_arms * t * np.log(t)) + 3.0 * positive_gaps(instance).sum()


def _for_the_horizon(instance: Any, params: Any, horizon: int) -> str | None:
    wanted = 1.0 / horizon**2
    return None if math.isclose(params.delta, wanted, rel_tol=1e-9) else f"it is {params.delta:g}, not {wanted:g}"


HYPOTHESES = (FIXED_LAWS, subgaussian(1.0), Hypothesis("delta = 1/T^2", _for_the_horizon))

THEOREMS = (
    Theorem(
        id="ucb-delta/regret",
        source="Lattimore and Szepesvari 2020, Theorem 7.1",
        statement="delta = 1/T^2: E R_T <= 3 sum_i D_i + sum_{D_i>0} 16 log T / D_i",
        kind="expected",
        constants="explicit",
        hypotheses=HYPOTHESES,
        bound=regret,
        remarks="derived anew from the proof's event: E N_i(T) <= ceil(16 log T / D_i^2) + T (1/T + 1/T^2)",
    ),
    Theorem(
        id="ucb-delta/minimax",
        source="Lattimore and Szepesvari 2020, Theorem 7.2",
        statement="delta = 1/T^2: E R_T <= 8 sqrt(K T log T) + 3 sum_i D_i",
        kind="expected",
        constants="explicit",
        hypotheses=HYPOTHESES,
        bound=minimax,
        remarks="derived anew: gaps below sqrt(16 K log T / T) cost at most T times that, the others by Theorem 7.1",
    ),
)
