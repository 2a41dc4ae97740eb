"""alpha-UCB (Bubeck and Cesa-Bianchi 2012, Section 2.2): mean + sqrt(alpha log t / (2N)), rewards in [0, 1]."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from theory.hypotheses import FIXED_LAWS, REWARDS_IN_UNIT, at_least
from theory.reading import positive_gaps
from theory.theorem import Hypothesis, Theorem

Float = npt.NDArray[np.float64]


def regret(instance: Any, params: Any, horizons: Float) -> Float:
    """sum_{D_i > 0} ((2 alpha / D_i) log T + alpha/(alpha - 2)). Shape of ``horizons``."""
    gaps, alpha = positive_gaps(instance), params.alpha
    return np.asarray(2.0 * alpha * np.sum(1.0 / gaps) * np.log(horizons) + gaps.size * alpha / (alpha - 2.0))


def scaled_regret(instance: Any, params: Any, horizons: Float) -> Float:
    """The same with each arm's constant multiplied by its gap, as the proof has it. Shape of ``horizons``."""
    gaps, alpha = positive_gaps(instance), params.alpha
    return np.asarray(2.0 * alpha * np.sum(1.0 / gaps) * np.log(horizons) + gaps.sum() * alpha / (alpha - 2.0))


def _above_two(instance: Any, params: Any, horizon: int) -> str | None:
    return None if params.alpha > 2.0 else f"alpha is {params.alpha:g}"


HYPOTHESES = (FIXED_LAWS, REWARDS_IN_UNIT, Hypothesis("alpha > 2", _above_two), at_least(1))

THEOREMS = (
    Theorem(
        id="alpha-ucb/regret",
        source="Bubeck and Cesa-Bianchi 2012, Theorem 2.1 and eq. (2.4)",
        statement="E R_T <= sum_{D_i>0} ((2 alpha / D_i) log T + alpha/(alpha - 2)), alpha > 2",
        kind="expected",
        constants="explicit",
        hypotheses=HYPOTHESES,
        bound=regret,
        remarks="as printed; with gaps of at most 1 it follows from the next one",
    ),
    Theorem(
        id="alpha-ucb/scaled",
        source="Bubeck and Cesa-Bianchi 2012, proof of Theorem 2.1",
        statement="E R_T <= sum_{D_i>0} D_i ((2 alpha / D_i^2) log T + alpha/(alpha - 2)), alpha > 2",
        kind="expected",
        constants="explicit",
        hypotheses=HYPOTHESES,
        bound=scaled_regret,
        remarks="what the proof gives: its constant counts pulls, so each arm's carries the factor D_i that the "
        "printed theorem drops (which would be wrong for gaps above 1, impossible on [0, 1])",
    ),
)
