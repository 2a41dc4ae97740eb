"""Exp3 on losses, without mixing: p proportional to exp(-eta Lh), Lh the importance-weighted cumulative losses."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from theory.hypotheses import (
    LOSSES_IN_UNIT,
    OBLIVIOUS,
    POSITIVE_LEARNING_RATE,
    TWO_OR_MORE_ARMS,
    at_least,
    learning_rate,
)
from theory.theorem import Theorem

Float = npt.NDArray[np.float64]


def tuned_rate(instance: Any, params: Any, horizon: float) -> float:
    """eta = sqrt(2 log K / (K T))."""
    return float(np.sqrt(2.0 * np.log(instance.n_arms) / (instance.n_arms * horizon)))


def regret(instance: Any, params: Any, horizons: Float) -> Float:
    """sqrt(2 K T log K)."""
    return np.sqrt(2.0 * instance.n_arms * np.asarray(horizons, dtype=np.float64) * np.log(instance.n_arms))


def anytime(instance: Any, params: Any, horizons: Float) -> Float:
    """2 sqrt(K T log K)."""
    return 2.0 * np.sqrt(instance.n_arms * np.asarray(horizons, dtype=np.float64) * np.log(instance.n_arms))


def fixed_rate(instance: Any, params: Any, horizons: Float) -> Float:
    """log K / eta + (eta / 2) K T."""
    eta = params.learning_rate
    return np.log(instance.n_arms) / eta + 0.5 * eta * instance.n_arms * np.asarray(horizons, dtype=np.float64)


THEOREMS = (
    Theorem(
        id="exp3/regret",
        source="Lattimore and Szepesvari 2020, Theorem 11.2",
        statement="Reg_T <= sqrt(2 K T log K) for eta = sqrt(2 log K / (K T))",
        kind="expected",
        constants="explicit",
        hypotheses=(
            LOSSES_IN_UNIT,
            OBLIVIOUS,
            TWO_OR_MORE_ARMS,
            at_least(1),
            learning_rate("sqrt(2 log K / (K T))", tuned_rate),
        ),
        bound=regret,
        remarks="at the horizon the rate is tuned for; at earlier checkpoints of the run use exp3/fixed-rate",
    ),
    Theorem(
        id="exp3/anytime",
        source="Bubeck and Cesa-Bianchi 2012, Theorem 3.1",
        statement="Reg_T <= 2 sqrt(K T log K) for eta_t = sqrt(log K / (K t)), all T",
        kind="expected",
        constants="explicit",
        hypotheses=(LOSSES_IN_UNIT, OBLIVIOUS, TWO_OR_MORE_ARMS, at_least(1)),
        bound=anytime,
        remarks="of the rule with a decreasing rate (dual averaging); p_t uses eta_t",
    ),
    Theorem(
        id="exp3/fixed-rate",
        source="Lattimore and Szepesvari 2020, proof of Theorem 11.2",
        statement="Reg_T <= log K / eta + (eta / 2) K T for every fixed eta > 0 and every T",
        kind="expected",
        constants="explicit",
        hypotheses=(LOSSES_IN_UNIT, OBLIVIOUS, TWO_OR_MORE_ARMS, at_least(1), POSITIVE_LEARNING_RATE),
        bound=fixed_rate,
        remarks="holds at every checkpoint of a run with a fixed rate",
    ),
)
