"""Exp3.P (Auer, Cesa-Bianchi, Freund and Schapire 2002; constants of Bubeck and Cesa-Bianchi 2012, Section 3.2)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from theory.hypotheses import (
    CONFIDENCE,
    LOSSES_IN_UNIT,
    RATE_TOLERANCE,
    TWO_OR_MORE_ARMS,
    at_least,
    learning_rate,
)
from theory.theorem import Hypothesis, Theorem

Float = npt.NDArray[np.float64]


def rate(instance: Any, params: Any, horizon: float) -> float:
    """eta = 0.95 sqrt(log K / (T K))."""
    k = instance.n_arms
    return float(0.95 * np.sqrt(np.log(k) / (horizon * k)))


def mixing(instance: Any, params: Any, horizon: float) -> float:
    """gamma = 1.05 sqrt(K log K / T)."""
    k = instance.n_arms
    return float(1.05 * np.sqrt(k * np.log(k) / horizon))


def bias_of_delta(instance: Any, params: Any, horizon: float) -> float:
    """beta = sqrt(log(K/delta) / (K T))."""
    k = instance.n_arms
    return float(np.sqrt(np.log(k / params.delta) / (k * horizon)))


def bias(instance: Any, params: Any, horizon: float) -> float:
    """beta = sqrt(log K / (K T))."""
    k = instance.n_arms
    return float(np.sqrt(np.log(k) / (k * horizon)))


def regret_of_delta(instance: Any, params: Any, horizons: Float) -> Float:
    """5.15 sqrt(T K log(K/delta))."""
    k = instance.n_arms
    return 5.15 * np.sqrt(np.asarray(horizons, dtype=np.float64) * k * np.log(k / params.delta))


def regret(instance: Any, params: Any, horizons: Float) -> Float:
    """sqrt(T K / log K) log(1/delta) + 5.15 sqrt(T K log K)."""
    k, t = instance.n_arms, np.asarray(horizons, dtype=np.float64)
    return np.sqrt(t * k / np.log(k)) * np.log(1.0 / params.delta) + 5.15 * np.sqrt(t * k * np.log(k))


def expected(instance: Any, params: Any, horizons: Float) -> Float:
    """5.15 sqrt(T K log K) + sqrt(T K / log K)."""
    k, t = instance.n_arms, np.asarray(horizons, dtype=np.float64)
    return 5.15 * np.sqrt(t * k * np.log(k)) + np.sqrt(t * k / np.log(k))


def untuned(instance: Any, params: Any, horizons: Float) -> Float:
    """beta T K + gamma T + (1 + beta) eta K T + log(K/delta)/beta + log K/eta."""
    k, t = instance.n_arms, np.asarray(horizons, dtype=np.float64)
    eta, gamma, beta = params.learning_rate, params.mixing, params.bias
    linear = beta * k + gamma + (1.0 + beta) * eta * k
    return linear * t + np.log(k / params.delta) / beta + np.log(k) / eta


def _prescribed(name: str, text: str, value: Callable[[Any, Any, float], float]) -> Hypothesis:
    def violation(instance: Any, params: Any, horizon: int) -> str | None:
        given, wanted = getattr(params, name), value(instance, params, horizon)
        near = abs(given - wanted) <= RATE_TOLERANCE * wanted
        return None if near else f"it is {given:.9g}, prescribed is {wanted:.9g} at horizon {horizon}"

    return Hypothesis(f"the algorithm's {name} is {text}", violation)


def _admissible(instance: Any, params: Any, horizon: int) -> str | None:
    eta, gamma, beta = params.learning_rate, params.mixing, params.bias
    if not 0.0 < beta <= 1.0:
        return f"beta = {beta:g}"
    if not gamma <= 0.5:
        return f"gamma = {gamma:g}"
    load = (1.0 + beta) * instance.n_arms * eta
    # Room for rounding where the tuning meets the condition with equality.
    return None if load <= gamma * (1.0 + RATE_TOLERANCE) else f"(1 + beta) K eta = {load:g} exceeds gamma = {gamma:g}"


ADMISSIBLE = Hypothesis("0 < beta <= 1, gamma <= 1/2 and (1 + beta) K eta <= gamma", _admissible)
_RATE = learning_rate("0.95 sqrt(log K / (T K))", rate)
_MIXING = _prescribed("mixing", "1.05 sqrt(K log K / T)", mixing)
_COMMON = (LOSSES_IN_UNIT, TWO_OR_MORE_ARMS, at_least(1), CONFIDENCE)
_TUNED = (*_COMMON, _RATE, _MIXING)

THEOREMS = (
    Theorem(
        id="exp3-p/untuned",
        source="Bubeck and Cesa-Bianchi 2012, eq. (3.12)",
        statement="w.p. 1-delta, Rh_T <= beta T K + gamma T + (1+beta) eta K T + log(K/delta)/beta + log K/eta",
        kind="high-probability",
        constants="explicit",
        hypotheses=(*_COMMON, ADMISSIBLE),
        bound=untuned,
        regret="realised",
        remarks="for any admissible parameters, adaptive adversaries included; every step of its proof is watched",
    ),
    Theorem(
        id="exp3-p/regret-delta",
        source="Bubeck and Cesa-Bianchi 2012, Theorem 3.2, tuned for delta",
        statement="w.p. 1-delta, Rh_T <= 5.15 sqrt(T K log(K/delta))",
        kind="high-probability",
        constants="explicit",
        hypotheses=(*_TUNED, _prescribed("bias", "sqrt(log(K/delta) / (K T))", bias_of_delta)),
        bound=regret_of_delta,
        regret="realised",
        remarks="exceeds T where the parameters are not admissible",
    ),
    Theorem(
        id="exp3-p/regret",
        source="Bubeck and Cesa-Bianchi 2012, Theorem 3.2, one tuning for every delta",
        statement="w.p. 1-delta, Rh_T <= sqrt(TK/log K) log(1/delta) + 5.15 sqrt(T K log K)",
        kind="high-probability",
        constants="explicit",
        hypotheses=(*_TUNED, _prescribed("bias", "sqrt(log K / (K T))", bias)),
        bound=regret,
        regret="realised",
    ),
    Theorem(
        id="exp3-p/expected",
        source="Bubeck and Cesa-Bianchi 2012, Theorem 3.3",
        statement="E Rh_T <= 5.15 sqrt(T K log K) + sqrt(T K / log K), the maximum over arms inside the expectation",
        kind="expected",
        constants="explicit",
        hypotheses=(*_TUNED, _prescribed("bias", "sqrt(log K / (K T))", bias)),
        bound=expected,
        regret="realised",
        remarks="adaptive adversaries included",
    ),
)
