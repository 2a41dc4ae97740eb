"""The refined log-barrier lemma (Dai, Luo, Wei and Zimmert 2023): FTRL with losses of any sign and size.

For x_t = argmin eta <x, sum_{s<t} l_s> - sum log x_a, any real losses and any y in the simplex

    sum <x_t - y, l_t> <= (Psi(y) - Psi(x_1))/eta + (eta/2) sum_t sum_a x_{t,a} l_{t,a}^2

(the paper has eta in place of eta/2). The constant 1/2: with w = -eta x l and u <= 1/x an arm's share of eta stab_t is
at most (u - 1) w - (u - 1) + log u <= w^2/(2x), because e^-w <= 1 - w + w^2/2 for w >= 0 and z - log(1 + z) <= z^2/2.
"""

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
from theory.theorem import Hypothesis, Theorem

Float = npt.NDArray[np.float64]


def tuned_rate(instance: Any, params: Any, horizon: float) -> float:
    """eta = sqrt(2 log T / T)."""
    return float(np.sqrt(2.0 * np.log(horizon) / horizon))


def second_moment_rate(instance: Any, params: Any, horizon: float) -> float:
    """eta = sqrt(2 A log T / (T sigma^2))."""
    return float(np.sqrt(2.0 * instance.n_arms * np.log(horizon) / (horizon * instance.second_moment)))


def bandit(instance: Any, params: Any, horizons: Float) -> Float:
    """A log T / eta + (eta/2) A T + 1."""
    t, eta, a = np.asarray(horizons, dtype=np.float64), params.learning_rate, instance.n_arms
    return a * np.log(t) / eta + 0.5 * eta * a * t + 1.0


def tuned_bandit(instance: Any, params: Any, horizons: Float) -> Float:
    """A sqrt(2 T log T) + 1."""
    t = np.asarray(horizons, dtype=np.float64)
    return instance.n_arms * np.sqrt(2.0 * t * np.log(t)) + 1.0


def second_moment(instance: Any, params: Any, horizons: Float) -> Float:
    """A log T / eta + (eta/2) sigma^2 T + largest gap."""
    t, eta = np.asarray(horizons, dtype=np.float64), params.learning_rate
    span = instance.n_arms * np.log(t) / eta
    return span + 0.5 * eta * instance.second_moment * t + np.asarray(instance.gaps).max()


def _moment(instance: Any, params: Any, horizon: int) -> str | None:
    return None if hasattr(instance, "second_moment") else "the instance does not state its second_moment"


SECOND_MOMENT = Hypothesis("the losses have second moment sigma^2 given the past and constant means", _moment)

_PAPER = "Dai, Luo, Wei and Zimmert 2023, Refined regret for adversarial MDPs, log-barrier lemma"
_COMMON = (LOSSES_IN_UNIT, OBLIVIOUS, TWO_OR_MORE_ARMS, at_least(2))

THEOREMS = (
    Theorem(
        id="refined-log-barrier/bandit",
        source=f"{_PAPER} with constant 1/2, comparator (1 - 1/T) e_i + 1/(AT)",
        statement="Reg_T <= A log T/eta + (eta/2) A T + 1 for importance weighting, and for the gain estimator "
        "1 - (1 - l) 1{A_t = a}/x_a, which has no lower bound; no exploration is mixed in",
        kind="expected",
        constants="explicit",
        hypotheses=(*_COMMON, POSITIVE_LEARNING_RATE),
        bound=bandit,
        remarks="derived: E_t sum x lh^2 = sum l^2 <= A, and for gains E_t sum x (lh - 1)^2 = sum (1 - l)^2 <= A "
        "(<x - y, lh> does not change when a constant is subtracted); holds at every T",
    ),
    Theorem(
        id="refined-log-barrier/tuned",
        source=f"{_PAPER} with constant 1/2, comparator (1 - 1/T) e_i + 1/(AT)",
        statement="Reg_T <= A sqrt(2 T log T) + 1 for eta = sqrt(2 log T/T)",
        kind="expected",
        constants="explicit",
        hypotheses=(*_COMMON, learning_rate("sqrt(2 log T / T)", tuned_rate)),
        bound=tuned_bandit,
        remarks="at the horizon the rate is tuned for",
    ),
    Theorem(
        id="refined-log-barrier/second-moment",
        source=f"{_PAPER} with constant 1/2, comparator (1 - 1/T) e_i + 1/(AT)",
        statement="Reg_T <= A log T/eta + (eta/2) sigma^2 T + largest gap, full information, losses of any size",
        kind="expected",
        constants="explicit",
        hypotheses=(TWO_OR_MORE_ARMS, at_least(2), POSITIVE_LEARNING_RATE, SECOND_MOMENT),
        bound=second_moment,
        remarks="derived: E_t sum x l^2 = sigma^2",
    ),
)
