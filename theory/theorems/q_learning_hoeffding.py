"""Optimistic Q-learning with Hoeffding bonuses (Jin, Allen-Zhu, Bubeck and Jordan 2018): b_t = c sqrt(H^3 i / t)."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from theory.hypotheses import CONFIDENCE, EPISODIC, REWARDS_IN_UNIT, at_least
from theory.reading import tabular_sizes
from theory.theorem import Theorem

Float = npt.NDArray[np.float64]


def regret(instance: Any, params: Any, episodes: Float) -> Float:
    """sqrt(H^4 S A T i), i = log(S A T / p), T = K H."""
    s, a, h = tabular_sizes(instance)
    t = np.asarray(episodes, dtype=np.float64) * h
    return np.sqrt(h**4 * s * a * t * np.log(s * a * t / params.delta))


THEOREMS = (
    Theorem(
        id="q-learning-hoeffding/regret",
        source="Jin, Allen-Zhu, Bubeck and Jordan 2018, Theorem 1",
        statement="w.p. 1-p, regret = O(sqrt(H^4 S A T i)), i = log(SAT/p), T = KH",
        kind="high-probability",
        constants="order",
        hypotheses=(EPISODIC, REWARDS_IN_UNIT, CONFIDENCE, at_least(1)),
        bound=regret,
        remarks="c is unspecified in the paper; c = 1 with i = log(2SAT/p) suffices for optimism (Azuma with range H)",
    ),
)
