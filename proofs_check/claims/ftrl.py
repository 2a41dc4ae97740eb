"""The FTRL lemma for any mixture of regularisers under bandit feedback: stability and penalty, round by round."""

from __future__ import annotations

import sys
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from bandits.adversaries.constrained import StochasticallyConstrained
from bandits.adversaries.shifting import GapShifting
from bandits.algorithms.ftrl import FTRL, anytime, rate, tuned
from bandits.ftrl import draw_leader
from bandits.mixtures import BARRIER, ENTROPY, TSALLIS, Mixture, inverse_slope, mixture_weights
from kernels.jit import hook
from kernels.steps import Step, check
from proofs_check.claim import Bound, Case, Claim, Sabotage
from proofs_check.claims.exp3 import MINIMAX_NAME, minimax
from proofs_check.mixture_steps import (
    OWN,
    ROUNDING,
    SHARED_STEPS,
    Books,
    after,
    allocate_books,
    before,
    coordinate_sum,
    local_norm,
    open_books,
    rate_of,
    regret_so_far,
)
from theory.theorems import theorem
from theory.theorems.ftrl import bandit_moment, penalty_range

STABILITY, LOCAL, REGRET, ESTIMATOR, MOMENT = range(OWN, OWN + 5)

_BOOK = "Lattimore and Szepesvari 2020"

LEMMA_STEPS = (
    *SHARED_STEPS,
    Step(
        "stability",
        "stab_t <= sum_i max_v (w_i - v) lh_i - D(v, w_i)/eta_t, the exact unconstrained Bregman term of every arm",
        f"{_BOOK}, Theorem 28.4",
    ),
    Step(
        "local-norm",
        "the Bregman terms are at most (eta_t/2) sum_i lh_i^2/psi''(w_i)",
        f"{_BOOK}, Corollary 28.8; psi'' falls with w and losses >= 0 only lower w",
    ),
    Step(
        "regret",
        "sum_s <w_s - u, lh_s> <= (psi(u) - min psi)/eta_t + sum_s (eta_s/2) sum_i lh_{s,i}^2/psi''(w_{s,i})",
        f"{_BOOK}, Corollary 28.8, in every round",
        place=("round",),
    ),
)

STEPS = (
    *LEMMA_STEPS,
    Step(
        "estimator", "the estimates move by 1{A_t = i} l_{t,i}/w_{t,i} (difference, relative)", f"{_BOOK}, eq. (11.3)"
    ),
    Step(
        "second-moment",
        "E_t sum_i lh_i^2/psi''(w_i) = sum_i l_i^2/(w_i psi''(w_i)) <= min(K/s, K^a/tau, 1/b)",
        "definition of M in ftrl/bandit",
        place=("round",),
    ),
)


class Watch(NamedTuple):
    """The books, M, and the sum of (eta_s/2) |lh_s|^2 (one entry)."""

    books: Books
    moment: float
    bound: npt.NDArray[np.float64]


def allocate(params: FTRL, instance: Any, horizon: int) -> Watch:
    """Arrays of the watch, with the rates that the theorem's parameters have."""
    k, mixture = instance.n_arms, params.mixture
    stated = tuned(mixture, k, horizon) if params.decay == 0.0 else anytime(mixture, k, horizon)
    smoothing = 1.0 / horizon if mixture.barrier > 0.0 else 0.0
    span = penalty_range(mixture, k, horizon)
    books = allocate_books(k, mixture, stated.learning_rate, stated.decay, smoothing, span)
    return Watch(books, bandit_moment(mixture, k), np.zeros(1))


@hook
def begin(watch, params, adversary):
    """Forget the last run."""
    open_books(watch.books)
    watch.bound[0] = 0.0


@hook
def acted(records, run, watch, params, state, adversary, t, arm, row):
    """w_t is known."""
    before(records, run, watch.books, state, t)


@hook
def lemma(records, run, watch, state, t):
    """The three inequalities of the lemma, after the loss of round t."""
    books = watch.books
    eta = rate_of(books, t)
    stab = after(records, run, books, state, t)
    exact = coordinate_sum(books, t)
    norm = 0.5 * eta * local_norm(books)
    check(records, run, STABILITY, stab, exact, ROUNDING, t, -1, -1, -1)
    check(records, run, LOCAL, exact, norm, ROUNDING, t, -1, -1, -1)
    watch.bound[0] += norm
    limit = books.span / eta + watch.bound[0]
    check(records, run, REGRET, regret_so_far(books, state), limit, ROUNDING, t, -1, -1, -1)


@hook
def observed(records, run, watch, params, state, adversary, t, arm, row):
    """The loss of round t is in the estimates."""
    books = watch.books
    lemma(records, run, watch, state, t)
    for i in range(row.shape[0]):
        wanted = row[i] / books.played[i] if i == arm else 0.0
        away = abs(books.estimate[i] - wanted)
        # What is added to a large L comes back with the rounding error of L.
        allowance = ROUNDING * (1.0 + abs(wanted)) + 1e-15 * abs(books.total[i])
        check(records, run, ESTIMATOR, away, allowance, 0.0, t, i, -1, -1)
    # The estimate of arm i, put in place of the run's, has its own local norm; its mean over the draw of the arm.
    expected = 0.0
    for i in range(row.shape[0]):
        p = books.played[i]
        if p > 0.0:
            for j in range(row.shape[0]):
                books.estimate[j] = row[i] / p if j == i else 0.0
            expected += p * local_norm(books)
    check(records, run, MOMENT, expected, watch.moment, ROUNDING, t, -1, -1, -1)


