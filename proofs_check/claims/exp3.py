"""Exp3: Lattimore and Szepesvari 2020, Theorem 11.2, and Bubeck and Cesa-Bianchi 2012, Theorem 3.1, step by step."""

from __future__ import annotations

import math
import sys
from typing import Any

import numpy as np

from bandits.adversaries.bernoulli import BernoulliLosses
from bandits.adversaries.constant import ConstantLosses
from bandits.adversaries.constrained import StochasticallyConstrained
from bandits.adversaries.hidden import HiddenArm
from bandits.adversaries.shifting import GapShifting
from bandits.algorithms.exp3 import Exp3, anytime, tuned
from bandits.ftrl import (
    RATE,
    refresh_exponential,
    shannon_divergence,
    shannon_gradient,
    shannon_potential,
    shannon_stability,
    shannon_weights,
)
from kernels.jit import hook
from proofs_check.claim import Bound, Case, Claim, Rate, Sabotage
from proofs_check.ftrl import (
    Bookkeeping,
    Calculus,
    Estimator,
    allocate_bookkeeping,
    bookkeeping,
    ftrl_steps,
    open_books,
    over_probability,
    penalty_at_vertices,
    shannon_cost,
    zero,
)
from theory.lower_bounds import minimax_engine_best
from theory.theorems import theorem

SHANNON = Calculus(shannon_weights, shannon_potential, shannon_divergence, shannon_gradient, shannon_stability)
before, after, expectations = bookkeeping(SHANNON, Estimator(over_probability, zero, zero, shannon_cost))

STEPS = ftrl_steps(
    gradient="log p",
    estimator="1{A_t = i} l_{t,i} / p_{t,i}",
    mean="E_t lh_{t,i} = l_{t,i}",
    moment="E_t sum_i p_i lh_i^2 <= K",
    stability="sum_i p_i (lh_i - (1 - exp(-eta_t lh_i))/eta_t) <= (eta_t/2) sum_i p_i lh_i^2",
    penalty="log K / eta_t",
)


def allocate(params: Exp3, instance: Any, horizon: int) -> Bookkeeping:
    """Arrays of the watch, with the rate of the theorem that the schedule belongs to."""
    k = instance.n_arms
    stated = tuned(k, horizon) if params.decay == 0.0 else anytime(k)
    return allocate_bookkeeping(k, stated.learning_rate, stated.decay)


@hook
def begin(watch, params, adversary):
    """Forget the last run."""
    open_books(watch)


@hook
def acted(records, run, watch, params, state, adversary, t, arm, row):
    """p_t is known."""
    before(records, run, watch, state, t)


@hook
def observed(records, run, watch, params, state, adversary, t, arm, row):
    """The loss of round t is in the estimates."""
    n_arms = row.shape[0]
    after(records, run, watch, state, t)
    penalty_at_vertices(records, run, watch, state, t, math.log(n_arms))
    expectations(records, run, watch, t, arm, row, float(n_arms))


@hook
def observe_after_update(params, state, t, arm, loss):
    """Planted fault: the loss is divided by the probability of the next round, as if the weights came first."""
    total = state.total[arm]
    p = state.probabilities[arm]
    state.total[arm] = total + loss / p
    refresh_exponential(state, state.scalars[RATE])
    later = state.weights[arm] / state.scalars[2]
    state.total[arm] = total + loss / max(later, 1e-12)
    refresh_exponential(state, state.scalars[RATE])


@hook
def observe_raw_loss(params, state, t, arm, loss):
    """Planted fault: the loss itself, without an estimator."""
    state.total[arm] += loss
    refresh_exponential(state, state.scalars[RATE])


def hidden(horizon: int) -> tuple[HiddenArm, int]:
    """Four arms, one better by sqrt(K/T): where sqrt(KT) is the price of any algorithm."""
    return HiddenArm(4, math.sqrt(4 / horizon)), horizon


def minimax(instance: Any, horizons: np.ndarray) -> np.ndarray:
    """The best certificate of Bubeck and Cesa-Bianchi 2012, Lemma 3.2, at every horizon."""
    return np.array([minimax_engine_best(instance.n_arms, float(t))[0] for t in horizons])


MINIMAX_NAME = "Bubeck and Cesa-Bianchi 2012, Lemma 3.2 (worst case over instances)"

CASES = (
    Case("constrained", lambda: StochasticallyConstrained(4, 0.25), 2_000),
    Case("constrained pair", lambda: StochasticallyConstrained(2, 0.25), 2_000),
    Case("constant", lambda: ConstantLosses(np.array([0.2, 0.6, 0.8, 1.0])), 2_000, full_only=True),
    Case("bernoulli", lambda: BernoulliLosses(np.array([0.3] + 9 * [0.5])), 10_000, full_only=True),
    Case("gap-shifting", lambda: GapShifting(4, 0.6, 0.1), 10_000, full_only=True),
)

CLAIM = Claim(
    slug="exp3",
    title="Exp3",
    paper="Auer, Cesa-Bianchi, Freund and Schapire 2002, The nonstochastic multiarmed bandit problem; without mixing, "
    "theorem and proof of Lattimore and Szepesvari 2020, chapter 11",
    setting="adversarial bandit",
    algorithm=lambda instance, horizon: tuned(instance.n_arms, horizon),
    cases=CASES,
    bounds=(Bound(theorem("exp3/regret")), Bound(theorem("exp3/fixed-rate"))),
    watch=sys.modules[__name__],
    rate=Rate(
        theorem("exp3/regret"), "the theorem's parameters; the hidden arm's advantage sqrt(K/T) moves with the horizon",
        lambda instance, horizon: tuned(instance.n_arms, horizon), "T", (2**9, 2**10, 2**11, 2**12, 2**13), hidden,
        n_runs=200,
    ),
    sabotages=(
        Sabotage("quadruple-rate", "eta four times too large", ("leader", "identity"),
                 lambda p: p._replace(learning_rate=4.0 * p.learning_rate), n_runs=5),
        Sabotage("next-probability", "the loss is divided by p_{t+1}", ("estimator",),
                 overrides={"observe": observe_after_update}, n_runs=5),
        Sabotage("raw-loss", "the loss itself in place of its estimate", ("estimator",),
                 overrides={"observe": observe_raw_loss}, n_runs=5),
    ),
    lower_bound=minimax,
    lower_bound_name=MINIMAX_NAME,
)  # fmt: skip

ANYTIME = Claim(
    slug="exp3-anytime",
    title="Exp3, anytime",
    paper="Bubeck and Cesa-Bianchi 2012, Regret analysis of stochastic and nonstochastic multi-armed bandit problems",
    setting="adversarial bandit",
    algorithm=lambda instance, horizon: anytime(instance.n_arms),
    cases=CASES,
    bounds=(Bound(theorem("exp3/anytime")),),
    watch=sys.modules[__name__],
    sabotages=(
        Sabotage("quadruple-rate", "eta_t four times too large", ("leader", "identity"),
                 lambda p: p._replace(learning_rate=4.0 * p.learning_rate), n_runs=5),
    ),
    lower_bound=minimax,
    lower_bound_name=MINIMAX_NAME,
)  # fmt: skip
