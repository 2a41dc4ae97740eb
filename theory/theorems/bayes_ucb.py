"""Bayes-UCB (Kaufmann, Cappe and Garivier 2012): the quantile 1 - 1/(t log^c T) of the Beta posterior."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from theory.divergences import bernoulli_kl
from theory.hypotheses import SOME_GAP, at_least, family
from theory.lower_bounds import lai_robbins
from theory.theorem import Hypothesis, Theorem

Float = npt.NDArray[np.float64]


#: Points of the grid on which the infimum over the slack of a suboptimal arm's mean is taken.
_GRID = 2000


def pulls(instance: Any, params: Any, horizons: Float) -> Float:
    """The finite-time bound on E N_i(T) for every arm, shape ``horizons.shape + (n_arms,)``; T for an optimal arm.

    1 + inf_{0<e<D_i} [ (log T + c log log T) / d(mu_i + e, mu*) + 1 / (exp(d(mu_i + e, mu_i)) - 1) ]
      + T / ((1 - mu*) log^c T), the infimum on a grid (every e is a valid bound).
    """
    means = np.asarray(instance.means, dtype=np.float64)
    t = np.asarray(horizons, dtype=np.float64)
    best, log_t = float(means.max()), np.log(np.maximum(t, 3.0))
    level = log_t + params.power * np.log(log_t)
    values = np.repeat(t[..., None], means.size, axis=-1)
    share = np.arange(1.0, _GRID) / _GRID
    for i in np.flatnonzero(means < best):
        raised = means[i] + share * (best - means[i])
        with np.errstate(over="ignore"):
            rest = 1.0 / np.expm1(bernoulli_kl(raised, means[i]))
        least = (level[..., None] / bernoulli_kl(raised, best) + rest).min(axis=-1)
        values[..., i] = np.minimum(t, 1.0 + least + t / ((1.0 - best) * log_t**params.power))
    return values


def regret(instance: Any, params: Any, horizons: Float) -> Float:
    """sum_i D_i times the finite-time bound on E N_i(T). Shape of ``horizons``."""
    means = np.asarray(instance.means, dtype=np.float64)
    return np.asarray(pulls(instance, params, horizons) @ (means.max() - means))


def asymptotic(instance: Any, params: Any, horizons: Float) -> Float:
    """log T sum_{D_i > 0} D_i / d(mu_i, mu*)."""
    return lai_robbins(instance.means, bernoulli_kl) * np.log(horizons)


def _large_power(instance: Any, params: Any, horizon: int) -> str | None:
    return None if params.power >= 5.0 else f"c is {params.power:g}"


def _below_one(instance: Any, params: Any, horizon: int) -> str | None:
    best = float(np.max(instance.means))
    return None if best < 1.0 else f"it is {best:g}"


THEOREMS = (
    Theorem(
        id="bayes-ucb/finite",
        source="derived from Kaufmann, Cappe and Garivier 2012, Lemma 1, by a union over counts",
        statement="E N_i(T) <= 1 + inf_e [(log T + c log log T)/d(mu_i + e, mu*) + 1/(exp(d(mu_i + e, mu_i)) - 1)] + "
        "T/((1 - mu*) log^c T) for every suboptimal i, uniform prior, T >= 3",
        kind="expected",
        constants="explicit",
        hypotheses=(family("bernoulli"), Hypothesis("mu* < 1", _below_one), at_least(3)),
        bound=regret,
        remarks="not a theorem of the paper, whose peeling replaces the last term by o(log T); that term is small at "
        "moderate T and useless in the limit. Of the regret: times D_i, summed",
    ),
    Theorem(
        id="bayes-ucb/asymptotic",
        source="Kaufmann, Cappe and Garivier 2012, Theorem 1",
        statement="uniform prior, c >= 5: E N_i(T) <= (1 + e) log T / d(mu_i, mu*) + o(log T) for every e > 0 and "
        "suboptimal i",
        kind="expected",
        constants="order",
        hypotheses=(family("bernoulli"), Hypothesis("c >= 5", _large_power), SOME_GAP, at_least(2)),
        bound=asymptotic,
        confirmed=False,
        remarks="the constant is exact in the limit only; c = 0, the usual choice in practice, is outside the theorem",
    ),
)
