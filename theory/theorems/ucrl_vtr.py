"""UCRL-VTR (Ayoub, Jia, Szepesvari, Wang and Yang 2020), stage-dependent linear mixture MDPs."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from theory.hypotheses import CONFIDENCE, EPISODIC, KNOWN_REWARDS, REWARDS_IN_UNIT, at_least, setting
from theory.theorem import Theorem

Float = npt.NDArray[np.float64]


def explicit(instance: Any, params: Any, episodes: Float) -> Float:
    """2 max(beta_K, H/2) H sqrt(2 d K log(1 + K H^2/(d lam))) + 2 H sqrt((H K/2) log(2/delta))."""
    d, h, lam = instance.dimension, instance.horizon, params.ridge
    k = np.asarray(episodes, dtype=np.float64)
    logs = d * np.log1p(k * h**2 / (d * lam))
    beta = 0.5 * h * np.sqrt(logs + 2.0 * np.log(2.0 * h / params.delta)) + np.sqrt(lam) * instance.parameter_bound
    return np.asarray(
        2.0 * np.maximum(beta, 0.5 * h) * h * np.sqrt(2.0 * k * logs)
        + 2.0 * h * np.sqrt(0.5 * h * k * np.log(2.0 / params.delta))
    )


def rate(instance: Any, params: Any, episodes: Float) -> Float:
    """d H^2 sqrt(K) log K."""
    k = np.asarray(episodes, dtype=np.float64)
    return np.asarray(instance.dimension * instance.horizon**2 * np.sqrt(k) * np.log(np.maximum(k, 2.0)))


_HYPOTHESES = (EPISODIC, KNOWN_REWARDS, REWARDS_IN_UNIT, CONFIDENCE, at_least(1))

THEOREMS = (
    Theorem(
        id="ucrl-vtr/regret",
        source="Ayoub et al. 2020, Theorem 1, with the constants of its proof for a parameter per stage",
        statement="w.p. 1-delta: R_K <= 2 max(beta_K, H/2) H sqrt(2 d K log(1 + K H^2/(d lam))) "
        "+ 2 H sqrt((H K/2) log(2/delta))",
        kind="high-probability",
        constants="explicit",
        hypotheses=(*_HYPOTHESES, setting("scale", 1.0)),
        bound=explicit,
        remarks="derived: delta/2 for the ellipsoids of all stages and episodes, delta/2 for the martingale",
    ),
    Theorem(
        id="ucrl-vtr/rate",
        source="Ayoub et al. 2020, Theorem 1",
        statement="R_K = O(d H^2 sqrt(K) log K)",
        kind="high-probability",
        constants="order",
        hypotheses=_HYPOTHESES,
        bound=rate,
    ),
)