@hook
def act_normalised(params, state, t, rng):
    """Planted fault: the equation for x is not solved; weights at a fixed x are divided by their sum."""
    total = 0.0
    eta = rate(params, t)
    lowest = state.total[0]
    for i in range(state.total.shape[0]):
        lowest = min(lowest, state.total[i])
    for i in range(state.total.shape[0]):
        state.probabilities[i] = np.exp(inverse_slope(params.mixture, -eta * (state.total[i] - lowest)))
        total += state.probabilities[i]
    for i in range(state.total.shape[0]):
        state.probabilities[i] /= total
    return draw_leader(state, rng)


@hook
def act_mixed(params, state, t, rng):
    """Planted fault: no leader at all, one per cent of uniform exploration is mixed in."""
    n_arms = state.total.shape[0]
    state.start[0] = mixture_weights(params.mixture, state.total, rate(params, t), state.start[0], state.probabilities)
    for i in range(n_arms):
        state.probabilities[i] = 0.99 * state.probabilities[i] + 0.01 / n_arms
    return draw_leader(state, rng)


#: The mixtures that are claimed: entropy with a little barrier is the hybrid of Bubeck, Cohen and Li (2018).
EVERYTHING = Mixture(shannon=0.5, tsallis=0.5, alpha=0.5, barrier=0.05)
LOW_TSALLIS = Mixture(tsallis=1.0, alpha=0.25)
HIGH_TSALLIS = Mixture(tsallis=1.0, alpha=0.75)
BARRIER_ENTROPY = Mixture(shannon=1.0, barrier=0.05)
TSALLIS_ENTROPY = Mixture(shannon=0.5, tsallis=1.0, alpha=0.5)

QUADRUPLE = Sabotage(
    "quadruple-rate", "eta four times too large", ("leader", "identity"),
    lambda p: p._replace(learning_rate=4.0 * p.learning_rate), n_runs=5,
)  # fmt: skip

CASES = (
    Case("constrained", lambda: StochasticallyConstrained(4, 0.5), 1_000),
    Case("constrained pair", lambda: StochasticallyConstrained(2, 0.3), 4_000, full_only=True),
    Case("gap-shifting", lambda: GapShifting(4, 0.6, 0.1), 10_000, full_only=True),
)

PAPER = "Lattimore and Szepesvari 2020, Bandit algorithms, chapter 28; Bubeck, Cohen and Li 2018 for the hybrids"


def _claim(slug: str, title: str, algorithm: Any, sabotages: tuple[Sabotage, ...] = (QUADRUPLE,)) -> Claim:
    return Claim(
        slug=slug, title=title, paper=PAPER, setting="adversarial bandit", algorithm=algorithm, cases=CASES,
        bounds=(Bound(theorem("ftrl/bandit")),), watch=sys.modules[__name__], sabotages=sabotages,
        lower_bound=minimax, lower_bound_name=MINIMAX_NAME,
    )  # fmt: skip


CLAIM = _claim(
    "ftrl", "FTRL with entropy, Tsallis entropy and log-barrier at once",
    lambda instance, horizon: tuned(EVERYTHING, instance.n_arms, horizon),
    (
        QUADRUPLE,
        Sabotage("normalised", "weights are divided out instead of solved for", ("leader", "identity"),
                 overrides={"act": act_normalised}, n_runs=5),
        Sabotage("mixed", "one per cent of uniform exploration: no leader's iterate", ("leader", "identity"),
                 overrides={"act": act_mixed}, n_runs=5),
    ),
)  # fmt: skip
ENTROPY_CLAIM = _claim(
    "ftrl-entropy", "FTRL with entropy", lambda instance, horizon: tuned(ENTROPY, instance.n_arms, horizon)
)
TSALLIS_CLAIM = _claim(
    "ftrl-tsallis", "FTRL with 1/2-Tsallis entropy, anytime",
    lambda instance, horizon: anytime(TSALLIS, instance.n_arms, horizon),
)  # fmt: skip
LOW_TSALLIS_CLAIM = _claim(
    "ftrl-tsallis-low", "FTRL with 1/4-Tsallis entropy",
    lambda instance, horizon: tuned(LOW_TSALLIS, instance.n_arms, horizon),
)  # fmt: skip
HIGH_TSALLIS_CLAIM = _claim(
    "ftrl-tsallis-high", "FTRL with 3/4-Tsallis entropy, anytime",
    lambda instance, horizon: anytime(HIGH_TSALLIS, instance.n_arms, horizon),
)  # fmt: skip
BARRIER_CLAIM = _claim(
    "ftrl-barrier", "FTRL with the log-barrier", lambda instance, horizon: tuned(BARRIER, instance.n_arms, horizon)
)
BARRIER_ENTROPY_CLAIM = _claim(
    "ftrl-barrier-entropy", "FTRL with entropy and a little log-barrier",
    lambda instance, horizon: tuned(BARRIER_ENTROPY, instance.n_arms, horizon),
)  # fmt: skip
TSALLIS_ENTROPY_CLAIM = _claim(
    "ftrl-tsallis-entropy", "FTRL with 1/2-Tsallis entropy and entropy, anytime",
    lambda instance, horizon: anytime(TSALLIS_ENTROPY, instance.n_arms, horizon),
)  # fmt: skip
