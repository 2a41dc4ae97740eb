"""Exp3-IX: Lattimore and Szepesvari 2020, Theorem 12.1, and Neu 2015, Theorem 1, step by step."""

from __future__ import annotations

import math
import sys
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from bandits.adversaries.alternating import AlternatingLosses
from bandits.adversaries.constant import ConstantLosses
from bandits.adversaries.constrained import StochasticallyConstrained
from bandits.adversaries.exploiting import ExploitExp3
from bandits.adversaries.punishing import PunishMostPlayed
from bandits.algorithms.exp3_ix import Exp3IX, neu, tuned, tuned_for
from bandits.ftrl import add_exponential
from kernels.jit import hook
from kernels.steps import Step, check
from proofs_check.claim import Bound, Case, Claim, Rate, Sabotage
from proofs_check.claims.exp3 import MINIMAX_NAME, SHANNON, hidden, minimax
from proofs_check.ftrl import (
    OWN,
    ROUNDING,
    Bookkeeping,
    Estimator,
    allocate_bookkeeping,
    bookkeeping,
    ftrl_steps,
    open_books,
    penalty_at_vertices,
    shannon_cost,
    theorem_rate,
    zero,
)
from theory.theorems import theorem

Float = npt.NDArray[np.float64]

SPLIT, DECOMPOSITION, ONE_SIDED, REGRET = range(OWN, OWN + 4)


@hook
def explored(loss, p, eta):
    """l / (p + eta/2)."""
    return loss / (p + 0.5 * eta)


@hook
def underestimate(loss, p, eta):
    """l gamma / (p + gamma), gamma = eta/2: what E_t lh lacks."""
    return loss * 0.5 * eta / (p + 0.5 * eta)


before, after, expectations = bookkeeping(SHANNON, Estimator(explored, zero, underestimate, shannon_cost))


def event_probability(params: Exp3IX, instance: Any, horizon: int) -> float:
    """delta, split over K + 1 statements."""
    return params.delta


STEPS = (
    *ftrl_steps(
        gradient="log p",
        estimator="1{A_t = i} l_{t,i} / (p_{t,i} + gamma), gamma = eta/2",
        mean="E_t lh_{t,i} = l_{t,i} p_{t,i} / (p_{t,i} + gamma)",
        moment="E_t sum_i p_i lh_i^2 <= K",
        stability="sum_i p_i (lh_i - (1 - exp(-eta lh_i))/eta) <= (eta/2) sum_i p_i lh_i^2",
        penalty="log K / eta",
    ),
    Step(
        "loss-split",
        "l_{t,A} = sum_i p_i lh_i + gamma sum_i lh_i (difference)",
        "Lattimore and Szepesvari 2020, eq. (12.6)",
        place=("round",),
    ),
    Step(
        "decomposition",
        "sum l_{s,A} - L_i <= log K/eta + eta sum_s sum_j lh_{s,j} + (Lh_i - L_i) for every arm i",
        "Lattimore and Szepesvari 2020, proof of Theorem 12.1",
    ),
    Step(
        "one-sided",
        "2 gamma (Lh_i - L_i) <= log((K+1)/delta) for every arm i, and for the sum over the arms, in every round",
        "Lattimore and Szepesvari 2020, Lemma 12.2 and its corollary; in every round by Ville's inequality",
        "event",
        event_probability,
    ),
    Step(
        "regret",
        "Rh_t <= (log K + log((K+1)/delta))/eta + eta sum_s sum_j l_{s,j} + log((K+1)/delta) in every round",
        "Lattimore and Szepesvari 2020, Theorem 12.1, before the losses are bounded by one",
        "conditional",
        given=("one-sided",),
        place=("round",),
    ),
)


class Watch(NamedTuple):
    """The books; log((K+1)/delta); own sums of l_i and of Lh_i - L_i, (K,); suffered loss and sum of all estimates."""

    books: Bookkeeping
    level: float
    losses: Float
    excess: Float
    sums: Float


def allocate(params: Exp3IX, instance: Any, horizon: int) -> Watch:
    """Arrays of the watch, with the rate of the tuning that the algorithm follows."""
    k = instance.n_arms
    losses, excess = np.zeros((2, k))
    books = allocate_bookkeeping(k, tuned_rate(params, k, horizon), params.decay)
    return Watch(books, math.log((k + 1.0) / params.delta), losses, excess, np.zeros(2))


def tuned_rate(params: Exp3IX, n_arms: int, horizon: int) -> float:
    """The stated tuning nearest to the algorithm's rate: a wrong rate then breaks the step `leader`."""
    stated = [f(n_arms, horizon, params.delta).learning_rate for f in (tuned, tuned_for, neu)]
    return min(stated, key=lambda rate: abs(math.log(rate / params.learning_rate)))


@hook
def begin(watch, params, adversary):
    """Forget the last run."""
    open_books(watch.books)
    for i in range(watch.losses.shape[0]):
        watch.losses[i] = 0.0
        watch.excess[i] = 0.0
    watch.sums[0] = 0.0
    watch.sums[1] = 0.0


@hook
def acted(records, run, watch, params, state, adversary, t, arm, row):
    """p_t is known."""
    before(records, run, watch.books, state, t)


