"""RF-Express (Menard et al. 2021): reward-free exploration with bonuses 15 H^2 beta(n) / n."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from theory.hypotheses import ACCURACY, CONFIDENCE, EPISODIC, FIXED_START, at_least
from theory.reading import tabular_sizes
from theory.theorem import Theorem

Float = npt.NDArray[np.float64]


def sample_complexity(instance: Any, params: Any, episodes: Float) -> Float:
    """(H^3 S A/eps^2) (log(3SAH/delta) + S) C_1 + 1, C_1 = 5587 e^6 log(e^18 (log(3SAH/delta) + S) H^3 S A/eps)^2.

    A number of episodes, the same for every entry of ``episodes``.
    """
    s, a, h = tabular_sizes(instance)
    eps = params.epsilon
    logs = np.log(3.0 * s * a * h / params.delta) + s
    c_1 = 5587.0 * np.exp(6.0) * (18.0 + np.log(logs * h**3 * s * a / eps)) ** 2
    tau = h**3 * s * a / eps**2 * logs * c_1 + 1.0
    return np.full(np.shape(episodes), tau)


def accuracy(instance: Any, params: Any, episodes: Float) -> Float:
    """epsilon, the same for every entry of ``episodes``."""
    return np.full(np.shape(episodes), float(params.epsilon))


_HYPOTHESES = (EPISODIC, FIXED_START, CONFIDENCE, ACCURACY, at_least(1))

THEOREMS = (
    Theorem(
        id="rf-express/correct",
        source="Menard, Domingues, Jonsson, Kaufmann, Leurent and Valko 2021",
        statement="w.p. 1-delta, after stopping, for every reward function in [0, 1] at once: "
        "V*_1(s_1; r) - V_1^{pi_r}(s_1; r) <= eps for pi_r optimal in the empirical model",
        kind="PAC",
        constants="explicit",
        hypotheses=_HYPOTHESES,
        bound=accuracy,
        remarks="of the suboptimality gap after stopping, not of regret",
    ),
    Theorem(
        id="rf-express/sample-complexity",
        source="Menard, Domingues, Jonsson, Kaufmann, Leurent and Valko 2021",
        statement="w.p. 1-delta, tau <= (H^3 S A/eps^2)(log(3SAH/delta) + S) C_1 + 1, "
        "C_1 = 5587 e^6 log(e^18 (log(3SAH/delta) + S) H^3 S A/eps)^2",
        kind="PAC",
        constants="explicit",
        hypotheses=_HYPOTHESES,
        bound=sample_complexity,
        confirmed=False,
        remarks="of the number of episodes before stopping; the constant is above 2e6, so the bound is loose by design",
    ),
)
