"""O-REPS: relative entropy policy search for adversarial MDPs with known transitions (Zimin and Neu 2013)."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from theory.hypotheses import LOSSES_IN_UNIT, OBLIVIOUS, POSITIVE_LEARNING_RATE, at_least, learning_rate
from theory.theorem import Theorem

Float = npt.NDArray[np.float64]


def log_pairs(instance: Any) -> float:
    """log(XA/L): X A pairs in L layers of the same size."""
    return math.log(instance.n_states * instance.n_actions)


def full_rate(instance: Any, params: Any, horizon: float) -> float:
    """eta = sqrt(2 log(XA/L)/T)."""
    return math.sqrt(2.0 * log_pairs(instance) / horizon)


def bandit_rate(instance: Any, params: Any, horizon: float) -> float:
    """eta = sqrt(2 L log(XA/L)/(X A T)) = sqrt(2 log(SA)/(S A T)) with S states in every layer."""
    return math.sqrt(2.0 * log_pairs(instance) / (instance.n_states * instance.n_actions * horizon))


def full(instance: Any, params: Any, episodes: Float) -> Float:
    """L log(XA/L)/eta + eta L T/2."""
    t, eta, layers = np.asarray(episodes, dtype=np.float64), params.learning_rate, instance.horizon
    return layers * log_pairs(instance) / eta + 0.5 * eta * layers * t


def bandit(instance: Any, params: Any, episodes: Float) -> Float:
    """L log(XA/L)/eta + eta X A T/2."""
    t, eta, layers = np.asarray(episodes, dtype=np.float64), params.learning_rate, instance.horizon
    pairs = layers * instance.n_states * instance.n_actions
    return layers * log_pairs(instance) / eta + 0.5 * eta * pairs * t


def full_tuned(instance: Any, params: Any, episodes: Float) -> Float:
    """L sqrt(2 T log(XA/L))."""
    return np.asarray(instance.horizon * np.sqrt(2.0 * np.asarray(episodes, dtype=np.float64) * log_pairs(instance)))


def bandit_tuned(instance: Any, params: Any, episodes: Float) -> Float:
    """sqrt(2 L X A T log(XA/L))."""
    t, layers = np.asarray(episodes, dtype=np.float64), instance.horizon
    pairs = layers * instance.n_states * instance.n_actions
    return np.asarray(np.sqrt(2.0 * layers * pairs * t * log_pairs(instance)))


_PAPER = "Zimin and Neu 2013"
_MODEL = (LOSSES_IN_UNIT, OBLIVIOUS, at_least(1), POSITIVE_LEARNING_RATE)
_REMARK = "constants re-derived from the mirror-descent inequality with the start of largest entropy"

THEOREMS = (
    Theorem(
        id="o-reps/bandit",
        source=f"{_PAPER}, Theorem 2 (bandit feedback)",
        statement="E Reg_T <= sqrt(2 L X A T log(XA/L)) for eta = sqrt(2 L log(XA/L)/(X A T))",
        kind="expected",
        constants="explicit",
        hypotheses=(*_MODEL, learning_rate("sqrt(2 L log(XA/L)/(X A T))", bandit_rate)),
        bound=bandit_tuned,
        remarks=_REMARK,
    ),
    Theorem(
        id="o-reps/bandit-rate",
        source=f"{_PAPER}, proof of Theorem 2",
        statement="E Reg_T <= L log(XA/L)/eta + eta X A T/2",
        kind="expected",
        constants="explicit",
        hypotheses=_MODEL,
        bound=bandit,
        remarks=_REMARK,
    ),
    Theorem(
        id="o-reps/full",
        source=f"{_PAPER}, Theorem 1 (full information)",
        statement="Reg_T <= L sqrt(2 T log(XA/L)) for eta = sqrt(2 log(XA/L)/T)",
        kind="expected",
        constants="explicit",
        hypotheses=(*_MODEL, learning_rate("sqrt(2 log(XA/L)/T)", full_rate)),
        bound=full_tuned,
        remarks=_REMARK,
    ),
    Theorem(
        id="o-reps/full-rate",
        source=f"{_PAPER}, proof of Theorem 1",
        statement="Reg_T <= L log(XA/L)/eta + eta L T/2",
        kind="expected",
        constants="explicit",
        hypotheses=_MODEL,
        bound=full,
        remarks=_REMARK,
    ),
)