@hook
def observed(records, run, watch, params, state, adversary, t, arm, row):
    """The loss of round t is in the estimates."""
    books, sums = watch.books, watch.sums
    n_arms = row.shape[0]
    eta = theorem_rate(books, t)
    after(records, run, books, state, t)
    penalty_at_vertices(records, run, books, state, t, math.log(n_arms))
    expectations(records, run, books, t, arm, row, float(n_arms))
    split = 0.0
    for i in range(n_arms):
        split += (books.played[i] + 0.5 * eta) * books.estimate[i]
        sums[1] += books.estimate[i]
        watch.losses[i] += row[i]
        watch.excess[i] += books.estimate[i] - row[i]
    check(records, run, SPLIT, abs(row[arm] - split), ROUNDING, 0.0, t, -1, -1, -1)
    sums[0] += row[arm]
    everything = 0.0
    all_losses = 0.0
    best = watch.losses[0]
    for i in range(n_arms):
        limit = math.log(n_arms) / eta + eta * sums[1] + watch.excess[i]
        check(records, run, DECOMPOSITION, sums[0] - watch.losses[i], limit, ROUNDING, t, i, -1, -1)
        check(records, run, ONE_SIDED, eta * watch.excess[i], watch.level, ROUNDING, t, i, -1, -1)
        everything += watch.excess[i]
        all_losses += watch.losses[i]
        best = min(best, watch.losses[i])
    check(records, run, ONE_SIDED, eta * everything, watch.level, ROUNDING, t, -1, -1, -1)
    limit = (math.log(n_arms) + watch.level) / eta + eta * all_losses + watch.level
    check(records, run, REGRET, sums[0] - best, limit, ROUNDING, t, -1, -1, -1)


@hook
def observe_plain(params, state, t, arm, loss):
    """Planted fault: Exp3's estimate, without exploration."""
    add_exponential(state, arm, loss / state.probabilities[arm])


@hook
def observe_negative_exploration(params, state, t, arm, loss):
    """Planted fault: gamma enters with the wrong sign, so that losses are overestimated."""
    p = state.probabilities[arm]
    add_exponential(state, arm, loss / max(p - 0.5 * params.learning_rate, 0.1 * p))


CASES = (
    Case("constrained", lambda: StochasticallyConstrained(4, 0.25), 2_000),
    Case("punishing", lambda: PunishMostPlayed(3), 2_000),
    Case("constant", lambda: ConstantLosses(np.array([0.2, 0.6, 0.8, 1.0])), 2_000, full_only=True),
    Case("alternating", lambda: AlternatingLosses(), 10_000, full_only=True),
    Case("exploiting", lambda: ExploitExp3(4, 0.02), 10_000, full_only=True),
)

SABOTAGES = (
    Sabotage("quadruple-rate", "eta and gamma four times too large", ("leader", "identity", "estimator"),
             lambda p: p._replace(learning_rate=4.0 * p.learning_rate), n_runs=5),
    Sabotage("no-exploration", "the estimate l/p of Exp3", ("estimator", "loss-split"),
             overrides={"observe": observe_plain}, n_runs=5),
    Sabotage("overestimate", "l/(p - gamma) in place of l/(p + gamma)", ("one-sided", "loss-split"),
             overrides={"observe": observe_negative_exploration}, n_runs=60),
)  # fmt: skip

PAPER = (
    "Neu 2015, Explore no more: improved high-probability regret bounds for non-stochastic bandits; theorem and proof "
    "of Lattimore and Szepesvari 2020, chapter 12"
)

CLAIM = Claim(
    slug="exp3-ix",
    title="Exp3-IX",
    paper=PAPER,
    setting="adversarial bandit",
    algorithm=lambda instance, horizon: tuned(instance.n_arms, horizon),
    cases=CASES,
    bounds=(Bound(theorem("exp3-ix/regret")), Bound(theorem("exp3-ix/fixed-rate"))),
    watch=sys.modules[__name__],
    rate=Rate(
        theorem("exp3-ix/regret"),
        "the theorem's parameters; the hidden arm's advantage sqrt(K/T) moves with the horizon",
        lambda instance, horizon: tuned(instance.n_arms, horizon), "T", (2**9, 2**10, 2**11, 2**12, 2**13), hidden,
        n_runs=200,
    ),
    sabotages=SABOTAGES,
    lower_bound=minimax,
    lower_bound_name=MINIMAX_NAME,
)  # fmt: skip

FOR_DELTA = Claim(
    slug="exp3-ix-delta",
    title="Exp3-IX, tuned for one delta",
    paper=PAPER,
    setting="adversarial bandit",
    algorithm=lambda instance, horizon: tuned_for(instance.n_arms, horizon),
    cases=CASES,
    bounds=(Bound(theorem("exp3-ix/regret-delta")),),
    watch=sys.modules[__name__],
    sabotages=SABOTAGES,
    lower_bound=minimax,
    lower_bound_name=MINIMAX_NAME,
)

NEU = Claim(
    slug="exp3-ix-neu",
    title="Exp3-IX, Neu's tuning",
    paper=PAPER,
    setting="adversarial bandit",
    algorithm=lambda instance, horizon: neu(instance.n_arms, horizon),
    cases=CASES,
    bounds=(Bound(theorem("exp3-ix/neu")),),
    watch=sys.modules[__name__],
    sabotages=SABOTAGES,
    lower_bound=minimax,
    lower_bound_name=MINIMAX_NAME,
    notes="The constants of this theorem were not re-read in the paper.",
)
