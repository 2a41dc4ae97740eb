"""RF-UCRL (Kaufmann, Menard, Domingues, Jonsson, Leurent and Valko 2021): adaptive reward-free exploration."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from theory.hypotheses import ACCURACY, CONFIDENCE, EPISODIC, FIXED_START, at_least, setting
from theory.reading import tabular_sizes
from theory.theorem import Theorem

Float = npt.NDArray[np.float64]


def accuracy(instance: Any, params: Any, episodes: Float) -> Float:
    """epsilon, the same for every entry of ``episodes``."""
    return np.full(np.shape(episodes), float(params.epsilon))


def order(instance: Any, params: Any, episodes: Float) -> Float:
    """(S A H^4/eps^2)(log(1/delta) + S), a number of episodes, the same for every entry of ``episodes``."""
    s, a, h = tabular_sizes(instance)
    return np.full(np.shape(episodes), s * a * h**4 / params.epsilon**2 * (np.log(1.0 / params.delta) + s))


_SOURCE = "Kaufmann, Menard, Domingues, Jonsson, Leurent and Valko 2021, Adaptive reward-free exploration"
_HYPOTHESES = (EPISODIC, FIXED_START, CONFIDENCE, ACCURACY, setting("bonus_factor", 1.0), at_least(1))

THEOREMS = (
    Theorem(
        id="rf-ucrl/correct",
        source=_SOURCE,
        statement="w.p. 1-delta, after stopping, for every reward function in [0, 1] at once: "
        "V*_1(s_1; r) - V_1^{pi_r}(s_1; r) <= eps for pi_r optimal in the empirical model",
        kind="PAC",
        constants="explicit",
        hypotheses=_HYPOTHESES,
        bound=accuracy,
        remarks="of the suboptimality gap after stopping, not of regret",
    ),
    Theorem(
        id="rf-ucrl/sample-complexity",
        source=_SOURCE,
        statement="w.p. 1-delta, tau = O~((S A H^4/eps^2)(log(1/delta) + S))",
        kind="PAC",
        constants="order",
        hypotheses=_HYPOTHESES,
        bound=order,
        remarks="of the number of episodes before stopping",
    ),
)
