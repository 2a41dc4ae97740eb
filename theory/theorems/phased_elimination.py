"""Phased elimination with G-optimal designs (Lattimore and Szepesvari 2020, Chapter 22)."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from theory.hypotheses import CONFIDENCE, at_least
from theory.linear_model import NOISE
from theory.theorem import Hypothesis, Theorem

Float = npt.NDArray[np.float64]


def longest_phase(instance: Any, params: Any, phase: int) -> float:
    """m + (2 R^2 d (1 + tol)/eps^2) log(k l (l+1)/delta), m = min(k, d(d+1)/2) actions rounded up, eps = 2^-l."""
    d, k = instance.dimension, instance.n_actions
    logs = np.log(k * phase * (phase + 1.0) / params.delta)
    pulls = 2.0 * params.noise**2 * d * (1.0 + params.tolerance) * 4.0**phase * logs
    return float(min(k, d * (d + 1) // 2) + pulls)


def regret(instance: Any, params: Any, horizons: Float) -> Float:
    """Phase l costs at most min(max gap, 8 eps_l) a round and lasts at most :func:`longest_phase` rounds.

    The costs decrease, so the most that T rounds can cost is to fill the phases in their order: a function of T that is
    linear within a phase.
    """
    t = np.asarray(horizons, dtype=np.float64)
    ends, costs = [0.0], [0.0]
    phase = 0
    while ends[-1] < t.max():
        phase += 1
        length = longest_phase(instance, params, phase)
        cost = instance.max_gap if phase == 1 else min(instance.max_gap, 8.0 * 0.5**phase)
        ends.append(ends[-1] + length)
        costs.append(costs[-1] + cost * length)
    # In the first phase the bound is the trivial one, which a run can attain: allow for rounding.
    return np.asarray(np.interp(t, ends, costs) * (1.0 + 1e-12))


def order(instance: Any, params: Any, horizons: Float) -> Float:
    """sqrt(T d log(k log T/delta))."""
    t = np.asarray(horizons, dtype=np.float64)
    return np.asarray(np.sqrt(t * instance.dimension * np.log(instance.n_actions * np.log(t) / params.delta)))


def _fixed(instance: Any, params: Any, horizon: int) -> str | None:
    contexts = getattr(instance, "n_contexts", None)
    if contexts is None:
        return "the instance does not state its n_contexts"
    return None if contexts == 1 else f"there are {contexts} contexts"


FIXED_ACTIONS = Hypothesis("the action set is the same in every round", _fixed)

THEOREMS = (
    Theorem(
        id="phased-elimination/regret",
        source="derived from the proof of Lattimore and Szepesvari 2020, Theorem 22.1",
        statement="w.p. 1-delta, for all T: R_T <= T_1 max gap + sum_{l>=2} T_l min(max gap, 8 eps_l), eps_l = 2^-l, "
        "T_l <= min(k, d(d+1)/2) + (2 R^2 d (1+tol)/eps_l^2) log(k l(l+1)/delta), the last phase cut at T",
        kind="high-probability",
        constants="explicit",
        hypotheses=(CONFIDENCE, NOISE, FIXED_ACTIONS, at_least(1)),
        bound=regret,
        remarks="k one-sided events a phase suffice: of the best action from below, of the others from above",
    ),
    Theorem(
        id="phased-elimination/order",
        source="Lattimore and Szepesvari 2020, Theorem 22.1",
        statement="w.p. 1-delta: R_T <= C sqrt(T d log(k log T/delta))",
        kind="high-probability",
        constants="order",
        hypotheses=(CONFIDENCE, NOISE, FIXED_ACTIONS, at_least(3)),
        bound=order,
    ),
)
