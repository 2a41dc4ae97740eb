"""MOSS (Audibert and Bubeck 2009): the largest mean + sqrt(log+(T/(K N)) / N) for rewards in [0, 1], T known."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from theory.hypotheses import AT_LEAST_ARMS, FIXED_LAWS, REWARDS_IN_UNIT, SOME_GAP, setting, subgaussian
from theory.reading import positive_gaps
from theory.theorem import Theorem

Float = npt.NDArray[np.float64]


def _root(instance: Any, horizons: Float) -> Float:
    return np.sqrt(instance.n_arms * np.asarray(horizons, dtype=np.float64))


def minimax(instance: Any, params: Any, horizons: Float) -> Float:
    """(39/2) sqrt(KT) + sum_i D_i."""
    return 19.5 * _root(instance, horizons) + positive_gaps(instance).sum()


def minimax_subgaussian(instance: Any, params: Any, horizons: Float) -> Float:
    """39 sqrt(KT) + sum_i D_i."""
    return 39.0 * _root(instance, horizons) + positive_gaps(instance).sum()


def minimax_2009(instance: Any, params: Any, horizons: Float) -> Float:
    """49 sqrt(KT)."""
    return 49.0 * _root(instance, horizons)


def minimax_2010(instance: Any, params: Any, horizons: Float) -> Float:
    """25 sqrt(KT)."""
    return 25.0 * _root(instance, horizons)


def instance_2010(instance: Any, params: Any, horizons: Float) -> Float:
    """23 K sum_{D_i > 0} max(log(T D_i^2 / K), 1) / D_i."""
    gaps = positive_gaps(instance)
    horizons = np.asarray(horizons, dtype=np.float64)[..., None]
    logs = np.maximum(np.log(horizons * gaps**2 / instance.n_arms), 1.0)
    return 23.0 * instance.n_arms * (logs / gaps).sum(axis=-1)


THEOREMS = (
    Theorem(
        id="moss/minimax",
        source="Lattimore and Szepesvari 2020, Theorem 9.1, for 2X with X in [0, 1]",
        statement="E R_T <= (39/2) sqrt(KT) + sum_i D_i for the width sqrt(log+(T/(KN))/N)",
        kind="expected",
        constants="explicit",
        hypotheses=(FIXED_LAWS, REWARDS_IN_UNIT, setting("sigma", 0.5), AT_LEAST_ARMS),
        bound=minimax,
        confirmed=False,
        remarks="rewards in [0, 1] are 1/2-subgaussian, so doubled they meet Theorem 9.1, whose width "
        "sqrt(4 log+/N) is then this rule's; regret halves",
    ),
    Theorem(
        id="moss/minimax-subgaussian",
        source="Lattimore and Szepesvari 2020, Theorem 9.1",
        statement="E R_T <= 39 sqrt(KT) + sum_i D_i for the width sqrt(4 log+(T/(KN))/N)",
        kind="expected",
        constants="explicit",
        hypotheses=(FIXED_LAWS, subgaussian(1.0), setting("sigma", 1.0), AT_LEAST_ARMS),
        bound=minimax_subgaussian,
        confirmed=False,
        remarks="of the rule with the factor 4 under the root, for 1-subgaussian rewards",
    ),
    Theorem(
        id="moss/minimax-2009",
        source="Audibert and Bubeck 2009",
        statement="sup E R_T <= 49 sqrt(KT)",
        kind="expected",
        constants="explicit",
        hypotheses=(FIXED_LAWS, REWARDS_IN_UNIT, setting("sigma", 0.5), AT_LEAST_ARMS),
        bound=minimax_2009,
        confirmed=False,
    ),
    Theorem(
        id="moss/minimax-2010",
        source="Audibert and Bubeck 2010",
        statement="sup E R_T <= 25 sqrt(KT)",
        kind="expected",
        constants="explicit",
        hypotheses=(FIXED_LAWS, REWARDS_IN_UNIT, setting("sigma", 0.5), AT_LEAST_ARMS),
        bound=minimax_2010,
        confirmed=False,
    ),
    Theorem(
        id="moss/instance",
        source="Audibert and Bubeck 2010",
        statement="E R_T <= 23 K sum_{D_i>0} max(log(T D_i^2/K), 1) / D_i",
        kind="expected",
        constants="explicit",
        hypotheses=(FIXED_LAWS, REWARDS_IN_UNIT, setting("sigma", 0.5), AT_LEAST_ARMS, SOME_GAP),
        bound=instance_2010,
        confirmed=False,
        remarks="K-fold above the optimal constant on unbalanced instances",
    ),
)
