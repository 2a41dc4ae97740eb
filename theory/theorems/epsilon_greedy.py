"""epsilon_t-greedy (Auer, Cesa-Bianchi and Fischer 2002): explore with probability min(1, cK/(d^2 t))."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from theory.hypotheses import FIXED_LAWS, REWARDS_IN_UNIT, SOME_GAP, at_least
from theory.reading import positive_gaps
from theory.theorem import Hypothesis, Theorem

Float = npt.NDArray[np.float64]


def play_probability(n_arms: int, c: float, gap: float, rounds: npt.ArrayLike) -> Float:
    """The bound on P(A_t = j) for a suboptimal arm j, t >= cK/d, d = ``gap``; 1 before. Shape of ``rounds``.

    c/(d^2 t) + 2 ((c/d^2) log((t-1) d^2 e^(1/2)/(cK))) z^(c/(5 d^2)) + (4e/d^2) z^(c/2), z = cK/((t-1) d^2 e^(1/2)).
    A probability being at most 1, so is what is returned; and where z >= 1 the bound is not below 1 anyway.
    """
    t = np.asarray(rounds, dtype=np.float64)
    with np.errstate(divide="ignore"):
        z = c * n_arms / ((t - 1.0) * gap**2 * np.exp(0.5))
    small = np.minimum(z, 1.0)
    value = (
        c / (gap**2 * t)
        + 2.0 * (c / gap**2) * np.log(1.0 / small) * small ** (c / (5.0 * gap**2))
        + 4.0 * np.e / gap**2 * small ** (c / 2.0)
    )
    return np.where((t >= c * n_arms / gap) & (z < 1.0), np.minimum(value, 1.0), 1.0)


#: Rounds summed one by one; beyond, in blocks that grow by this factor.
_SINGLY, _GROWTH = 2**14, 1.001


def regret(instance: Any, params: Any, horizons: Float) -> Float:
    """sum_{t <= T} min(D_max, sum_{D_j > 0} D_j p_t), p_t the bound on P(A_t = j). Shape of ``horizons``.

    From round 2^14 on in blocks of rounds, each at the value of its first one, an upper bound less than 0.1 % above
    the sum: where it is below 1, p_t falls with t.
    """
    gaps = positive_gaps(instance)
    horizons = np.asarray(horizons, dtype=np.float64)
    blocks = max(0, int(np.ceil(np.log(max(float(horizons.max()), 1.0) / _SINGLY) / np.log(_GROWTH))))
    ends = np.concatenate(
        [np.arange(0.0, _SINGLY + 1.0), np.ceil(_SINGLY * _GROWTH ** np.arange(1.0, blocks + 1.0))]
    )  # fmt: skip
    share = play_probability(instance.n_arms, params.c, params.gap, ends[:-1] + 1.0)
    lost = np.minimum(gaps.max(), gaps.sum() * share)
    return np.asarray(np.interp(horizons, ends, np.concatenate([[0.0], np.cumsum(np.diff(ends) * lost)])))


def order(instance: Any, params: Any, horizons: Float) -> Float:
    """(c/d^2) sum D_j log T."""
    return params.c / params.gap**2 * positive_gaps(instance).sum() * np.log(horizons)


def _large_c(instance: Any, params: Any, horizon: int) -> str | None:
    return None if params.c > 5.0 else f"c is {params.c:g}"


def _gap_known(instance: Any, params: Any, horizon: int) -> str | None:
    least = float(positive_gaps(instance).min())
    if params.gap > least * (1.0 + 1e-12):
        return f"d is {params.gap:g}, and the smallest gap is {least:g}"
    return None


HYPOTHESES = (
    FIXED_LAWS,
    REWARDS_IN_UNIT,
    SOME_GAP,
    Hypothesis("c > 5", _large_c),
    Hypothesis("0 < d <= the smallest positive gap", _gap_known),
    at_least(2),
)

THEOREMS = (
    Theorem(
        id="epsilon-greedy/regret",
        source="Auer, Cesa-Bianchi and Fischer 2002, Theorem 3, summed over the rounds",
        statement="E R_T <= sum_t min(D_max, sum_{D_j>0} D_j p_t), p_t = c/(d^2 t) + 2 (c/d^2) log(1/z) z^(c/(5 d^2)) "
        "+ (4e/d^2) z^(c/2), z = cK/((t-1) d^2 e^(1/2)), from t >= cK/d on, 1 before",
        kind="expected",
        constants="explicit",
        hypotheses=HYPOTHESES,
        bound=regret,
        confirmed=False,
        remarks="the theorem bounds the probability p_t of a suboptimal arm in one round; summed here",
    ),
    Theorem(
        id="epsilon-greedy/order",
        source="Auer, Cesa-Bianchi and Fischer 2002, remark after Theorem 3",
        statement="for c > 5 the probability of a suboptimal arm is c/(d^2 t) + o(1/t): R_T = O((c/d^2) sum D_j log T)",
        kind="expected",
        constants="order",
        hypotheses=HYPOTHESES,
        bound=order,
        confirmed=False,
    ),
)
