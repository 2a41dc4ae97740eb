"""BPI-UCBVI (Menard et al. 2021): identification of a near-optimal policy for a known reward."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from theory.hypotheses import (
    ACCURACY,
    CONFIDENCE,
    EPISODIC,
    FIXED_START,
    KNOWN_REWARDS,
    REWARDS_IN_UNIT,
    at_least,
    setting,
)
from theory.reading import tabular_sizes
from theory.theorem import Theorem

Float = npt.NDArray[np.float64]


def accuracy(instance: Any, params: Any, episodes: Float) -> Float:
    """epsilon, the same for every entry of ``episodes``."""
    return np.full(np.shape(episodes), float(params.epsilon))


def order(instance: Any, params: Any, episodes: Float) -> Float:
    """(H^3 S A/eps^2) log(1/delta) + (H^3 S A/eps)(log(1/delta) + S), a number of episodes."""
    s, a, h = tabular_sizes(instance)
    size, log = h**3 * s * a / params.epsilon, np.log(1.0 / params.delta)
    return np.full(np.shape(episodes), size / params.epsilon * log + size * (log + s))


_SOURCE = (
    "Menard, Domingues, Jonsson, Kaufmann, Leurent and Valko 2021, Fast active learning for pure exploration, BPI-UCBVI"
)
_HYPOTHESES = (
    EPISODIC, FIXED_START, REWARDS_IN_UNIT, KNOWN_REWARDS, CONFIDENCE, ACCURACY, setting("bonus_factor", 1.0),
    at_least(1),
)  # fmt: skip

THEOREMS = (
    Theorem(
        id="bpi-ucvi/correct",
        source=_SOURCE,
        statement="w.p. 1-delta, after stopping: V*_1(s_1) - V_1^pi(s_1) <= eps for pi greedy in the upper bounds",
        kind="PAC",
        constants="explicit",
        hypotheses=_HYPOTHESES,
        bound=accuracy,
        confirmed=False,
        remarks="of the suboptimality gap after stopping, not of regret",
    ),
    Theorem(
        id="bpi-ucvi/sample-complexity",
        source=_SOURCE,
        statement="w.p. 1-delta, tau = O~((H^3 S A/eps^2) log(1/delta) + (H^3 S A/eps)(log(1/delta) + S))",
        kind="PAC",
        constants="order",
        hypotheses=_HYPOTHESES,
        bound=order,
        confirmed=False,
        remarks="of the number of episodes before stopping",
    ),
)
