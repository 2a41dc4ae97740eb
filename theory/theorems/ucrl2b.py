"""UCRL2B (Fruit, Pirotta and Lazaric, arXiv:2007.05456): UCRL2 with empirical Bernstein intervals, average reward."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from theory.hypotheses import CONFIDENCE, REWARDS_IN_UNIT, at_least
from theory.theorem import Theorem
from theory.theorems.ucrl2 import COMMUNICATING

Float = npt.NDArray[np.float64]


def support_rate(instance: Any, params: Any, steps: Float) -> Float:
    """sqrt(D G S A T) log(T/delta), G S A = the number of transitions with positive probability.

    The paper's logarithms are hidden in O~; one power of log(T/delta) is what the Bernstein radii and the doubling
    episodes each contribute at most.
    """
    t = np.asarray(steps, dtype=np.float64)
    transitions = float(len(instance.successors))
    return np.asarray(np.sqrt(float(instance.diameter) * transitions * t) * np.log(t / params.delta))


THEOREMS = (
    Theorem(
        id="ucrl2b/regret",
        source="Fruit, Pirotta and Lazaric 2020, Theorem 1",
        statement="w.p. 1-delta, T rho* - sum of rewards = O~(sqrt(D Gamma S A T)), Gamma the largest number of next "
        "states",
        kind="high-probability",
        constants="order",
        hypotheses=(COMMUNICATING, REWARDS_IN_UNIT, CONFIDENCE, at_least(2)),
        bound=support_rate,
        regret="realised",
        confirmed=False,
        remarks="the leading constant and the lower-order term D^2 S^2 A log were not re-read; the rate is checked",
    ),
)
