"""FTRL with the log-barrier: sqrt(2 (K - 1) T log T) + 1 and the steps of its proof."""

from __future__ import annotations

import sys
from typing import Any, NamedTuple

import numpy as np

from bandits.adversaries.bernoulli import BernoulliLosses
from bandits.adversaries.constant import ConstantLosses
from bandits.adversaries.constrained import StochasticallyConstrained
from bandits.adversaries.shifting import GapShifting
from bandits.algorithms.log_barrier import LogBarrier, tuned
from bandits.ftrl import (
    barrier_divergence,
    barrier_gradient,
    barrier_potential,
    barrier_stability,
    barrier_weights,
)
from kernels.jit import hook
from kernels.steps import Step, check
from proofs_check.claim import Bound, Case, Claim, Rate, Sabotage
from proofs_check.claims.exp3 import MINIMAX_NAME, hidden, minimax
from proofs_check.ftrl import (
    OWN,
    ROUNDING,
    Bookkeeping,
    Calculus,
    Estimator,
    allocate_bookkeeping,
    barrier_cost,
    bookkeeping,
    ftrl_steps,
    open_books,
    over_probability,
    penalty_near_vertices,
    zero,
)
from theory.theorems import theorem

MULTIPLICATIVE = OWN

BARRIER = Calculus(barrier_weights, barrier_potential, barrier_divergence, barrier_gradient, barrier_stability)
before, after, expectations = bookkeeping(BARRIER, Estimator(over_probability, zero, zero, barrier_cost))

STEPS = (
    *ftrl_steps(
        gradient="-1/p",
        estimator="1{A_t = i} l_{t,i} / p_{t,i}",
        mean="E_t lh_{t,i} = l_{t,i}",
        moment="E_t sum_i p_i^2 lh_i^2 <= 1",
        stability="(1/eta) sum_i (z_i - log(1 + z_i)), z_i = eta p_i lh_i; at most (eta/2) l_{t,A}^2",
        penalty="((K-1) log(TK) - K log K + log 1/u_i)/eta, u = (1 - 1/T) e_i + 1/(TK); at most (K-1) log T/eta",
    ),
    Step(
        "multiplicative-stability",
        "p_{t,i} <= (1 + eta l_{t,A}) p_{t+1,i} for every arm i",
        "local-norm stability of the log-barrier, cf. Wei and Luo 2018, Lemma 12",
    ),
)


class Watch(NamedTuple):
    """The books, the horizon of the comparator u, p_t of the round before (K,), and its loss (one entry)."""

    books: Bookkeeping
    horizon: float
    last: Any
    loss: Any


def allocate(params: LogBarrier, instance: Any, horizon: int) -> Watch:
    """Arrays of the watch, with the theorem's rate."""
    k = instance.n_arms
    return Watch(
        allocate_bookkeeping(k, tuned(k, horizon).learning_rate, 0.0), float(horizon), np.zeros(k), np.zeros(1)
    )


@hook
def begin(watch, params, adversary):
    """Forget the last run."""
    open_books(watch.books)


@hook
def acted(records, run, watch, params, state, adversary, t, arm, row):
    """w_t is known."""
    before(records, run, watch.books, state, t)
    if t > 1:
        factor = 1.0 + watch.books.rate * watch.loss[0]
        for i in range(row.shape[0]):
            limit = factor * state.probabilities[i]
            check(records, run, MULTIPLICATIVE, watch.last[i], limit, ROUNDING * limit, t, i, -1, -1)


@hook
def observed(records, run, watch, params, state, adversary, t, arm, row):
    """The loss of round t is in the estimates."""
    after(records, run, watch.books, state, t)
    penalty_near_vertices(records, run, watch.books, state, t, watch.horizon)
    expectations(records, run, watch.books, t, arm, row, 1.0)
    for i in range(row.shape[0]):
        watch.last[i] = state.probabilities[i]
    watch.loss[0] = row[arm]


@hook
def observe_after_update(params, state, t, arm, loss):
    """Planted fault: the loss is divided by the probability of the next round, as if the weights came first."""
    p = state.probabilities[arm]
    total = state.total[arm]
    state.total[arm] = total + loss / p
    barrier_weights(state.total, params.learning_rate, state.start[0], state.probabilities)
    state.total[arm] = total + loss / state.probabilities[arm]
    barrier_weights(state.total, params.learning_rate, state.start[0], state.probabilities)
    state.probabilities[arm] = p


@hook
def observe_raw_loss(params, state, t, arm, loss):
    """Planted fault: the loss itself, without an estimator."""
    state.total[arm] += loss


@hook
def observe_squared(params, state, t, arm, loss):
    """Planted fault: the loss is divided by the square of the probability."""
    state.total[arm] += loss / state.probabilities[arm] ** 2


CLAIM = Claim(
    slug="log-barrier",
    title="Log-barrier FTRL",
    paper="Wei and Luo 2018, More adaptive algorithms for adversarial bandits; plain importance weighting at a fixed "
    "rate, bound from the FTRL lemma",
    setting="adversarial bandit",
    algorithm=lambda instance, horizon: tuned(instance.n_arms, horizon),
    cases=(
        Case("constrained", lambda: StochasticallyConstrained(4, 0.3), 4_000),
        Case("constrained pair", lambda: StochasticallyConstrained(2, 0.25), 2_000),
        Case("constant", lambda: ConstantLosses(np.array([0.2, 0.6, 0.8, 1.0])), 2_000, full_only=True),
        Case("bernoulli", lambda: BernoulliLosses(np.array([0.3] + 7 * [0.6])), 20_000, full_only=True),
        Case("gap-shifting", lambda: GapShifting(4, 0.6, 0.1), 20_000, full_only=True),
    ),
    bounds=(Bound(theorem("log-barrier/regret")), Bound(theorem("log-barrier/fixed-rate"))),
    watch=sys.modules[__name__],
    sabotages=(
        Sabotage("quadruple-rate", "eta four times too large", ("leader", "multiplicative-stability"),
                 lambda p: p._replace(learning_rate=4.0 * p.learning_rate), n_runs=5),
        Sabotage("next-probability", "the loss is divided by w_{t+1}", ("estimator",),
                 overrides={"observe": observe_after_update}, n_runs=5),
        Sabotage("raw-loss", "the loss itself in place of its estimate", ("estimator",),
                 overrides={"observe": observe_raw_loss}, n_runs=5),
        Sabotage("squared-probability", "the loss is divided by w^2", ("multiplicative-stability",),
                 overrides={"observe": observe_squared}, n_runs=5),
    ),
    rate=Rate(
        theorem("log-barrier/regret"),
        "the theorem's parameters; the hidden arm's advantage sqrt(K/T) moves with the horizon",
        lambda instance, horizon: tuned(instance.n_arms, horizon), "T", (2**9, 2**10, 2**11, 2**12, 2**13), hidden,
        n_runs=200,
    ),
    lower_bound=minimax,
    lower_bound_name=MINIMAX_NAME,
)  # fmt: skip
