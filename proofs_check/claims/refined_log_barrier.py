"""The refined log-barrier lemma under bandit feedback with the gain estimator, round by round."""

from __future__ import annotations

import sys
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from bandits.adversaries.constrained import StochasticallyConstrained
from bandits.adversaries.shifting import GapShifting
from bandits.algorithms.refined_log_barrier import RefinedLogBarrier, tuned
from bandits.mixtures import BARRIER
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
    open_books,
    regret_so_far,
)
from theory.theorems import theorem
from theory.theorems.ftrl import penalty_range

PAPER_STABILITY, STABILITY, VARIANCE, LEMMA, ESTIMATOR, MOMENT = range(OWN, OWN + 6)

_PAPER = "Dai, Luo, Wei and Zimmert 2023, log-barrier lemma"

LEMMA_STEPS = (
    *SHARED_STEPS,
    Step("refined-stability", "stab_t <= eta sum_a x_a lh_a^2, whatever the signs and sizes of lh", _PAPER),
    Step("half-stability", "stab_t <= (eta/2) sum_a x_a lh_a^2", f"{_PAPER}, constant 1/2: e^-w <= 1 - w + w^2/2"),
    Step("variance", "stab_t <= (eta/2) Var_{a ~ x_t}(lh_a)", f"{_PAPER}, for lh - <x, lh>: stab_t does not change"),
    Step(
        "lemma",
        "sum <x_s - y, lh_s> <= (Psi(y) - Psi(x_1))/eta + (eta/2) sum_s sum_a x_a lh_a^2, y = (1 - 1/T) e_i + 1/(AT)",
        f"{_PAPER}, in every round, constant 1/2",
        place=("round",),
    ),
)

STEPS = (
    *LEMMA_STEPS,
    Step("estimator", "the estimates move by -(1 - l_A)/x_A at the arm played (difference, relative)", _PAPER),
    Step("second-moment", "E_t sum_a x_a (lh_a - 1)^2 = sum_a (1 - l_a)^2 <= A", _PAPER, place=("round",)),
)


class Watch(NamedTuple):
    """The books, and the sum of (eta/2) sum x lh^2 (one entry)."""

    books: Books
    bound: npt.NDArray[np.float64]


def watch_at(rate: float, n_arms: int, horizon: int) -> Watch:
    """A watch of the log-barrier at a rate."""
    span = penalty_range(BARRIER, n_arms, horizon)
    return Watch(allocate_books(n_arms, BARRIER, rate, 0.0, 1.0 / horizon, span), np.zeros(1))


def allocate(params: RefinedLogBarrier, instance: Any, horizon: int) -> Watch:
    """Arrays of the watch, with the theorem's rate."""
    return watch_at(tuned(horizon).learning_rate, instance.n_arms, horizon)


@hook
def begin(watch, params, adversary):
    """Forget the last run."""
    open_books(watch.books)
    watch.bound[0] = 0.0


@hook
def acted(records, run, watch, params, state, adversary, t, arm, row):
    """x_t is known."""
    before(records, run, watch.books, state, t)


@hook
def lemma(records, run, watch, state, t):
    """The lemma's inequalities, after the loss of round t."""
    books = watch.books
    stab = after(records, run, books, state, t)
    mean = 0.0
    square = 0.0
    largest = 0.0
    for i in range(books.played.shape[0]):
        mean += books.played[i] * books.estimate[i]
        square += books.played[i] * books.estimate[i] ** 2
        largest = max(largest, abs(books.estimate[i]))
    variance = 0.0
    for i in range(books.played.shape[0]):
        variance += books.played[i] * (books.estimate[i] - mean) ** 2
    # stab_t is a difference of numbers of the size of the largest estimate.
    rounding = 1e-12 * (1.0 + largest)
    half = 0.5 * books.rate
    check(records, run, PAPER_STABILITY, stab, books.rate * square + rounding, 0.0, t, -1, -1, -1)
    check(records, run, STABILITY, stab, half * square + rounding, 0.0, t, -1, -1, -1)
    check(records, run, VARIANCE, stab, half * variance + rounding, 0.0, t, -1, -1, -1)
    watch.bound[0] += half * square
    limit = books.span / books.rate + watch.bound[0]
    check(records, run, LEMMA, regret_so_far(books, state), limit, ROUNDING, t, -1, -1, -1)


@hook
def observed(records, run, watch, params, state, adversary, t, arm, row):
    """The loss of round t is in the estimates."""
    books = watch.books
    lemma(records, run, watch, state, t)
    expected = 0.0
    for i in range(row.shape[0]):
        p = books.played[i]
        gain = (1.0 - row[i]) / p
        wanted = -gain if i == arm else 0.0
        allowance = ROUNDING * (1.0 + abs(wanted)) + 1e-15 * abs(books.total[i])
        check(records, run, ESTIMATOR, abs(books.estimate[i] - wanted), allowance, 0.0, t, i, -1, -1)
        expected += p * (p * gain * gain)
    check(records, run, MOMENT, expected, float(row.shape[0]), ROUNDING, t, -1, -1, -1)


CLAIM = Claim(
    slug="refined-log-barrier",
    title="Refined log-barrier lemma, gain estimator",
    paper="Dai, Luo, Wei and Zimmert 2023, Refined regret for adversarial MDPs with linear function approximation",
    setting="adversarial bandit",
    algorithm=lambda instance, horizon: tuned(horizon),
    cases=(
        Case("constrained", lambda: StochasticallyConstrained(2, 0.5), 2_000),
        Case("constrained, four arms", lambda: StochasticallyConstrained(4, 0.5), 10_000, full_only=True),
        Case("gap-shifting", lambda: GapShifting(3, 0.8, 0.2), 10_000, full_only=True),
    ),
    bounds=(Bound(theorem("refined-log-barrier/tuned")), Bound(theorem("refined-log-barrier/bandit"))),
    watch=sys.modules[__name__],
    sabotages=(
        Sabotage("quadruple-rate", "eta four times too large", ("leader", "identity"),
                 lambda p: p._replace(learning_rate=4.0 * p.learning_rate), n_runs=5),
        Sabotage("tiny-rate", "eta a thousand times too small: nothing is learnt",
                 ("refined-log-barrier/tuned", "leader"),
                 lambda p: p._replace(learning_rate=p.learning_rate / 1000.0), n_runs=60),
    ),
    lower_bound=minimax,
    lower_bound_name=MINIMAX_NAME,
)  # fmt: skip
