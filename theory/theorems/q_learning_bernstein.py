"""Optimistic Q-learning with Bernstein bonuses (Jin, Allen-Zhu, Bubeck and Jordan 2018)."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from theory.hypotheses import CONFIDENCE, EPISODIC, REWARDS_IN_UNIT, at_least
from theory.reading import tabular_sizes
from theory.theorem import Theorem

Float = npt.NDArray[np.float64]


def regret(instance: Any, params: Any, episodes: Float) -> Float:
    """sqrt(H^3 S A T i) + sqrt(H^9 S^3 A^3 i^4), i = log(S A T / p), T = K H."""
    s, a, h = tabular_sizes(instance)
    t = np.asarray(episodes, dtype=np.float64) * h
    iota = np.log(s * a * t / params.delta)
    return np.sqrt(h**3 * s * a * t * iota) + np.sqrt(float(h) ** 9 * float(s) ** 3 * float(a) ** 3) * iota**2


THEOREMS = (
    Theorem(
        id="q-learning-bernstein/regret",
        source="Jin, Allen-Zhu, Bubeck and Jordan 2018, Theorem 2",
        statement="w.p. 1-p, regret = O(sqrt(H^3 S A T i) + sqrt(H^9 S^3 A^3 i^4)), i = log(SAT/p), T = KH",
        kind="high-probability",
        constants="order",
        hypotheses=(EPISODIC, REWARDS_IN_UNIT, CONFIDENCE, at_least(1)),
        bound=regret,
        remarks="both terms have unknown constants; at feasible sizes the second is the larger one",
    ),
)
