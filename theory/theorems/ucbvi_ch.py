"""UCBVI-CH (Azar, Osband and Munos, arXiv:1703.05449v2): stationary P, counts pooled over stages, bonus 7HL/sqrt N."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from theory.hypotheses import CONFIDENCE, EPISODIC, KNOWN_REWARDS, REWARDS_IN_UNIT, STATIONARY, at_least
from theory.reading import tabular_sizes
from theory.theorem import Theorem

Float = npt.NDArray[np.float64]


def log_factor(instance: Any, params: Any, episodes: Float) -> Float:
    """L = log(5 H S A T / delta), T = K H."""
    s, a, h = tabular_sizes(instance)
    return np.log(5.0 * h * s * a * (np.asarray(episodes, dtype=np.float64) * h) / params.delta)


def regret(instance: Any, params: Any, episodes: Float) -> Float:
    """20 H^{3/2} L sqrt(S A K) + 250 H^2 S^2 A L^2."""
    s, a, h = tabular_sizes(instance)
    big_l = log_factor(instance, params, episodes)
    return 20.0 * h**1.5 * big_l * np.sqrt(s * a * np.asarray(episodes, dtype=np.float64)) + 250.0 * (
        h**2 * s**2 * a * big_l**2
    )


def stage_dependent(instance: Any, params: Any, episodes: Float) -> Float:
    """10 H^2 S sqrt(A K log(S A H^2 K^2))."""
    s, a, h = tabular_sizes(instance)
    k = np.asarray(episodes, dtype=np.float64)
    return 10.0 * h**2 * s * np.sqrt(a * k * np.log(s * a * h**2 * k**2))


def stage_dependent_sharper(instance: Any, params: Any, episodes: Float) -> Float:
    """8e H^2 sqrt(S A K log(S A H^2 K^2)) + 2e H^3 S^2 A log K log(S A H^2 K^2)."""
    s, a, h = tabular_sizes(instance)
    k = np.asarray(episodes, dtype=np.float64)
    logs = np.log(s * a * h**2 * k**2)
    return 8.0 * np.e * h**2 * np.sqrt(s * a * k * logs) + 2.0 * np.e * h**3 * s**2 * a * np.log(k) * logs


_STAGE_RULE = (
    "of the stage-dependent rule with bonus 2 H sqrt(log(S A H K/delta)/N), delta = 1/(K H), not of 7HL/sqrt N"
)

THEOREMS = (
    Theorem(
        id="ucbvi-ch/regret",
        source="Azar, Osband and Munos 2017, Theorem 1",
        statement="w.p. 1-delta, regret <= 20 H^{3/2} L sqrt(SAK) + 250 H^2 S^2 A L^2, L = log(5HSAT/delta), T = KH",
        kind="high-probability",
        constants="explicit",
        hypotheses=(EPISODIC, STATIONARY, REWARDS_IN_UNIT, KNOWN_REWARDS, CONFIDENCE, at_least(1)),
        bound=regret,
        confirmed=False,
        remarks="the bonus uses log(5SAT/delta); horizons are episodes",
    ),
    Theorem(
        id="ucbvi-ch/stage-dependent",
        source="Agarwal, Jiang, Kakade and Sun, RL theory book, Theorem 7.1",
        statement="E regret <= 10 H^2 S sqrt(A K log(S A H^2 K^2))",
        kind="expected",
        constants="explicit",
        hypotheses=(EPISODIC, REWARDS_IN_UNIT, KNOWN_REWARDS, at_least(1)),
        bound=stage_dependent,
        remarks=_STAGE_RULE,
    ),
    Theorem(
        id="ucbvi-ch/stage-dependent-sharper",
        source="Agarwal, Jiang, Kakade and Sun, RL theory book, Theorem 7.6",
        statement="E regret <= 8e H^2 sqrt(SAK log(SAH^2K^2)) + 2e H^3 S^2 A log K log(SAH^2K^2)",
        kind="expected",
        constants="explicit",
        hypotheses=(EPISODIC, REWARDS_IN_UNIT, KNOWN_REWARDS, at_least(1)),
        bound=stage_dependent_sharper,
        remarks=_STAGE_RULE,
    ),
)
