"""MVP (Zhang, Ji and Du, COLT 2021; Zhang, Chen, Lee and Du, arXiv:2307.13586): monotonic value propagation."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from theory.hypotheses import CONFIDENCE, EPISODIC, REWARDS_IN_UNIT, at_least
from theory.reading import tabular_sizes
from theory.theorem import Theorem

Float = npt.NDArray[np.float64]


def regret(instance: Any, params: Any, episodes: Float) -> Float:
    """min{sqrt(S A H^3 K log^5(S A H K/delta)), H K}."""
    s, a, h = tabular_sizes(instance)
    k = np.asarray(episodes, dtype=np.float64)
    return np.asarray(np.minimum(np.sqrt(s * a * h**3 * k * np.log(s * a * h * k / params.delta) ** 5), h * k))


def rate(instance: Any, params: Any, episodes: Float) -> Float:
    """sqrt(S A H^3 K), without the logarithms: stricter than the theorem."""
    s, a, h = tabular_sizes(instance)
    return np.asarray(np.sqrt(s * a * h**3 * np.asarray(episodes, dtype=np.float64)))


THEOREMS = (
    Theorem(
        id="mvp/regret",
        source="Zhang, Chen, Lee and Du 2023, Theorem 1",
        statement="w.p. 1-delta, regret <= c min{sqrt(S A H^3 K log^5(SAHK/delta)), H K} for every K >= 1",
        kind="high-probability",
        constants="order",
        hypotheses=(EPISODIC, REWARDS_IN_UNIT, CONFIDENCE, at_least(1)),
        bound=regret,
        remarks="transitions may depend on the stage. The bonus constants 460/9, 2 sqrt 2 and 544/9 are those of the "
        "paper's Algorithm 1; c is not given, and the power of the logarithm is quoted from memory",
        confirmed=False,
    ),
)
