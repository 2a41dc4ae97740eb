"""Follow the regularised leader on the simplex with any mixture of entropy, Tsallis entropy and log-barrier.

The hyper-parameters state ``mixture`` (coefficients ``shannon, tsallis, alpha, barrier``), ``learning_rate`` and
``decay``: round t uses eta_t = learning_rate t^-decay.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from theory.hypotheses import LOSSES_IN_UNIT, OBLIVIOUS, POSITIVE_LEARNING_RATE, TWO_OR_MORE_ARMS, at_least
from theory.regularisers import Mixture
from theory.theorem import Hypothesis, Theorem

Float = npt.NDArray[np.float64]


def comparator(mixture: Any, n_arms: int, horizon: float) -> Float:
    """u near the first vertex, (K,): the vertex itself, or (1 - 1/T) e_1 + 1/(TK) if the barrier is infinite there."""
    u = np.zeros(n_arms)
    u[0] = 1.0
    return u if mixture.barrier == 0.0 else (1.0 - 1.0 / horizon) * u + 1.0 / (horizon * n_arms)


def penalty_range(mixture: Any, n_arms: int, horizon: float) -> float:
    """psi(u) - min psi for the comparator u of horizon T."""
    psi = Mixture(mixture.shannon, mixture.tsallis, mixture.alpha, mixture.barrier)
    return psi.value(comparator(mixture, n_arms, horizon)) - psi.value(np.full(n_arms, 1.0 / n_arms))


def bandit_moment(mixture: Any, n_arms: int) -> float:
    """M with E_t sum_i lh_i^2 / psi''(p_i) = sum_i l_i^2 / (p_i psi''(p_i)) <= M for importance-weighted losses.

    p psi''(p) = s + tau p^(a-1) + b/p is at least each of its terms: M = min(K/s, K^a/tau, 1/b).
    """
    with np.errstate(divide="ignore"):
        terms = np.divide((n_arms, n_arms**mixture.alpha, 1.0), (mixture.shannon, mixture.tsallis, mixture.barrier))
    return float(terms.min())


def full_information_moment(mixture: Any) -> float:
    """M with sum_i l_i^2 / psi''(w_i) <= M for losses in [0, 1]: psi''(w) >= (s + tau + b)/w."""
    return 1.0 / float(mixture.shannon + mixture.tsallis + mixture.barrier)


def rate_sum(params: Any, horizons: Float) -> Float:
    """Upper bound on sum_{t <= T} learning_rate t^-decay: the first rate and an integral; exact for decay 0."""
    t, decay = np.asarray(horizons, dtype=np.float64), params.decay
    rest = np.log(t) if decay == 1.0 else (t ** (1.0 - decay) - 1.0) / (1.0 - decay)
    return np.asarray(params.learning_rate * (1.0 + rest))


def _bound(moment: float, instance: Any, params: Any, horizons: Float) -> Float:
    """(psi(u) - min psi)/eta_T + (M/2) sum_{t <= T} eta_t + <u - e_i, L_T>, the last at most 1 (0 if u = e_i)."""
    t = np.asarray(horizons, dtype=np.float64)
    k, mixture = instance.n_arms, params.mixture
    ranges = np.array([penalty_range(mixture, k, horizon) for horizon in t.ravel()]).reshape(t.shape)
    last = params.learning_rate * t**-params.decay
    return ranges / last + 0.5 * moment * rate_sum(params, t) + (1.0 if mixture.barrier > 0.0 else 0.0)


def bandit(instance: Any, params: Any, horizons: Float) -> Float:
    """With M = min(K/s, K^a/tau, 1/b)."""
    return _bound(bandit_moment(params.mixture, instance.n_arms), instance, params, horizons)


def full_information(instance: Any, params: Any, horizons: Float) -> Float:
    """With M = 1/(s + tau + b)."""
    return _bound(full_information_moment(params.mixture), instance, params, horizons)


def _mixture(instance: Any, params: Any, horizon: int) -> str | None:
    given = getattr(params, "mixture", None)
    if given is None:
        return "the algorithm does not state its mixture"
    total = given.shannon + given.tsallis + given.barrier
    return None if total > 0.0 else "all coefficients are zero"


MIXTURE = Hypothesis("psi is a mixture of entropy, Tsallis entropy and log-barrier", _mixture)


def _falling(instance: Any, params: Any, horizon: int) -> str | None:
    decay = getattr(params, "decay", 0.0)
    return None if decay >= 0.0 else f"decay = {decay:g}"


FALLING_RATE = Hypothesis("the learning rates do not increase", _falling)

_SOURCE = "Lattimore and Szepesvari 2020, Theorem 28.4, Corollary 28.8 and Exercise 28.12"
_COMMON = (LOSSES_IN_UNIT, TWO_OR_MORE_ARMS, at_least(1), POSITIVE_LEARNING_RATE, FALLING_RATE, MIXTURE)

THEOREMS = (
    Theorem(
        id="ftrl/bandit",
        source=f"{_SOURCE}, with importance weighting",
        statement="Reg_T <= (psi(u) - min psi)/eta_T + (M/2) sum eta_t + 1, M = min(K/s, K^a/tau, 1/b); without a "
        "barrier u is a vertex and the 1 falls away",
        kind="expected",
        constants="explicit",
        hypotheses=(*_COMMON, OBLIVIOUS),
        bound=bandit,
        remarks="holds at every T of a run; derived: psi'' falls with w, so stab_t <= (eta_t/2) sum lh^2/psi''(w)",
    ),
    Theorem(
        id="ftrl/full-information",
        source=_SOURCE,
        statement="Reg_T <= (psi(u) - min psi)/eta_T + (M/2) sum eta_t + 1, M = 1/(s + tau + b); without a barrier u "
        "is a vertex and the 1 falls away",
        kind="expected",
        constants="explicit",
        hypotheses=_COMMON,
        bound=full_information,
        remarks="holds at every T of a run and on every path of losses",
    ),
)
