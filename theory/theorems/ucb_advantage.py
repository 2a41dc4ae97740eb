"""UCB-Advantage (Zhang, Zhou and Ji, NeurIPS 2020): almost optimal model-free learning."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from theory.hypotheses import CONFIDENCE, EPISODIC, KNOWN_REWARDS, REWARDS_IN_UNIT, at_least
from theory.reading import tabular_sizes
from theory.theorem import Theorem

Float = npt.NDArray[np.float64]


def regret(instance: Any, params: Any, episodes: Float) -> Float:
    """sqrt(H^2 S A T log(2SAT/delta)) + H^8 S^2 A^{3/2} T^{1/4} log(2SAT/delta), T = KH."""
    s, a, h = tabular_sizes(instance)
    t = h * np.asarray(episodes, dtype=np.float64)
    level = np.log(2.0 * s * a * t / params.delta)
    return np.asarray(np.sqrt(h**2 * s * a * t * level) + h**8 * s**2 * a**1.5 * t**0.25 * level)


def leading_rate(instance: Any, params: Any, episodes: Float) -> Float:
    """sqrt(H^2 S A T), T = KH, without logarithms."""
    s, a, h = tabular_sizes(instance)
    return np.asarray(np.sqrt(h**3 * s * a * np.asarray(episodes, dtype=np.float64)))


THEOREMS = (
    Theorem(
        id="ucb-advantage/regret",
        source="Zhang, Zhou and Ji 2020, Theorem 1",
        statement="w.p. 1-delta, regret = O~(sqrt(H^2 S A T)) up to a term of lower order in T, T = KH",
        kind="high-probability",
        constants="order",
        hypotheses=(EPISODIC, REWARDS_IN_UNIT, KNOWN_REWARDS, CONFIDENCE, at_least(1)),
        bound=regret,
        confirmed=False,
        remarks="transitions may depend on the stage. The lower-order term is written H^8 S^2 A^{3/2} T^{1/4}, from "
        "memory; it dominates at feasible sizes",
    ),
)
