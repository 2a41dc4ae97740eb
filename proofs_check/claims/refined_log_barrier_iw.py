"""The refined log-barrier lemma under bandit feedback with importance-weighted losses."""

from __future__ import annotations

import math
import sys
from typing import Any

from bandits.adversaries.constrained import StochasticallyConstrained
from bandits.adversaries.shifting import GapShifting
from bandits.algorithms.log_barrier import LogBarrier
from kernels.jit import hook
from kernels.steps import Step, check
from proofs_check.claim import Bound, Case, Claim, Sabotage
from proofs_check.claims.exp3 import MINIMAX_NAME, minimax
from proofs_check.claims.refined_log_barrier import ESTIMATOR, LEMMA_STEPS, MOMENT, Watch, lemma, watch_at
from proofs_check.claims.refined_log_barrier import acted as acted
from proofs_check.claims.refined_log_barrier import begin as begin
from proofs_check.mixture_steps import ROUNDING
from theory.theorems import theorem
from theory.theorems.refined_log_barrier import tuned_rate

STEPS = (
    *LEMMA_STEPS,
    Step("estimator", "the estimates move by 1{A_t = a} l_a/x_a (difference, relative)", "importance weighting"),
    Step(
        "second-moment",
        "E_t sum_a x_a lh_a^2 = sum_a l_a^2 <= A",
        "Dai, Luo, Wei and Zimmert 2023",
        place=("round",),
    ),
)


def tuned(horizon: int) -> LogBarrier:
    """eta = sqrt(2 log T / T), the rate of refined-log-barrier/tuned."""
    return LogBarrier(math.sqrt(2.0 * math.log(horizon) / horizon))


def allocate(params: LogBarrier, instance: Any, horizon: int) -> Watch:
    """Arrays of the watch, with the theorem's rate."""
    return watch_at(tuned_rate(instance, params, horizon), instance.n_arms, horizon)


@hook
def observed(records, run, watch, params, state, adversary, t, arm, row):
    """The loss of round t is in the estimates."""
    books = watch.books
    lemma(records, run, watch, state, t)
    expected = 0.0
    for i in range(row.shape[0]):
        p = books.played[i]
        estimate = row[i] / p
        wanted = estimate if i == arm else 0.0
        allowance = ROUNDING * (1.0 + abs(wanted)) + 1e-15 * abs(books.total[i])
        check(records, run, ESTIMATOR, abs(books.estimate[i] - wanted), allowance, 0.0, t, i, -1, -1)
        expected += p * (p * estimate * estimate)
    check(records, run, MOMENT, expected, float(row.shape[0]), ROUNDING, t, -1, -1, -1)


IMPORTANCE_WEIGHTED = Claim(
    slug="refined-log-barrier-iw",
    title="Refined log-barrier lemma, importance weighting",
    paper="Dai, Luo, Wei and Zimmert 2023, Refined regret for adversarial MDPs with linear function approximation",
    setting="adversarial bandit",
    algorithm=lambda instance, horizon: tuned(horizon),
    cases=(
        Case("constrained", lambda: StochasticallyConstrained(2, 0.5), 2_000),
        Case("gap-shifting", lambda: GapShifting(3, 0.8, 0.2), 10_000, full_only=True),
    ),
    bounds=(Bound(theorem("refined-log-barrier/tuned")), Bound(theorem("refined-log-barrier/bandit"))),
    watch=sys.modules[__name__],
    sabotages=(
        Sabotage("quadruple-rate", "eta four times too large", ("leader", "identity"),
                 lambda p: p._replace(learning_rate=4.0 * p.learning_rate), n_runs=5),
    ),
    lower_bound=minimax,
    lower_bound_name=MINIMAX_NAME,
)  # fmt: skip
