"""UCB1 (Auer, Cesa-Bianchi and Fischer 2002): pull each arm once, then the largest mean + sqrt(2 log(t-1) / N)."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from theory.hypotheses import FIXED_LAWS, REWARDS_IN_UNIT, at_least, setting
from theory.reading import positive_gaps
from theory.theorem import Theorem

Float = npt.NDArray[np.float64]

#: 1 + pi^2/3: what the failures of the confidence bounds cost an arm, over all rounds.
FAILURE_PULLS = 1.0 + np.pi**2 / 3.0


def regret(instance: Any, params: Any, horizons: Float) -> Float:
    """8 sum_{D_i > 0} log T / D_i + (1 + pi^2/3) sum_i D_i. Shape of ``horizons``."""
    gaps = positive_gaps(instance)
    return 8.0 * np.sum(1.0 / gaps) * np.log(horizons) + FAILURE_PULLS * gaps.sum()


def pulls(instance: Any, params: Any, horizons: Float) -> Float:
    """8 log T / D_i^2 + 1 + pi^2/3 per arm, shape ``horizons.shape + (n_arms,)``; T itself for an optimal arm."""
    gaps = np.asarray(instance.gaps, dtype=np.float64)
    horizons = np.asarray(horizons, dtype=np.float64)[..., None]
    safe = np.where(gaps > 0.0, gaps, 1.0)
    return np.where(gaps > 0.0, 8.0 * np.log(horizons) / safe**2 + FAILURE_PULLS, horizons)


THEOREMS = (
    Theorem(
        id="ucb1/regret",
        source="Auer, Cesa-Bianchi and Fischer 2002, Theorem 1",
        statement="E R_T <= 8 sum_{D_i>0} log T / D_i + (1 + pi^2/3) sum_i D_i",
        kind="expected",
        constants="explicit",
        hypotheses=(FIXED_LAWS, REWARDS_IN_UNIT, setting("width", 2.0), at_least(1)),
        bound=regret,
        remarks="the logarithm in the index counts past plays, t - 1",
    ),
    Theorem(
        id="ucb1/pulls",
        source="Auer, Cesa-Bianchi and Fischer 2002, proof of Theorem 1",
        statement="E N_i(T) <= 8 log T / D_i^2 + 1 + pi^2/3 for every suboptimal arm i",
        kind="expected",
        constants="explicit",
        hypotheses=(FIXED_LAWS, REWARDS_IN_UNIT, setting("width", 2.0), at_least(1)),
        bound=pulls,
        remarks="of pull counts, one column an arm; an optimal arm gets the trivial T",
    ),
)
