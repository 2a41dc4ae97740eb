"""Sequential halving (Karnin, Koren and Somekh 2013)."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from theory.complexity import hardness_h2
from theory.errors import InvalidInput
from theory.hypotheses import FIXED_LAWS, UNIQUE_BEST_ARM, at_least, subgaussian
from theory.theorem import Hypothesis, Theorem

Float = npt.NDArray[np.float64]


def error_probability(sigma: float, means: npt.ArrayLike, budgets: npt.ArrayLike) -> Float:
    """3 log2(K) exp(-T / (16 sigma^2 H_2 log2 K)).

    Raises:
        InvalidInput: unless sigma > 0.
    """
    if not sigma > 0.0:
        raise InvalidInput(f"sigma is {sigma}; expected > 0")
    logs = np.log2(len(np.asarray(means)))
    return np.asarray(3.0 * logs * np.exp(-np.asarray(budgets) / (16.0 * sigma**2 * hardness_h2(means) * logs)))


def error(instance: Any, params: Any, horizons: Float) -> Float:
    """The probability above at the algorithm's budget, the same for every horizon."""
    return np.full(np.shape(horizons), error_probability(instance.subgaussian, instance.means, params.budget))


def _budget(instance: Any, params: Any, horizon: int) -> str | None:
    return None if horizon >= params.budget else f"the run of {horizon} rounds ends before the budget {params.budget}"


THEOREMS = (
    Theorem(
        id="sequential-halving/error",
        source="Karnin, Koren and Somekh 2013; Lattimore and Szepesvari 2020, Theorem 33.10, rescaled to sigma",
        statement="P(the answer is not the best arm) <= 3 log2(K) exp(-T / (16 sigma^2 H_2 log2 K))",
        kind="expected",
        constants="explicit",
        hypotheses=(
            FIXED_LAWS, UNIQUE_BEST_ARM, subgaussian(np.inf), at_least(1), Hypothesis("the budget is played", _budget)
        ),
        bound=error,
        remarks="of the indicator of a wrong answer; H_2 = max_{i>1} i / D_(i)^2",
    ),
)  # fmt: skip
