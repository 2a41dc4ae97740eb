"""Adversarial MDPs with linear Q-functions (Dai, Luo, Wei and Zimmert 2023, arXiv:2301.12942).

The paper's theorems hide constants and logarithms. The explicit forms are derived here from the stated algorithms with
the exact inverse covariance and the exact dilated bonus; the derivation is on the page of the paper, and every
inequality it uses is watched.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from theory.hypotheses import LOSSES_IN_UNIT, OBLIVIOUS, at_least
from theory.theorem import Hypothesis, Theorem

Float = npt.NDArray[np.float64]


def barrier_parameters(n_actions: int, dimension: int, horizon: int, n_episodes: int) -> tuple[float, float, float]:
    """(eta, beta, gamma) of Algorithm 1: the conditions with equality, eta = sqrt(A ln K/(72 d H^4 K))."""
    rate = math.sqrt(n_actions * math.log(n_episodes) / (72.0 * dimension * horizon**4 * n_episodes))
    return rate, 8.0 * rate * horizon**2, 96.0 * rate**2 * horizon**4


def reduced_parameters(n_actions: int, dimension: int, horizon: int, n_episodes: int) -> tuple[float, float, float]:
    """(eta, beta, gamma) of Algorithm 2: beta = (16/3) eta H^2, gamma = 64 eta^2 H^4.

    The two terms that grow with K are then at most (24 + 32 e/3) eta d H^5 K, which eta balances with H ln A/eta.
    """
    growth = 24.0 + 32.0 * math.e / 3.0
    rate = math.sqrt(math.log(n_actions) / (growth * dimension * horizon**4 * n_episodes))
    return rate, 16.0 / 3.0 * rate * horizon**2, 64.0 * rate**2 * horizon**4


def dilated_entropy_parameters(
    n_actions: int, dimension: int, horizon: int, n_episodes: int
) -> tuple[float, float, float]:
    """(eta, beta, gamma) of the entropy baseline: gamma = 2 eta H, beta = sqrt(2 eta H^3/e) <= 1/(6H).

    eta^(3/2) = H ln A/(d K sqrt(8 e H^5)) balances the bound, unless K is so small that beta would exceed 1/(6H).
    """
    growth = dimension * n_episodes * math.sqrt(8.0 * math.e * horizon**5)
    rate = min((horizon * math.log(n_actions) / growth) ** (2.0 / 3.0), math.e / (72.0 * horizon**5))
    return rate, math.sqrt(2.0 * rate * horizon**3 / math.e), 2.0 * rate * horizon


def exploration_cost(instance: Any, params: Any, episodes: Float) -> Float:
    """2 gamma d H^3 K/beta + 2 e beta d H K: the bias of the estimates and the price of the bonus."""
    d, h, k = instance.dimension, instance.horizon, np.asarray(episodes, dtype=np.float64)
    beta, gamma = params.bonus_scale, params.regularization
    return 2.0 * gamma * d * h**3 * k / beta + 2.0 * math.e * beta * d * h * k


def barrier_explicit(instance: Any, params: Any, episodes: Float) -> Float:
    """H A ln K/eta + 2 gamma d H^3 K/beta + 2 e beta d H K + H (H + 2 sqrt(d) H + 1/(2 eta H))."""
    a, d, h = instance.n_actions, instance.dimension, instance.horizon
    k, eta = np.asarray(episodes, dtype=np.float64), params.learning_rate
    smoothing = h * (h + 2.0 * math.sqrt(d) * h + 1.0 / (2.0 * eta * h))
    return h * a * np.log(k) / eta + exploration_cost(instance, params, k) + smoothing


def entropy_explicit(instance: Any, params: Any, episodes: Float) -> Float:
    """H ln A/eta + 2 gamma d H^3 K/beta + 2 e beta d H K."""
    penalty = instance.horizon * math.log(instance.n_actions) / params.learning_rate
    return penalty + exploration_cost(instance, params, episodes)


def barrier_order(instance: Any, params: Any, episodes: Float) -> Float:
    """sqrt(A d H^6 K log K)."""
    a, d, h, k = instance.n_actions, instance.dimension, instance.horizon, np.asarray(episodes, dtype=np.float64)
    return np.asarray(np.sqrt(a * d * float(h) ** 6 * k * np.log(k)))


def reduced_order(instance: Any, params: Any, episodes: Float) -> Float:
    """sqrt(d H^6 K log A)."""
    a, d, h, k = instance.n_actions, instance.dimension, instance.horizon, np.asarray(episodes, dtype=np.float64)
    return np.asarray(np.sqrt(d * float(h) ** 6 * k * math.log(a)))


def dilated_entropy_order(instance: Any, params: Any, episodes: Float) -> Float:
    """d^(2/3) H^2 K^(2/3)."""
    d, h, k = instance.dimension, instance.horizon, np.asarray(episodes, dtype=np.float64)
    return np.asarray((d * k) ** (2.0 / 3.0) * h**2)


def simulator_free_order(instance: Any, params: Any, episodes: Float) -> Float:
    """K^(8/9)."""
    return np.asarray(np.asarray(episodes, dtype=np.float64) ** (8.0 / 9.0))


def bandit_explicit(instance: Any, params: Any, rounds: Float) -> Float:
    """A ln T/eta + (eta/2) d T + 2."""
    a, d, t = instance.n_actions, instance.dimension, np.asarray(rounds, dtype=np.float64)
    eta = params.learning_rate
    return a * np.log(t) / eta + 0.5 * eta * d * t + 2.0


def bandit_tuned(instance: Any, params: Any, rounds: Float) -> Float:
    """sqrt(2 A d T ln T) + 2."""
    a, d, t = instance.n_actions, instance.dimension, np.asarray(rounds, dtype=np.float64)
    return np.asarray(np.sqrt(2.0 * a * d * t * np.log(t)) + 2.0)


#: Relative error within which a condition on the parameters may hold with equality.
ROUNDING = 1e-12


def _at_most(text: str, sides: Callable[[Any, Any], tuple[float, float]]) -> Hypothesis:
    def violation(instance: Any, params: Any, horizon: int) -> str | None:
        left, right = sides(instance, params)
        return None if left <= right * (1.0 + ROUNDING) else f"the left side is {left:.6g}, the right {right:.6g}"

    return Hypothesis(text, violation)


BONUS_SMALL = _at_most(
    "12 eta beta H^2 <= gamma",
    lambda i, p: (12.0 * p.learning_rate * p.bonus_scale * i.horizon**2, p.regularization),
)
BONUS_LARGE = _at_most(
    "8 eta H^2 <= beta", lambda i, p: (8.0 * p.learning_rate * i.horizon**2, p.bonus_scale)
)  # fmt: skip
BONUS_LARGE_REDUCED = _at_most(
    "16 eta H^2 <= 3 beta", lambda i, p: (16.0 * p.learning_rate * i.horizon**2, 3.0 * p.bonus_scale)
)
BONUS_LARGE_ENTROPY = _at_most(
    "8 eta H^2 <= 3 beta", lambda i, p: (8.0 * p.learning_rate * i.horizon**2, 3.0 * p.bonus_scale)
)
MAGNITUDE_REDUCED = _at_most(
    "2 eta H <= sqrt(gamma)", lambda i, p: (2.0 * p.learning_rate * i.horizon, math.sqrt(p.regularization))
)
MAGNITUDE_PLAIN = _at_most("2 eta H <= gamma", lambda i, p: (2.0 * p.learning_rate * i.horizon, p.regularization))


def _exact(instance: Any, params: Any, horizon: int) -> str | None:
    for what in ("covariance", "recursion"):
        if not getattr(params, what).exact:
            return f"the {what} is sampled"
    return None


EXACT = Hypothesis("the inverse covariance and the dilated bonus are exact", _exact)


def _one_layer(instance: Any, params: Any, horizon: int) -> str | None:
    return None if instance.horizon == 1 else f"there are {instance.horizon} layers"


ONE_LAYER = Hypothesis("there is one layer", _one_layer)


def _unbiased(instance: Any, params: Any, horizon: int) -> str | None:
    if params.bonus_scale == 0.0 and params.regularization == 0.0:
        return None
    return f"beta = {params.bonus_scale:g}, gamma = {params.regularization:g}"


UNBIASED = Hypothesis("there is neither a bonus nor a regularization", _unbiased)


def _spanning(instance: Any, params: Any, horizon: int) -> str | None:
    rank = int(np.linalg.matrix_rank(np.asarray(instance.features).reshape(-1, instance.dimension)))
    return None if rank == instance.dimension else f"they span {rank} of {instance.dimension} dimensions"


SPANNING = Hypothesis("the features span R^d", _spanning)


def _tuned_bandit_rate(instance: Any, params: Any, horizon: int) -> str | None:
    wanted = math.sqrt(2.0 * instance.n_actions * math.log(horizon) / (instance.dimension * horizon))
    given = params.learning_rate
    return None if abs(given - wanted) <= 1e-9 * wanted else f"it is {given:.9g} instead of {wanted:.9g}"


_PAPER = "Dai, Luo, Wei and Zimmert 2023"
_LOSSES = (LOSSES_IN_UNIT, OBLIVIOUS)
_DERIVED = "derived for the exact inverse covariance and bonus; not printed in the paper"

THEOREMS = (
    Theorem(
        id="refined-regret/log-barrier",
        source=f"{_PAPER}, Algorithm 1, with constants",
        statement="E R_K <= H A ln K/eta + 2 gamma d H^3 K/beta + 2e beta d H K + H(H + 2 sqrt(d) H + 1/(2 eta H))",
        kind="expected",
        constants="explicit",
        hypotheses=(*_LOSSES, EXACT, BONUS_SMALL, BONUS_LARGE, at_least(1)),
        bound=barrier_explicit,
        remarks=f"{_DERIVED}; at the default parameters at most 2 sqrt(72 A d H^6 K ln K) plus the last term",
    ),
    Theorem(
        id="refined-regret/log-barrier-order",
        source=f"{_PAPER}, theorem of Algorithm 1",
        statement="E R_K = O~(sqrt(A d H^6 K))",
        kind="expected",
        constants="order",
        hypotheses=_LOSSES,
        bound=barrier_order,
        confirmed=False,
        remarks="the logarithm of K is written out as sqrt(log K), as in the explicit form",
    ),
    Theorem(
        id="refined-regret/reduced",
        source=f"{_PAPER}, Algorithm 2, with constants",
        statement="E R_K <= H ln A/eta + 2 gamma d H^3 K/beta + 2e beta d H K",
        kind="expected",
        constants="explicit",
        hypotheses=(*_LOSSES, EXACT, BONUS_SMALL, BONUS_LARGE_REDUCED, MAGNITUDE_REDUCED, at_least(1)),
        bound=entropy_explicit,
        remarks=_DERIVED,
    ),
    Theorem(
        id="refined-regret/reduced-order",
        source=f"{_PAPER}, theorem of Algorithm 2",
        statement="E R_K = O~(sqrt(d H^6 K))",
        kind="expected",
        constants="order",
        hypotheses=_LOSSES,
        bound=reduced_order,
        confirmed=False,
        remarks="log A is written out as in the explicit form, which has no log K",
    ),
    Theorem(
        id="refined-regret/dilated-entropy",
        source="Luo, Wei and Lee 2021, the linear-Q algorithm, with constants",
        statement="E R_K <= H ln A/eta + 2 gamma d H^3 K/beta + 2e beta d H K",
        kind="expected",
        constants="explicit",
        hypotheses=(*_LOSSES, EXACT, BONUS_SMALL, BONUS_LARGE_ENTROPY, MAGNITUDE_PLAIN, at_least(1)),
        bound=entropy_explicit,
        remarks=f"{_DERIVED}; 3 H ln A/eta = O(d^(2/3) H^2 K^(2/3) (ln A)^(1/3)) at the default parameters",
    ),
    Theorem(
        id="refined-regret/dilated-entropy-order",
        source="Luo, Wei and Lee 2021, theorem of the linear-Q algorithm",
        statement="E R_K = O~(d^(2/3) H^2 K^(2/3))",
        kind="expected",
        constants="order",
        hypotheses=_LOSSES,
        bound=dilated_entropy_order,
        confirmed=False,
    ),
    Theorem(
        id="refined-regret/simulator-free",
        source=f"{_PAPER}, theorem of Algorithm 3",
        statement="E R_K = O~(poly(A, d, H) K^(8/9)) without a simulator",
        kind="expected",
        constants="order",
        hypotheses=_LOSSES,
        bound=simulator_free_order,
        confirmed=False,
        remarks="the phases that the rate needs (M_0, N_0) are longer than any run here: only the steps are checked",
    ),
    Theorem(
        id="refined-regret/linear-bandit",
        source=f"{_PAPER}, log-barrier lemma with H = 1 and beta = gamma = 0",
        statement="E R_T <= A ln T/eta + (eta/2) d T + 2",
        kind="expected",
        constants="explicit",
        hypotheses=(*_LOSSES, EXACT, ONE_LAYER, UNBIASED, SPANNING, at_least(1)),
        bound=bandit_explicit,
        remarks="no exploration is mixed in, and eta Qhat may be anything; contexts of a known law are allowed",
    ),
    Theorem(
        id="refined-regret/linear-bandit-tuned",
        source=f"{_PAPER}, log-barrier lemma with H = 1 and beta = gamma = 0",
        statement="E R_T <= sqrt(2 A d T ln T) + 2 for eta = sqrt(2 A ln T/(d T))",
        kind="expected",
        constants="explicit",
        hypotheses=(
            *_LOSSES,
            EXACT,
            ONE_LAYER,
            UNBIASED,
            SPANNING,
            at_least(2),
            Hypothesis("eta = sqrt(2 A ln T/(d T))", _tuned_bandit_rate),
        ),
        bound=bandit_tuned,
        remarks="at the horizon the rate is tuned for",
    ),
)
