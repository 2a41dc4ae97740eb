"""UCB-V (Audibert, Munos and Szepesvari 2009): an index that knows the empirical variance, rewards in [0, 1]."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from theory.hypotheses import FIXED_LAWS, REWARDS_IN_UNIT, at_least, setting
from theory.theorem import Theorem

Float = npt.NDArray[np.float64]


def variances(instance: Any) -> Float:
    """mu (1 - mu): the variance of 0/1 rewards, and at least that of any reward in [0, 1] of mean mu. Shape (K,)."""
    means = np.asarray(instance.means, dtype=np.float64)
    return means * (1.0 - means)


def regret(instance: Any, params: Any, horizons: Float) -> Float:
    """10 sum_{D_i > 0} (s_i^2 / D_i + 2) log T. Shape of ``horizons``."""
    gaps = np.asarray(instance.gaps, dtype=np.float64)
    used = gaps > 0.0
    return np.asarray(10.0 * np.sum(variances(instance)[used] / gaps[used] + 2.0) * np.log(horizons))


THEOREMS = (
    Theorem(
        id="ucb-v/regret",
        source="Audibert, Munos and Szepesvari 2009, Theorem 4",
        statement="E R_T <= 10 sum_{D_i>0} (s_i^2/D_i + 2b) log T for zeta = 1.2, c = 1, rewards in [0, b], here b = 1",
        kind="expected",
        constants="explicit",
        hypotheses=(FIXED_LAWS, REWARDS_IN_UNIT, setting("zeta", 1.2), setting("c", 1.0), at_least(2)),
        bound=regret,
        confirmed=False,
        remarks="with s_i^2 = mu_i (1 - mu_i), the variance of 0/1 rewards and an upper bound of it on [0, 1]; "
        "zeta = c = 1, common in code, is outside the theorem",
    ),
)
