"""Rarely switching OFUL (Abbasi-Yadkori, Pal and Szepesvari 2011, Section 5.1)."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from theory.complexity import rare_switches
from theory.hypotheses import at_least
from theory.linear_model import FEATURES, GAP, MODEL, REGULARIZED
from theory.theorem import Hypothesis, Theorem
from theory.theorems.oful import regret as oful_regret

Float = npt.NDArray[np.float64]


def regret(instance: Any, params: Any, horizons: Float) -> Float:
    """sqrt(1 + C) times the bound of OFUL."""
    return np.sqrt(1.0 + params.growth) * oful_regret(instance, params, horizons)


def switches(instance: Any, params: Any, horizons: Float) -> Float:
    """d log(1 + T L^2/(d lam)) / log(1 + C)."""
    return rare_switches(
        horizons,
        instance.dimension,
        params.growth,
        regularization=params.regularization,
        feature_bound=params.feature_bound,
    )


def _growing(instance: Any, params: Any, horizon: int) -> str | None:
    growth = getattr(params, "growth", None)
    if growth is None:
        return "the algorithm does not state its growth"
    return None if growth > 0.0 else f"C = {growth:g}"


_GROWTH = Hypothesis("the determinant has to grow by a factor 1 + C > 1 before the rule is recomputed", _growing)

THEOREMS = (
    Theorem(
        id="rare-switching-oful/regret",
        source="Abbasi-Yadkori, Pal and Szepesvari 2011, Theorem 4, in the form of Lattimore and Szepesvari 2020, "
        "Theorem 19.2 (derived)",
        statement="w.p. 1-delta, for all T: R_T <= sqrt(1+C) sqrt(8 T max(beta_T, 1) d log(1 + T L^2/(d lam)))",
        kind="high-probability",
        constants="explicit",
        hypotheses=(*MODEL, GAP),
        bound=regret,
        remarks="from |x| in V_tau^{-1} <= sqrt(1+C) |x| in V_{t-1}^{-1} (their Lemma 12) inside the proof for OFUL; "
        "the printed Theorem 4 has the form of their Theorem 3, whose slips are described with OFUL",
    ),
    Theorem(
        id="rare-switching-oful/switches",
        source="Abbasi-Yadkori, Pal and Szepesvari 2011, Section 5.1",
        statement="the rule is recomputed at most d log(1 + T L^2/(d lam)) / log(1 + C) times",
        kind="deterministic",
        constants="explicit",
        hypotheses=(REGULARIZED, FEATURES, _GROWTH, at_least(1)),
        bound=switches,
        remarks="of recomputations, not of regret; holds in every run",
    ),
)
