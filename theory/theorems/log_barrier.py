"""FTRL with the log-barrier -(1/eta) sum log w and importance weighting, at a fixed learning rate."""

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
    """eta = sqrt(2 (K - 1) log T / T)."""
    return float(np.sqrt(2.0 * (instance.n_arms - 1.0) * np.log(horizon) / horizon))


def regret(instance: Any, params: Any, horizons: Float) -> Float:
    """sqrt(2 (K - 1) T log T) + 1."""
    horizons = np.asarray(horizons, dtype=np.float64)
    return np.sqrt(2.0 * (instance.n_arms - 1.0) * horizons * np.log(horizons)) + 1.0


def fixed_rate(instance: Any, params: Any, horizons: Float) -> Float:
    """(K - 1) log T / eta + (eta / 2) T + 1."""
    eta, horizons = params.learning_rate, np.asarray(horizons, dtype=np.float64)
    return (instance.n_arms - 1.0) * np.log(horizons) / eta + 0.5 * eta * horizons + 1.0


_SOURCE = "FTRL lemma for the log-barrier against u = (1 - 1/T) e_i + 1/(TK); cf. Wei and Luo 2018"

THEOREMS = (
    Theorem(
        id="log-barrier/regret",
        source=_SOURCE,
        statement="Reg_T <= sqrt(2 (K-1) T log T) + 1 for eta = sqrt(2 (K-1) log T / T)",
        kind="expected",
        constants="explicit",
        hypotheses=(
            LOSSES_IN_UNIT,
            OBLIVIOUS,
            TWO_OR_MORE_ARMS,
            at_least(2),
            learning_rate("sqrt(2 (K-1) log T / T)", tuned_rate),
        ),
        bound=regret,
        remarks="at the horizon the rate is tuned for; at earlier checkpoints of the run use log-barrier/fixed-rate",
    ),
    Theorem(
        id="log-barrier/fixed-rate",
        source=_SOURCE,
        statement="Reg_T <= (K-1) log T / eta + (eta/2) E sum_t l_{t,A_t}^2 + 1 <= (K-1) log T / eta + eta T/2 + 1",
        kind="expected",
        constants="explicit",
        hypotheses=(LOSSES_IN_UNIT, OBLIVIOUS, TWO_OR_MORE_ARMS, at_least(1), POSITIVE_LEARNING_RATE),
        bound=fixed_rate,
        remarks="holds at every checkpoint of a run with a fixed rate; squared losses are bounded by one",
    ),
)
