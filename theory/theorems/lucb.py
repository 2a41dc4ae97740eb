"""LUCB (Kalyanakrishnan, Tewari, Auer and Stone 2012)."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from theory.complexity import hardness_h1
from theory.hypotheses import CONFIDENCE, FIXED_LAWS, REWARDS_IN_UNIT, UNIQUE_BEST_ARM, at_least, setting
from theory.theorem import Theorem

Float = npt.NDArray[np.float64]


def accuracy(instance: Any, params: Any, horizons: Float) -> Float:
    """epsilon."""
    return np.full(np.shape(horizons), float(params.epsilon))


def samples(instance: Any, params: Any, horizons: Float) -> Float:
    """292 H log(H/delta) + 16 pulls, H = sum_i 1/max(D_i, epsilon/2)^2."""
    h = hardness_h1(instance.means, params.epsilon / 2.0)
    return np.full(np.shape(horizons), 292.0 * h * np.log(h / params.delta) + 16.0)


_HYPOTHESES = (FIXED_LAWS, REWARDS_IN_UNIT, CONFIDENCE, setting("scale", 1.0), at_least(1))

THEOREMS = (
    Theorem(
        id="lucb/correct",
        source="Kalyanakrishnan, Tewari, Auer and Stone 2012, Theorem 1 with the radius of LUCB1",
        statement="w.p. 1-delta the arm answered is within epsilon of the best",
        kind="PAC",
        constants="explicit",
        hypotheses=_HYPOTHESES,
        bound=accuracy,
        remarks="of the gap of the arm answered; the union over rounds, arms and counts is (4/5) zeta(3) delta < delta",
    ),
    Theorem(
        id="lucb/samples",
        source="Kalyanakrishnan, Tewari, Auer and Stone 2012, Theorem 6",
        statement="E tau <= 292 H log(H/delta) + 16, H = sum_i 1/max(D_i, epsilon/2)^2",
        kind="expected",
        constants="explicit",
        hypotheses=(*_HYPOTHESES, UNIQUE_BEST_ARM),
        bound=samples,
        confirmed=False,
        remarks="of pulls before the answer, two a round",
    ),
)
