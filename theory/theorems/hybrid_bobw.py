"""FTRL with a hybrid of Tsallis entropy and entropy of the complements: best of both worlds, for bandits.

The regulariser of Zimmert, Luo and Wei 2019 with one arm a round; bounds derived by their recipe. With q = 1 - w_* for
any one arm *, gamma = 2 and eta_t = 2/sqrt t:

- E_t stab_t <= s eta_t sum_{i != *} sqrt w_i for t >= 4, s = 1/2 + sqrt 2 (e - 2)/gamma. Tsallis entropy alone gives
  (eta/2) sqrt w_i for every arm; the complement's gives, for w_* >= 1/2 and eta lh <= gamma,
  (e - 2)(eta/gamma) q l^2/w_* <= sqrt 2 (e - 2)(eta/gamma) sqrt q; for w_* < 1/2, sqrt w_* <= sqrt q <= sum sqrt w_i.
- psi(e_*) - psi(w) <= p sum_{i != *} sqrt w_i, p = 4 + gamma (1 + 2/e): 4 (sum sqrt w - 1), (1 - w) log 1/(1 - w) <= w,
  and q log 1/q <= sum w_i log 1/w_i <= (2/e) sum sqrt w_i.

So Reg_T <= E sum_t B_t sum_{i != *} sqrt w_{t,i} + 1 + 1/sqrt 2 + 1/sqrt 3,
B_t = p (1/eta_t - 1/eta_{t-1}) + s eta_t; the last three terms are (eta_t/2) sqrt w_* of the rounds 1 to 3.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from theory.hypotheses import LOSSES_IN_UNIT, OBLIVIOUS, TWO_OR_MORE_ARMS, UNIQUE_BEST_ARM, at_least, setting
from theory.reading import positive_gaps
from theory.theorem import Theorem

Float = npt.NDArray[np.float64]

GAMMA, SCALE = 2.0, 2.0
#: s and p of the module's docstring.
STABILITY = 0.5 + np.sqrt(2.0) * (np.e - 2.0) / GAMMA
PENALTY = 4.0 + GAMMA * (1.0 + 2.0 / np.e)
#: Rounds 1 to 3, where eta_t > 1: (eta_t/2) sqrt w_* more.
EARLY = 1.0 + 1.0 / np.sqrt(2.0) + 1.0 / np.sqrt(3.0)


def coefficients(horizon: float) -> Float:
    """B_1, ..., B_T."""
    root = np.sqrt(np.arange(int(horizon) + 1.0))
    return np.asarray(PENALTY * np.diff(root) / SCALE + STABILITY * SCALE / root[1:])


def adversarial(instance: Any, params: Any, horizons: Float) -> Float:
    """sqrt(K - 1) sum B_t + 1 + 1/sqrt 2 + 1/sqrt 3."""
    t = np.asarray(horizons, dtype=np.float64)
    sums = np.cumsum(coefficients(t.max()))
    return np.sqrt(instance.n_arms - 1.0) * sums[t.astype(np.int64) - 1] + EARLY


def stochastic(instance: Any, params: Any, horizons: Float) -> Float:
    """sum_{i != i*} (sum B_t^2)/D_i + 2 (1 + 1/sqrt 2 + 1/sqrt 3) + C."""
    t = np.asarray(horizons, dtype=np.float64)
    squares = np.cumsum(coefficients(t.max()) ** 2)
    corruption = float(getattr(instance, "corruption", 0.0))
    return np.sum(1.0 / positive_gaps(instance)) * squares[t.astype(np.int64) - 1] + 2.0 * EARLY + corruption


_COMMON = (LOSSES_IN_UNIT, TWO_OR_MORE_ARMS, at_least(1), setting("scale", SCALE))
_SOURCE = "regulariser and recipe of Zimmert, Luo and Wei 2019; constants derived for bandits"

THEOREMS = (
    Theorem(
        id="hybrid-bobw/adversarial",
        source=_SOURCE,
        statement="Reg_T <= sqrt(K-1) sum B_t + 2.29, about 7.8 sqrt((K-1) T)",
        kind="expected",
        constants="explicit",
        hypotheses=(*_COMMON, OBLIVIOUS),
        bound=adversarial,
        remarks="B_t = p (sqrt t - sqrt(t-1))/2 + 2 s/sqrt t, s = 1/2 + sqrt 2 (e-2)/2, p = 6 + 4/e",
    ),
    Theorem(
        id="hybrid-bobw/stochastic",
        source=_SOURCE,
        statement="Reg_T <= sum_{i != i*} (sum B_t^2)/D_i + 4.57 + C, about 15.1 log T sum 1/D_i",
        kind="expected",
        constants="explicit",
        hypotheses=(*_COMMON, UNIQUE_BEST_ARM),
        bound=stochastic,
        remarks="twice the upper minus the lower series: 2 B sqrt w - D w <= B^2/D; corruption C (0 if none is stated)",
    ),
)
