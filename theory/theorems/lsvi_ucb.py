"""LSVI-UCB (Jin, Yang, Wang and Jordan 2020, arXiv:1907.05388): ridge regression of all targets plus beta |phi|."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from theory.complexity import elliptic_potential
from theory.hypotheses import CONFIDENCE, EPISODIC, KNOWN_REWARDS, REWARDS_IN_UNIT, UNIT_FEATURES, at_least
from theory.radii import lsvi_ucb_fixed_point
from theory.theorem import Hypothesis, Theorem

Float = npt.NDArray[np.float64]


def regret(instance: Any, params: Any, episodes: Float) -> Float:
    """sqrt(d^3 H^3 T i^2), i = log(2 d T / p), T = K H."""
    d, h = instance.dimension, instance.horizon
    t = np.asarray(episodes, dtype=np.float64) * h
    return np.sqrt(float(d) ** 3 * float(h) ** 3 * t) * np.log(2.0 * d * t / params.delta)


def explicit(instance: Any, params: Any, episodes: Float) -> Float:
    """2 beta_K H sqrt(2 d K log(1 + K/(d lam))) + H sqrt(2 K H log(2/p)), beta_K the fixed-point radius."""
    d, h, lam = instance.dimension, instance.horizon, params.regularization
    k = np.asarray(episodes, dtype=np.float64)
    beta = lsvi_ucb_fixed_point(k, d, h, params.delta, regularization=lam)
    return 2.0 * beta * h * np.sqrt(k * elliptic_potential(k, d, regularization=lam)) + h * np.sqrt(
        2.0 * k * h * np.log(2.0 / params.delta)
    )


def _regularized(instance: Any, params: Any, horizon: int) -> str | None:
    lam = getattr(params, "regularization", None)
    if lam is None:
        return "the algorithm does not state its regularization"
    return None if lam >= 1.0 else f"lam = {lam:g}"


_MODEL = (
    EPISODIC,
    REWARDS_IN_UNIT,
    UNIT_FEATURES,
    CONFIDENCE,
    at_least(1),
)

THEOREMS = (
    Theorem(
        id="lsvi-ucb/regret",
        source="Jin, Yang, Wang and Jordan 2020, Theorem 3.1",
        statement="w.p. 1-p, regret = O(sqrt(d^3 H^3 T i^2)), i = log(2dT/p), T = KH, with beta = c d H sqrt(i), lam 1",
        kind="high-probability",
        constants="order",
        hypotheses=_MODEL,
        bound=regret,
        remarks="c is an unspecified absolute constant; c = 1 is not covered by the proof",
    ),
    Theorem(
        id="lsvi-ucb/explicit",
        source="Jin, Yang, Wang and Jordan 2020, Lemmas B.4-B.6 and D.1-D.6 with their constants kept",
        statement="w.p. 1-p, regret <= 2 beta_K H sqrt(2 d K log(1 + K/(d lam))) + H sqrt(2 K H log(2/p)), "
        "beta_K the smallest fixed point of the radius",
        kind="high-probability",
        constants="explicit",
        hypotheses=(*_MODEL, KNOWN_REWARDS, Hypothesis("lam >= 1", _regularized)),
        bound=explicit,
        remarks="of the rule that uses beta_K (radii.lsvi_ucb_fixed_point at the last episode) in every episode: "
        "p/2 for the radius at all stages, p/2 for Azuma-Hoeffding over the K H differences of V_k - V^pi, which lie "
        "in [-H, H]; bonuses by Cauchy-Schwarz and the elliptic potential. Derived here, not printed in the paper",
    ),
)
