"""Tabular policy optimisation with dilated bonuses (Luo, Wei and Lee 2021, arXiv:2107.08346), known transitions."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from theory.hypotheses import LOSSES_IN_UNIT, OBLIVIOUS, at_least
from theory.theorem import Hypothesis, Theorem

Float = npt.NDArray[np.float64]


def parameters(n_states: int, n_actions: int, horizon: int, n_episodes: int) -> tuple[float, float]:
    """(eta, gamma): gamma = 2 eta H; eta = sqrt(ln A/(4 e H X A T)), X = H S, but at most 1/(4 (e - 1) H^3)."""
    pairs = horizon * n_states * n_actions
    balanced = math.sqrt(math.log(n_actions) / (4.0 * math.e * horizon * pairs * n_episodes))
    rate = min(balanced, 1.0 / (4.0 * (math.e - 1.0) * horizon**3))
    return rate, 2.0 * rate * horizon


def regret(instance: Any, params: Any, episodes: Float) -> Float:
    """H ln A/eta + 2 e gamma H X A T."""
    h, t = instance.horizon, np.asarray(episodes, dtype=np.float64)
    pairs = h * instance.n_states * instance.n_actions
    return h * math.log(instance.n_actions) / params.learning_rate + 2.0 * math.e * params.implicit * h * pairs * t


def order(instance: Any, params: Any, episodes: Float) -> Float:
    """sqrt(H^3 X A T log A)."""
    h, t = float(instance.horizon), np.asarray(episodes, dtype=np.float64)
    pairs = h * instance.n_states * instance.n_actions
    return np.asarray(np.sqrt(h**3 * pairs * t * math.log(instance.n_actions)))


def _implicit(instance: Any, params: Any, horizon: int) -> str | None:
    left = 2.0 * params.learning_rate * instance.horizon
    return None if left <= params.implicit * (1.0 + 1e-12) else f"2 eta H = {left:g}, gamma = {params.implicit:g}"


def _small(instance: Any, params: Any, horizon: int) -> str | None:
    value = 4.0 * (math.e - 1.0) * params.learning_rate * instance.horizon**3
    return None if value <= 1.0 + 1e-12 else f"4 (e-1) eta H^3 = {value:g}"


_CONDITIONS = (
    LOSSES_IN_UNIT,
    OBLIVIOUS,
    at_least(1),
    Hypothesis("2 eta H <= gamma", _implicit),
    Hypothesis("4 (e-1) eta H^3 <= 1", _small),
)

THEOREMS = (
    Theorem(
        id="policy-optimisation/regret",
        source="Luo, Wei and Lee 2021, the tabular algorithm, for known transitions and with constants",
        statement="E R_T <= H ln A/eta + 2 e gamma H X A T if 2 eta H <= gamma and 4(e-1) eta H^3 <= 1",
        kind="expected",
        constants="explicit",
        hypotheses=_CONDITIONS,
        bound=regret,
        remarks="derived: for expected regret and known transitions 2 gamma H/(q + gamma) suffices as a bonus (the "
        "paper has 3 for high probability); 4 sqrt(e H^3 X A T ln A) at the default parameters",
    ),
    Theorem(
        id="policy-optimisation/order",
        source="Luo, Wei and Lee 2021, the tabular algorithm",
        statement="R_T = O~(sqrt(H^3 X A T)) for known transitions (O~(H^2 X sqrt(AT)) for unknown ones)",
        kind="expected",
        constants="order",
        hypotheses=_CONDITIONS,
        bound=order,
        confirmed=False,
    ),
)
