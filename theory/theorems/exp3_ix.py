"""Exp3-IX (Neu 2015): Exp3 with the implicit exploration estimator 1{A = i} l / (p + gamma), gamma = eta / 2."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from theory.hypotheses import (
    CONFIDENCE,
    LOSSES_IN_UNIT,
    POSITIVE_LEARNING_RATE,
    TWO_OR_MORE_ARMS,
    at_least,
    learning_rate,
)
from theory.theorem import Theorem

Float = npt.NDArray[np.float64]


def rate(instance: Any, params: Any, horizon: float) -> float:
    """eta = sqrt(2 log(K + 1) / (K T)), the same for every delta."""
    k = instance.n_arms
    return float(np.sqrt(2.0 * np.log(k + 1.0) / (k * horizon)))


def rate_of_delta(instance: Any, params: Any, horizon: float) -> float:
    """eta = sqrt((log K + log((K + 1)/delta)) / (K T))."""
    k = instance.n_arms
    return float(np.sqrt((np.log(k) + np.log((k + 1.0) / params.delta)) / (k * horizon)))


def rate_neu(instance: Any, params: Any, horizon: float) -> float:
    """eta = sqrt(2 log K / (K T))."""
    k = instance.n_arms
    return float(np.sqrt(2.0 * np.log(k) / (k * horizon)))


def regret(instance: Any, params: Any, horizons: Float) -> Float:
    """sqrt(8 T K log(K+1)) + sqrt(T K / (2 log(K+1))) log(1/delta) + log((K+1)/delta)."""
    k, delta = instance.n_arms, params.delta
    kt = k * np.asarray(horizons, dtype=np.float64)
    log_k = np.log(k + 1.0)
    return np.sqrt(8.0 * kt * log_k) + np.sqrt(kt / (2.0 * log_k)) * np.log(1.0 / delta) + np.log((k + 1.0) / delta)


def regret_of_delta(instance: Any, params: Any, horizons: Float) -> Float:
    """2 sqrt((2 log(K+1) + log(1/delta)) T K) + log((K+1)/delta)."""
    k, delta = instance.n_arms, params.delta
    kt = k * np.asarray(horizons, dtype=np.float64)
    return 2.0 * np.sqrt((2.0 * np.log(k + 1.0) + np.log(1.0 / delta)) * kt) + np.log((k + 1.0) / delta)


def neu(instance: Any, params: Any, horizons: Float) -> Float:
    """2 sqrt(2 K T log K) + (sqrt(2 K T / log K) + 1) log(2/delta)."""
    k, delta = instance.n_arms, params.delta
    kt = k * np.asarray(horizons, dtype=np.float64)
    return 2.0 * np.sqrt(2.0 * kt * np.log(k)) + (np.sqrt(2.0 * kt / np.log(k)) + 1.0) * np.log(2.0 / delta)


def neu_anytime(instance: Any, params: Any, horizons: Float) -> Float:
    """4 sqrt(K T log K) + (2 sqrt(K T / log K) + 1) log(2/delta)."""
    k, delta = instance.n_arms, params.delta
    kt = k * np.asarray(horizons, dtype=np.float64)
    return 4.0 * np.sqrt(kt * np.log(k)) + (2.0 * np.sqrt(kt / np.log(k)) + 1.0) * np.log(2.0 / delta)


def fixed_rate(instance: Any, params: Any, horizons: Float) -> Float:
    """(log K + log((K+1)/delta)) / eta + eta K T + log((K+1)/delta)."""
    k, eta = instance.n_arms, params.learning_rate
    tail = np.log((k + 1.0) / params.delta)
    return (np.log(k) + tail) / eta + eta * k * np.asarray(horizons, dtype=np.float64) + tail


_COMMON = (LOSSES_IN_UNIT, TWO_OR_MORE_ARMS, at_least(1), CONFIDENCE)

THEOREMS = (
    Theorem(
        id="exp3-ix/regret",
        source="Lattimore and Szepesvari 2020, Theorem 12.1 (1)",
        statement="w.p. 1-delta, Rh_T <= sqrt(8TK log(K+1)) + sqrt(TK/(2 log(K+1))) log(1/delta) + log((K+1)/delta)",
        kind="high-probability",
        constants="explicit",
        hypotheses=(*_COMMON, learning_rate("sqrt(2 log(K+1) / (K T))", rate)),
        bound=regret,
        regret="realised",
        remarks="one tuning for every delta; at the horizon the rate is tuned for",
    ),
    Theorem(
        id="exp3-ix/regret-delta",
        source="Lattimore and Szepesvari 2020, Theorem 12.1 (2)",
        statement="w.p. 1-delta, Rh_T <= 2 sqrt((2 log(K+1) + log(1/delta)) TK) + log((K+1)/delta)",
        kind="high-probability",
        constants="explicit",
        hypotheses=(*_COMMON, learning_rate("sqrt((log K + log((K+1)/delta)) / (K T))", rate_of_delta)),
        bound=regret_of_delta,
        regret="realised",
        remarks="the rate is tuned for one delta and one horizon",
    ),
    Theorem(
        id="exp3-ix/fixed-rate",
        source="Lattimore and Szepesvari 2020, proof of Theorem 12.1",
        statement="w.p. 1-delta, Rh_T <= (log K + log((K+1)/delta))/eta + eta K T + log((K+1)/delta), gamma = eta/2",
        kind="high-probability",
        constants="explicit",
        hypotheses=(*_COMMON, POSITIVE_LEARNING_RATE),
        bound=fixed_rate,
        regret="realised",
        remarks="for every fixed eta and each T separately (not for all T at once); both tunings follow from it",
    ),
    Theorem(
        id="exp3-ix/neu",
        source="Neu 2015, Theorem 1, fixed horizon",
        statement="w.p. 1-delta, Rh_T <= 2 sqrt(2KT log K) + (sqrt(2KT/log K) + 1) log(2/delta)",
        kind="high-probability",
        constants="explicit",
        hypotheses=(*_COMMON, learning_rate("sqrt(2 log K / (K T))", rate_neu)),
        bound=neu,
        regret="realised",
        confirmed=False,
        remarks="eta = 2 gamma",
    ),
    Theorem(
        id="exp3-ix/neu-anytime",
        source="Neu 2015, Theorem 1, anytime",
        statement="w.p. 1-delta, Rh_T <= 4 sqrt(KT log K) + (2 sqrt(KT/log K) + 1) log(2/delta)",
        kind="high-probability",
        constants="explicit",
        hypotheses=_COMMON,
        bound=neu_anytime,
        regret="realised",
        confirmed=False,
        remarks="of the rule with eta_t = 2 gamma_t = sqrt(log K / (K t))",
    ),
)
