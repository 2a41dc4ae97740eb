"""UOB-REPS: adversarial MDPs with bandit feedback and unknown transitions (Jin, Jin, Luo, Sra and Yu 2020)."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from theory.hypotheses import CONFIDENCE, LOSSES_IN_UNIT, OBLIVIOUS, at_least
from theory.theorem import Theorem

Float = npt.NDArray[np.float64]


def log_term(n_states: int, n_actions: int, horizon: int, n_episodes: Any, delta: float) -> Float:
    """ln(T |X| |A|/delta), |X| = L S."""
    return np.log(n_episodes * horizon * n_states * n_actions / delta)  # type: ignore[no-any-return]


def regret(instance: Any, params: Any, episodes: Float) -> Float:
    """L |X| sqrt(|A| T ln(T |X| |A|/delta))."""
    t = np.asarray(episodes, dtype=np.float64)
    s, a, layers = instance.n_states, instance.n_actions, instance.horizon
    logs = log_term(s, a, layers, t, params.delta)
    return np.asarray(layers * layers * s * np.sqrt(a * t * logs))


THEOREMS = (
    Theorem(
        id="uob-reps/regret",
        source="Jin, Jin, Luo, Sra and Yu 2020 (arXiv:1912.01192), main theorem",
        statement="w.p. 1 - 9 delta, R_T = O(L |X| sqrt(|A| T ln(T |X| |A|/delta)))",
        kind="high-probability",
        constants="order",
        hypotheses=(LOSSES_IN_UNIT, OBLIVIOUS, CONFIDENCE, at_least(1)),
        bound=regret,
        confirmed=False,
        remarks="the order O~(L |X| sqrt(|A| T)) was re-read in the abstract, the share of delta and the logarithm not",
    ),
)
