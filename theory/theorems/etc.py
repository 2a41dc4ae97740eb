"""Explore-then-commit (Lattimore and Szepesvari 2020, Algorithm 1): m pulls of each arm, then the best for good."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr

from theory.hypotheses import FIXED_LAWS, SOME_GAP, arms, subgaussian
from theory.reading import positive_gaps
from theory.theorem import Hypothesis, Theorem

Float = npt.NDArray[np.float64]


def tuned_exploration(gap: float, horizon: int) -> int:
    """max(1, ceil((4/D^2) log(T D^2/4))): the m that balances Theorem 6.1 for two arms of known gap D (eq. (6.5))."""
    return max(1, math.ceil(4.0 / gap**2 * math.log(horizon * gap**2 / 4.0)))


def regret(instance: Any, params: Any, horizons: Float) -> Float:
    """m sum D_i + (T - mK)^+ sum D_i exp(-m D_i^2/4). Shape of ``horizons``."""
    gaps, m = positive_gaps(instance), params.exploration
    left = np.maximum(np.asarray(horizons, dtype=np.float64) - m * instance.n_arms, 0.0)
    return np.asarray(m * gaps.sum() + left * np.sum(gaps * np.exp(-m * gaps**2 / 4.0)))


def tuned_regret(instance: Any, params: Any, horizons: Float) -> Float:
    """min{T D, D + (4/D) (1 + max(0, log(T D^2/4)))}. Shape of ``horizons``."""
    gap = float(positive_gaps(instance)[0])
    t = np.asarray(horizons, dtype=np.float64)
    return np.minimum(t * gap, gap + 4.0 / gap * (1.0 + np.maximum(0.0, np.log(t * gap**2 / 4.0))))


def gaussian_regret(gap: npt.ArrayLike, horizon: npt.ArrayLike, exploration: npt.ArrayLike) -> Float:
    """m D + (T - 2m) D Phi(-D sqrt(m/2)): the exact E R_T on two N(., 1) arms, 2m <= T.

    The difference of the two means after m pulls each is N(-D, 2/m), and the worse arm is committed to if it is
    positive (ties have probability zero).
    """
    d, t, m = (np.asarray(x, dtype=np.float64) for x in (gap, horizon, exploration))
    return np.asarray(m * d + (t - 2.0 * m) * d * ndtr(-d * np.sqrt(m / 2.0)))


def _fits(instance: Any, params: Any, horizon: int) -> str | None:
    m, most = params.exploration, horizon // instance.n_arms
    return None if 1 <= m <= most else f"m = {m}, and T/K is {most}"


def _tuned(instance: Any, params: Any, horizon: int) -> str | None:
    m, wanted = params.exploration, tuned_exploration(float(positive_gaps(instance)[0]), horizon)
    return None if m == wanted else f"m = {m}, and the theorem's is {wanted}"


FITS = Hypothesis("1 <= m <= T/K", _fits)

THEOREMS = (
    Theorem(
        id="etc/regret",
        source="Lattimore and Szepesvari 2020, Theorem 6.1",
        statement="E R_T <= m sum_i D_i + (T - mK) sum_i D_i exp(-m D_i^2/4)",
        kind="expected",
        constants="explicit",
        hypotheses=(FIXED_LAWS, subgaussian(1.0), FITS),
        bound=regret,
        remarks="derived anew: the difference of two means of m pulls is sqrt(2/m)-subgaussian",
    ),
    Theorem(
        id="etc/tuned",
        source="Lattimore and Szepesvari 2020, eq. (6.6)",
        statement="K = 2, m = max(1, ceil((4/D^2) log(T D^2/4))): "
        "E R_T <= min{T D, D + (4/D)(1 + max(0, log(T D^2/4)))}",
        kind="expected",
        constants="explicit",
        hypotheses=(FIXED_LAWS, subgaussian(1.0), arms(2), SOME_GAP, Hypothesis("m is the tuned one", _tuned)),
        bound=tuned_regret,
        remarks="needs the gap and the horizon; follows from Theorem 6.1",
    ),
)
