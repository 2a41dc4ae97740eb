"""Exp3.S (Auer, Cesa-Bianchi, Freund and Schapire 2002, Section 8): regret against sequences of arms that switch."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from theory.hypotheses import LOSSES_IN_UNIT, OBLIVIOUS, RATE_TOLERANCE, TWO_OR_MORE_ARMS, at_least
from theory.theorem import Hypothesis, Theorem

Float = npt.NDArray[np.float64]


def segments(instance: Any, horizons: npt.ArrayLike) -> Float:
    """S: stretches of rounds with one best arm, for an instance whose best arm moves every ``period`` rounds."""
    return np.ceil(np.asarray(horizons, dtype=np.float64) / instance.period)


def tuned_mixing(n_arms: int, horizon: float, n_segments: float) -> float:
    """gamma = min{1, sqrt(K (S log(KT) + e) / ((e - 1) T))}."""
    load = n_segments * np.log(n_arms * horizon) + np.e
    return float(min(1.0, np.sqrt(n_arms * load / ((np.e - 1.0) * horizon))))


def untuned(instance: Any, params: Any, horizons: Float) -> Float:
    """K (S log(K/alpha) + e alpha T)/gamma + (e - 1) gamma T."""
    t, k = np.asarray(horizons, dtype=np.float64), instance.n_arms
    gamma, alpha = params.mixing, params.share
    load = segments(instance, t) * np.log(k / alpha) + np.e * alpha * t
    return k * load / gamma + (np.e - 1.0) * gamma * t


def regret(instance: Any, params: Any, horizons: Float) -> Float:
    """2 sqrt(e - 1) sqrt(K T (S log(KT) + e))."""
    t, k = np.asarray(horizons, dtype=np.float64), instance.n_arms
    return 2.0 * np.sqrt(np.e - 1.0) * np.sqrt(k * t * (segments(instance, t) * np.log(k * t) + np.e))


def _period(instance: Any, params: Any, horizon: int) -> str | None:
    return None if getattr(instance, "period", 0) >= 1 else "the instance does not state its period"


def _admissible(instance: Any, params: Any, horizon: int) -> str | None:
    if not 0.0 < params.mixing <= 1.0:
        return f"gamma = {params.mixing:g}"
    return None if 0.0 < params.share <= 1.0 else f"alpha = {params.share:g}"


def _tuned(instance: Any, params: Any, horizon: int) -> str | None:
    wanted = tuned_mixing(instance.n_arms, horizon, float(segments(instance, horizon)))
    if abs(params.mixing - wanted) > RATE_TOLERANCE * wanted:
        return f"gamma is {params.mixing:.9g}, prescribed is {wanted:.9g} at horizon {horizon}"
    return None if abs(params.share * horizon - 1.0) <= RATE_TOLERANCE else f"alpha is {params.share:g}, not 1/T"


PERIODIC = Hypothesis("the best arm moves every so many rounds", _period)
ADMISSIBLE = Hypothesis("gamma and alpha lie in (0, 1]", _admissible)
TUNED = Hypothesis("alpha = 1/T and gamma = min{1, sqrt(K (S log(KT) + e) / ((e-1) T))}", _tuned)
_COMMON = (LOSSES_IN_UNIT, OBLIVIOUS, TWO_OR_MORE_ARMS, at_least(1), PERIODIC)

THEOREMS = (
    Theorem(
        id="exp3-s/untuned",
        source="Auer, Cesa-Bianchi, Freund and Schapire 2002, Theorem 8.1",
        statement="E sum l_A - sum l_{j_t} <= K (S log(K/alpha) + e alpha T)/gamma + (e-1) gamma T for every sequence "
        "j of arms with S - 1 switches",
        kind="expected",
        constants="explicit",
        hypotheses=(*_COMMON, ADMISSIBLE),
        bound=untuned,
        remarks="proof derived again for this rule; its two inequalities are watched",
    ),
    Theorem(
        id="exp3-s/regret",
        source="Auer, Cesa-Bianchi, Freund and Schapire 2002, Corollary 8.3, S known",
        statement="E sum l_A - sum l_{j_t} <= 2 sqrt(e-1) sqrt(K T (S log(KT) + e))",
        kind="expected",
        constants="explicit",
        hypotheses=(*_COMMON, TUNED),
        bound=regret,
        remarks="exceeds T where gamma = 1",
    ),
)
