"""EULER (Zanette and Brunskill, ICML 2019): regret that adapts to the variance of the optimal value."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from theory.hypotheses import CONFIDENCE, EPISODIC, REWARDS_IN_UNIT, STATIONARY, at_least
from theory.reading import tabular_sizes
from theory.theorem import Theorem

Float = npt.NDArray[np.float64]


def environmental_norm(instance: Any) -> float:
    """Q* = max_{h,s,a} Var(r(s,a)) + Var_{P(s,a)}(V*_{h+1}), for Bernoulli or deterministic rewards."""
    arrays = instance.arrays()
    model, values = arrays.model, arrays.optimal_values
    first, widths = model.indptr[:-1], np.diff(model.indptr)
    noise = model.rewards * (1.0 - model.rewards) if instance.reward_law == "bernoulli" else 0.0 * model.rewards
    worst = 0.0
    for h in range(len(values) - 1):
        # On a stage-dependent model only the rows of stage h are followed by V*_{h+1}.
        rows = slice(h * model.stage_stride, (h + 1) * model.stage_stride) if model.stage_stride else slice(None)
        ahead = values[h + 1][model.successors]
        mean = np.add.reduceat(model.probabilities * ahead, first)
        spread = np.add.reduceat(model.probabilities * (ahead - np.repeat(mean, widths)) ** 2, first)
        worst = max(worst, float((noise + spread)[rows].max()))
    return worst


def leading_rate(instance: Any, params: Any, episodes: Float) -> Float:
    """sqrt(Q* S A T log(S A T/delta)), T = KH."""
    s, a, h = tabular_sizes(instance)
    t = h * np.asarray(episodes, dtype=np.float64)
    return np.asarray(np.sqrt(environmental_norm(instance) * s * a * t * np.log(s * a * t / params.delta)))


def regret(instance: Any, params: Any, episodes: Float) -> Float:
    """sqrt(Q* S A T log(SAT/delta)) + S^{3/2} A H^2 (sqrt S + sqrt H) log(SAT/delta)."""
    s, a, h = tabular_sizes(instance)
    t = h * np.asarray(episodes, dtype=np.float64)
    lower = s**1.5 * a * h**2 * (np.sqrt(s) + np.sqrt(h)) * np.log(s * a * t / params.delta)
    return np.asarray(leading_rate(instance, params, episodes) + lower)


THEOREMS = (
    Theorem(
        id="euler/regret",
        source="Zanette and Brunskill 2019, Theorem 1",
        statement="w.p. 1-delta, regret = O~(sqrt(Q* S A T) + S^{3/2} A H^2 (sqrt S + sqrt H)), T = KH, "
        "Q* = max Var(r) + Var_P(V*_{h+1})",
        kind="high-probability",
        constants="order",
        hypotheses=(EPISODIC, STATIONARY, REWARDS_IN_UNIT, CONFIDENCE, at_least(1)),
        bound=regret,
        confirmed=False,
        remarks="one logarithm is put where the paper writes O~",
    ),
)
