"""PSRL (Osband, Russo and Van Roy, NeurIPS 2013): posterior sampling, Bayesian regret."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from theory.hypotheses import EPISODIC, REWARDS_IN_UNIT, STATIONARY, at_least
from theory.reading import tabular_sizes
from theory.theorem import Hypothesis, Theorem

Float = npt.NDArray[np.float64]


def _drawn(instance: Any, params: Any, horizon: int) -> str | None:
    prior = getattr(instance, "concentration", None)
    if prior is None:
        return "the instance is one model, not a prior over models"
    if prior != params.concentration:
        return f"models are drawn with concentration {prior:g}, the algorithm believes in {params.concentration:g}"
    return None


DRAWN_FROM_THE_PRIOR = Hypothesis("the model is drawn from the prior that the algorithm starts from", _drawn)


def bayes_regret(instance: Any, params: Any, episodes: Float) -> Float:
    """H S sqrt(30 A T log(S A T)), T = K H."""
    s, a, h = tabular_sizes(instance)
    t = h * np.asarray(episodes, dtype=np.float64)
    return np.asarray(h * s * np.sqrt(30.0 * a * t * np.log(s * a * t)))


THEOREMS = (
    Theorem(
        id="psrl/bayes-regret",
        source="Osband, Russo and Van Roy 2013, Theorem 1, with the constant of its proof",
        statement="E regret <= H S sqrt(30 A T log(SAT)), T = KH, the expectation also over models from the prior",
        kind="expected",
        constants="explicit",
        hypotheses=(EPISODIC, STATIONARY, REWARDS_IN_UNIT, DRAWN_FROM_THE_PRIOR, at_least(1)),
        bound=bayes_regret,
        confirmed=False,
        remarks="the theorem itself says O(H S sqrt(A T log(SAT))); 30 is the last display of its proof. Nothing is "
        "claimed of any single model",
    ),
)
