"""KL-UCRL (Filippi, Cappe and Garivier, Allerton 2010): optimism over Kullback-Leibler balls, average reward."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from theory.hypotheses import CONFIDENCE, REWARDS_IN_UNIT, at_least
from theory.theorem import Theorem
from theory.theorems.ucrl2 import COMMUNICATING

Float = npt.NDArray[np.float64]

#: The theorem says "a constant C <= 24": this is the largest it allows.
LARGEST_CONSTANT = 24.0


def iterated_log_rate(instance: Any, params: Any, steps: Float) -> Float:
    """D S sqrt(A T log(log(T)/delta))."""
    t = np.maximum(np.asarray(steps, dtype=np.float64), 6.0)
    s, a, d = float(instance.n_states), float(instance.n_actions), float(instance.diameter)
    return np.asarray(d * s * np.sqrt(a * t * np.log(np.log(t) / params.delta)))


def regret(instance: Any, params: Any, steps: Float) -> Float:
    """24 D S sqrt(A T log(log(T)/delta)), for horizons below 6 its value there."""
    return LARGEST_CONSTANT * iterated_log_rate(instance, params, steps)


def bias_variances(instance: Any) -> Float:
    """Var_{P(s,a)}(h*) of every state-action pair, shape (S * A,)."""
    arrays = instance.arrays()
    model, first = arrays.model, arrays.model.indptr[:-1]
    ahead = arrays.values[model.successors]
    mean = np.add.reduceat(model.probabilities * ahead, first)
    off = ahead - np.repeat(mean, np.diff(model.indptr))
    return np.add.reduceat(model.probabilities * off**2, first)


def variance_rate(instance: Any, params: Any, steps: Float) -> Float:
    """sqrt(S T log(log(T)/delta) sum_{s,a} Var_{P(s,a)}(h*)) + D sqrt T."""
    t = np.maximum(np.asarray(steps, dtype=np.float64), 6.0)
    total = float(instance.n_states) * float(bias_variances(instance).sum())
    return np.asarray(np.sqrt(total * t * np.log(np.log(t) / params.delta)) + float(instance.diameter) * np.sqrt(t))


THEOREMS = (
    Theorem(
        id="kl-ucrl/regret",
        source="Filippi, Cappe and Garivier 2010, Theorem 1",
        statement="w.p. 1-delta, for T > 5: T rho* - sum of rewards <= C D S sqrt(A T log(log(T)/delta)), C <= 24",
        kind="high-probability",
        constants="explicit",
        hypotheses=(COMMUNICATING, REWARDS_IN_UNIT, CONFIDENCE, at_least(6)),
        bound=regret,
        regret="realised",
        confirmed=False,
        remarks="about the horizon T with which the radii are set, not about all horizons at once",
    ),
    Theorem(
        id="kl-ucrl/variance",
        source="Talebi and Maillard 2018, Theorem 1",
        statement="w.h.p., on ergodic models, regret = O~(sqrt(S sum_{s,a} Var_{P(s,a)}(h*) T) + D sqrt T)",
        kind="high-probability",
        constants="order",
        hypotheses=(COMMUNICATING, REWARDS_IN_UNIT, CONFIDENCE, at_least(6)),
        bound=variance_rate,
        regret="realised",
        confirmed=False,
        remarks="ergodicity is the paper's assumption; it is not tested here. Logarithms as in Filippi et al.'s bound",
    ),
)
