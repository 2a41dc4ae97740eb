"""KL-UCB (Garivier and Cappe 2011): the largest q with N d(mean, q) <= log f(t), f(t) = 1 + t log^2 t."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from theory.divergences import bernoulli_kl
from theory.hypotheses import SOME_GAP, at_least, family
from theory.lower_bounds import lai_robbins
from theory.theorem import Theorem

Float = npt.NDArray[np.float64]

#: The infimum is searched on a grid of this many points a side in logit coordinates, zoomed this often.
_GRID, _ZOOMS, _REACH = 25, 10, 12.0


def exploration(horizons: npt.ArrayLike) -> Float:
    """log f(t), f(t) = 1 + t log^2 t (Lattimore and Szepesvari 2020, Algorithm 8)."""
    t = np.asarray(horizons, dtype=np.float64)
    return np.log1p(t * np.log(t) ** 2)


def pulls_of_arm(mean: float, best: float, level: npt.ArrayLike) -> Float:
    """inf over e1, e2 > 0, e1 + e2 < D of level/d(mean+e1, best-e2) + 1/(2 e1^2) + 2/e2^2, with D = best - mean > 0.

    Every feasible (e1, e2) is a valid bound, so the value returned is valid however well the search did; it is
    the infimum to about 1e-12 (grid in the logits of (e1+e2)/D and e1/(e1+e2), zoomed around its best point).

    Args:
        mean, best: means of the arm and of the optimal one, in [0, 1].
        level: log f(T), any shape.
    """
    gap = best - mean
    level = np.asarray(level, dtype=np.float64)
    flat = level.reshape(-1, 1, 1)
    steps = np.linspace(-1.0, 1.0, _GRID)
    half = _REACH
    centre_s = np.zeros((flat.shape[0], 1, 1))
    centre_r = np.zeros_like(centre_s)
    best_value = np.full(flat.shape[0], np.inf)
    for _ in range(_ZOOMS):
        s = 1.0 / (1.0 + np.exp(-(centre_s + half * steps[None, :, None])))
        r = 1.0 / (1.0 + np.exp(-(centre_r + half * steps[None, None, :])))
        e1, e2 = gap * s * r, gap * s * (1.0 - r)
        divergence = bernoulli_kl(np.minimum(mean + e1, 1.0), np.maximum(best - e2, 0.0))
        with np.errstate(divide="ignore", invalid="ignore"):
            # Rounding may close the interval between mean + e1 and best - e2 at the rim of the grid.
            feasible = (mean + e1 < best - e2) & (divergence > 0.0)
            value = np.where(feasible, flat / divergence + 1.0 / (2.0 * e1**2) + 2.0 / e2**2, np.inf)
        index = value.reshape(flat.shape[0], -1).argmin(axis=1)
        row, column = np.unravel_index(index, (_GRID, _GRID))
        best_value = np.minimum(best_value, value.reshape(flat.shape[0], -1).min(axis=1))
        centre_s = centre_s + half * steps[row][:, None, None]
        centre_r = centre_r + half * steps[column][:, None, None]
        half *= 4.0 / (_GRID - 1)  # two grid steps to either side
    return best_value.reshape(level.shape)


def pulls(instance: Any, params: Any, horizons: Float) -> Float:
    """The bound on E N_i(T) for every arm, shape ``horizons.shape + (n_arms,)``; T itself for an optimal arm."""
    means = np.asarray(instance.means, dtype=np.float64)
    horizons = np.asarray(horizons, dtype=np.float64)
    values = np.repeat(horizons[..., None], means.size, axis=-1)
    level = exploration(horizons)
    for mean in np.unique(means[means < means.max()]):
        values[..., means == mean] = pulls_of_arm(float(mean), float(means.max()), level)[..., None]
    return values


def regret(instance: Any, params: Any, horizons: Float) -> Float:
    """sum_i D_i times the bound on E N_i(T). Shape of ``horizons``."""
    means = np.asarray(instance.means, dtype=np.float64)
    gaps = means.max() - means
    return np.asarray(pulls(instance, params, horizons) @ gaps)


def asymptotic(instance: Any, params: Any, horizons: Float) -> Float:
    """log T sum_{D_i > 0} D_i / d(mu_i, mu*), the Lai-Robbins line."""
    return lai_robbins(instance.means, bernoulli_kl) * np.log(horizons)


THEOREMS = (
    Theorem(
        id="kl-ucb/regret",
        source="Lattimore and Szepesvari 2020, Theorem 10.6",
        statement="E R_T <= sum_{D_i>0} inf_{e1,e2>0, e1+e2<D_i} "
        "D_i (log f(T)/d(mu_i+e1, mu*-e2) + 1/(2 e1^2) + 2/e2^2)",
        kind="expected",
        constants="explicit",
        hypotheses=(family("bernoulli"), at_least(1)),
        bound=regret,
        remarks="f(t) = 1 + t log^2 t; the infimum is computed numerically, every feasible (e1, e2) is a valid bound",
    ),
    Theorem(
        id="kl-ucb/pulls",
        source="Lattimore and Szepesvari 2020, proof of Theorem 10.6",
        statement="E N_i(T) <= inf_{e1,e2} log f(T)/d(mu_i+e1, mu*-e2) + 1/(2 e1^2) + 2/e2^2, every suboptimal arm i",
        kind="expected",
        constants="explicit",
        hypotheses=(family("bernoulli"), at_least(1)),
        bound=pulls,
        remarks="of pull counts, one column an arm; an optimal arm gets the trivial T",
    ),
    Theorem(
        id="kl-ucb/asymptotic",
        source="Lattimore and Szepesvari 2020, Theorem 10.6",
        statement="limsup R_T / log T <= sum_{D_i>0} D_i / d(mu_i, mu*)",
        kind="expected",
        constants="order",
        hypotheses=(family("bernoulli"), SOME_GAP, at_least(2)),
        bound=asymptotic,
        remarks="the constant is exact in the limit only; at a finite horizon it is a rate",
    ),
)
