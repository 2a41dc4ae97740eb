"""Hedge (exponential weights with full information): p_t proportional to exp(-eta_t L_{t-1})."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from theory.hypotheses import LOSSES_IN_UNIT, POSITIVE_LEARNING_RATE, TWO_OR_MORE_ARMS, at_least, learning_rate
from theory.theorem import Hypothesis, Theorem

Float = npt.NDArray[np.float64]


def tuned_rate(instance: Any, params: Any, horizon: float) -> float:
    """eta = sqrt(8 log K / T)."""
    return float(np.sqrt(8.0 * np.log(instance.n_arms) / horizon))


def anytime_rate(instance: Any, params: Any, horizon: float) -> float:
    """The factor 2 sqrt(log K) of eta_t = 2 sqrt(log K / t)."""
    return float(2.0 * np.sqrt(np.log(instance.n_arms)))


def regret(instance: Any, params: Any, horizons: Float) -> Float:
    """sqrt(T log K / 2)."""
    return np.sqrt(0.5 * np.asarray(horizons, dtype=np.float64) * np.log(instance.n_arms))


def fixed_rate(instance: Any, params: Any, horizons: Float) -> Float:
    """log K / eta + eta T / 8."""
    eta = params.learning_rate
    return np.log(instance.n_arms) / eta + 0.125 * eta * np.asarray(horizons, dtype=np.float64)


def anytime(instance: Any, params: Any, horizons: Float) -> Float:
    """sqrt(T log K)."""
    return np.sqrt(np.asarray(horizons, dtype=np.float64) * np.log(instance.n_arms))


def decay(value: float) -> Hypothesis:
    """The rates fall as t^-value."""

    def violation(instance: Any, params: Any, horizon: int) -> str | None:
        given = getattr(params, "decay", None)
        return None if given is None or given == value else f"they fall as t^-{given:g}"

    return Hypothesis(f"the learning rates fall as t^-{value:g}" if value else "the learning rate is fixed", violation)


_COMMON = (LOSSES_IN_UNIT, TWO_OR_MORE_ARMS, at_least(1))

THEOREMS = (
    Theorem(
        id="hedge/regret",
        source="Cesa-Bianchi and Lugosi 2006, Theorem 2.2",
        statement="Reg_T <= sqrt(T log K / 2) for eta = sqrt(8 log K / T)",
        kind="expected",
        constants="explicit",
        hypotheses=(*_COMMON, decay(0.0), learning_rate("sqrt(8 log K / T)", tuned_rate)),
        bound=regret,
        remarks="at the horizon the rate is tuned for; sqrt(1/2) is optimal for K, T to infinity",
    ),
    Theorem(
        id="hedge/fixed-rate",
        source="Cesa-Bianchi and Lugosi 2006, Theorem 2.2, before tuning",
        statement="Reg_T <= log K / eta + eta T / 8 for every fixed eta > 0 and every T",
        kind="expected",
        constants="explicit",
        hypotheses=(*_COMMON, decay(0.0), POSITIVE_LEARNING_RATE),
        bound=fixed_rate,
    ),
    Theorem(
        id="hedge/anytime",
        source="FTRL lemma with sum eta_t/8 <= sqrt(T log K)/2; cf. Cesa-Bianchi and Lugosi 2006, Theorem 2.3",
        statement="Reg_T <= sqrt(T log K) for eta_t = 2 sqrt(log K / t) and every T",
        kind="expected",
        constants="explicit",
        hypotheses=(*_COMMON, decay(0.5), learning_rate("2 sqrt(log K / t)", anytime_rate)),
        bound=anytime,
        remarks="derived: log K/eta_T = sqrt(T log K)/2, and each round adds at most eta_t/8 (Hoeffding)",
    ),
)
