"""The refined log-barrier lemma on losses of either sign over seven decades, at a tuned and at a reckless rate."""

from __future__ import annotations

import math
import sys
from typing import Any

from bandits.adversaries.heavy_tailed import HeavyTailedLosses
from bandits.algorithms.ftrl_experts import FTRLExperts
from bandits.mixtures import BARRIER, ENTROPY
from kernels.jit import hook
from kernels.steps import Step, check
from proofs_check.claim import Bound, Case, Claim, Sabotage
from proofs_check.claims.refined_log_barrier import ESTIMATOR, LEMMA_STEPS, Watch, lemma, watch_at
from proofs_check.claims.refined_log_barrier import acted as acted
from proofs_check.claims.refined_log_barrier import begin as begin
from theory.theorems import theorem
from theory.theorems.refined_log_barrier import second_moment_rate

STEPS = (
    *LEMMA_STEPS,
    Step("losses", "the cumulative losses move by l_t (difference, relative)", "full information"),
)

#: A rate at which eta |l| reaches 1e5: the lemma has no condition on it.
RECKLESS_RATE = 1.0


def tuned(instance: Any, horizon: int) -> FTRLExperts:
    """The rate of refined-log-barrier/second-moment."""
    return FTRLExperts(BARRIER, second_moment_rate(instance, None, horizon))


def reckless(instance: Any, horizon: int) -> FTRLExperts:
    """eta = 1."""
    return FTRLExperts(BARRIER, RECKLESS_RATE)


def allocate(params: FTRLExperts, instance: Any, horizon: int) -> Watch:
    """Arrays of the watch at the nearer one of the two rates, so that a wrong rate breaks the step `leader`."""
    stated = (second_moment_rate(instance, params, max(horizon, 2)), RECKLESS_RATE)
    rate = min(stated, key=lambda eta: abs(math.log(eta / params.learning_rate)))
    return watch_at(rate, instance.n_arms, horizon)


@hook
def observed(records, run, watch, params, state, adversary, t, arm, row):
    """The losses of round t have been added."""
    books = watch.books
    lemma(records, run, watch, state, t)
    for i in range(row.shape[0]):
        allowance = 1e-15 * (abs(books.total[i]) + abs(row[i]))
        check(records, run, ESTIMATOR, abs(books.estimate[i] - row[i]), allowance, 1e-12, t, i, -1, -1)


CASES = (
    Case("three arms", lambda: HeavyTailedLosses((0.9, 0.1, 0.1)), 1_000),
    Case("pair", lambda: HeavyTailedLosses((0.9, 0.1)), 4_000, full_only=True),
    Case("ten arms", lambda: HeavyTailedLosses((0.9, *(9 * (0.1,)))), 4_000, full_only=True),
)

PAPER = "Dai, Luo, Wei and Zimmert 2023, Refined regret for adversarial MDPs with linear function approximation"

SABOTAGES = (
    Sabotage("quadruple-rate", "eta four times too large", ("leader", "identity"),
             lambda p: p._replace(learning_rate=4.0 * p.learning_rate), n_runs=5),
    Sabotage("entropy", "entropy in place of the log-barrier", ("leader", "identity"),
             lambda p: p._replace(mixture=ENTROPY), n_runs=5),
)  # fmt: skip

HEAVY = Claim(
    slug="refined-log-barrier-heavy",
    title="Refined log-barrier lemma, losses over seven decades",
    paper=PAPER,
    setting="adversarial bandit",
    algorithm=tuned,
    cases=CASES,
    bounds=(Bound(theorem("refined-log-barrier/second-moment")),),
    watch=sys.modules[__name__],
    sabotages=SABOTAGES,
)

RECKLESS = Claim(
    slug="refined-log-barrier-reckless",
    title="Refined log-barrier lemma, losses over seven decades, eta = 1",
    paper=PAPER,
    setting="adversarial bandit",
    algorithm=reckless,
    cases=CASES,
    bounds=(),
    watch=sys.modules[__name__],
    sabotages=(
        Sabotage("entropy", "entropy in place of the log-barrier", ("leader",),
                 lambda p: p._replace(mixture=ENTROPY), n_runs=5),
    ),
)  # fmt: skip
