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
from scipy.special import zeta

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


#: B_t <= (b + p/(4t))/sqrt t, since sqrt t - sqrt(t-1) <= (1 + 1/t)/(2 sqrt t).
LEADING = PENALTY / 4.0 + 2.0 * STABILITY
#: What sum B_t^2 has beside b^2 (1 + log T): b p zeta(2)/2 + p^2 zeta(3)/16.
REST = 0.5 * LEADING * PENALTY * zeta(2.0) + PENALTY**2 * zeta(3.0) / 16.0


def upper_sum(horizons: Float) -> Float:
    """sum_{t <= T} B_t <= (p/2) sqrt T + 2 s (2 sqrt T - 1)."""
    root = np.sqrt(np.asarray(horizons, dtype=np.float64))
    return np.asarray(0.5 * PENALTY * root + 2.0 * STABILITY * (2.0 * root - 1.0))


def square_sum(horizons: Float) -> Float:
    """sum_{t <= T} B_t^2 <= b^2 (1 + log T) + b p zeta(2)/2 + p^2 zeta(3)/16."""
    return np.asarray(LEADING**2 * (1.0 + np.log(np.asarray(horizons, dtype=np.float64))) + REST)


def adversarial(instance: Any, params: Any, horizons: Float) -> Float:
    """sqrt(K - 1) sum B_t + 1 + 1/sqrt 2 + 1/sqrt 3."""
    return np.sqrt(instance.n_arms - 1.0) * upper_sum(horizons) + EARLY


def stochastic(instance: Any, params: Any, horizons: Float) -> Float:
    """sum_{i != i*} (sum B_t^2)/D_i + 2 (1 + 1/sqrt 2 + 1/sqrt 3) + C."""
    corruption = float(getattr(instance, "corruption", 0.0))
    return np.sum(1.0 / positive_gaps(instance)) * square_sum(horizons) + 2.0 * EARLY + corruption


_COMMON = (LOSSES_IN_UNIT, TWO_OR_MORE_ARMS, at_least(1), setting("scale", SCALE))
_SOURCE = "regulariser and recipe of Zimmert, Luo and Wei 2019; constants derived for bandits"

THEOREMS = (
    Theorem(
        id="hybrid-bobw/adversarial",
        source=_SOURCE,
        statement="Reg_T <= sqrt(K-1) ((p/2) sqrt T + 2 s (2 sqrt T - 1)) + 2.29, about 7.77 sqrt((K-1) T)",
        kind="expected",
        constants="explicit",
        hypotheses=(*_COMMON, OBLIVIOUS),
        bound=adversarial,
        remarks="s = 1/2 + sqrt 2 (e-2)/2, p = 6 + 4/e; sum 1/sqrt t <= 2 sqrt T - 1",
    ),
    Theorem(
        id="hybrid-bobw/stochastic",
        source=_SOURCE,
        statement="Reg_T <= sum_{i != i*} (15.1 log T + 43.2)/D_i + 4.57 + C",
        kind="expected",
        constants="explicit",
        hypotheses=(*_COMMON, UNIQUE_BEST_ARM),
        bound=stochastic,
        remarks="twice the upper minus the lower series: 2 B sqrt w - D w <= B^2/D; corruption C (0 if none is stated)",
    ),
)
