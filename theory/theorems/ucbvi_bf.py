"""UCBVI-BF (Azar, Osband and Munos, arXiv:1703.05449v2): UCBVI with Bernstein-Freedman bonuses."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from theory.hypotheses import CONFIDENCE, EPISODIC, KNOWN_REWARDS, REWARDS_IN_UNIT, STATIONARY, at_least
from theory.reading import tabular_sizes
from theory.theorem import Theorem

Float = npt.NDArray[np.float64]


def regret(instance: Any, params: Any, episodes: Float) -> Float:
    """30 H L sqrt(S A K) + 2500 H^2 S^2 A L^2 + 4 H^{3/2} sqrt(K L), L = log(5 H S A T / delta), T = K H."""
    s, a, h = tabular_sizes(instance)
    k = np.asarray(episodes, dtype=np.float64)
    big_l = np.log(5.0 * h * s * a * (k * h) / params.delta)
    return (
        30.0 * h * big_l * np.sqrt(s * a * k) + 2500.0 * h**2 * s**2 * a * big_l**2 + 4.0 * h**1.5 * np.sqrt(k * big_l)
    )


THEOREMS = (
    Theorem(
        id="ucbvi-bf/regret",
        source="Azar, Osband and Munos 2017, Theorem 2",
        statement="P{regret > 30 H L sqrt(SAK) + 2500 H^2 S^2 A L^2 + 4 H^{3/2} sqrt(K L)} <= delta, "
        "L = log(5HSAT/delta), T = KH",
        kind="high-probability",
        constants="explicit",
        hypotheses=(EPISODIC, STATIONARY, REWARDS_IN_UNIT, KNOWN_REWARDS, CONFIDENCE, at_least(1)),
        bound=regret,
        remarks="the bonus uses log(5SAT/delta). Gaps of the printed proof: its Lemmas 13 and 14 do not reproduce the "
        "constant 2500, eq. (11) drops a factor 2 under the root, and the typical-state threshold must be 4 H^2 L, "
        "not 2 H^2 L",
    ),
)
