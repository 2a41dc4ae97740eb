"""Tsallis-INF with importance weighting: Zimmert and Seldin 2021, Theorem 3 at alpha = 1/2, step by step."""

from __future__ import annotations

import math
import sys
from typing import Any

import numpy as np

from bandits.adversaries.bernoulli import BernoulliLosses
from bandits.adversaries.constant import ConstantLosses
from bandits.adversaries.constrained import StochasticallyConstrained
from bandits.algorithms.tsallis_inf import TsallisINF, rate
from bandits.ftrl import (
    tsallis_divergence,
    tsallis_gradient,
    tsallis_potential,
    tsallis_stability,
    tsallis_weights,
)
from kernels.jit import hook
from proofs_check.claim import Bound, Case, Claim, Rate, Sabotage
from proofs_check.claims.exp3 import MINIMAX_NAME, hidden, minimax
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
    tsallis_cost,
    zero,
)
from theory.theorems import theorem

TSALLIS = Calculus(tsallis_weights, tsallis_potential, tsallis_divergence, tsallis_gradient, tsallis_stability)
before, after, expectations = bookkeeping(TSALLIS, Estimator(over_probability, zero, zero, tsallis_cost))

STEPS = ftrl_steps(
    gradient="-2/sqrt p",
    estimator="1{A_t = i} l_{t,i} / p_{t,i}",
    mean="E_t lh_{t,i} = l_{t,i}",
    moment="E_t sum_i p_i^{3/2} lh_i^2 <= sqrt K",
    stability="(eta_t/2) sum_i p_i^{3/2} lh_i^2 / (1 + (eta_t/2) sqrt(p_i) lh_i)",
    penalty="4 (sqrt K - 1) / eta_t",
)


def allocate(params: TsallisINF, instance: Any, horizon: int) -> Bookkeeping:
    """Arrays of the watch; the theorem's rate is 2/sqrt t."""
    return allocate_bookkeeping(instance.n_arms, TsallisINF().scale, 0.5)


@hook
def begin(watch, params, adversary):
    """Forget the last run."""
    open_books(watch)


@hook
def acted(records, run, watch, params, state, adversary, t, arm, row):
    """w_t is known."""
    before(records, run, watch, state, t)


@hook
def observed(records, run, watch, params, state, adversary, t, arm, row):
    """The loss of round t is in the estimates."""
    root = math.sqrt(row.shape[0])
    after(records, run, watch, state, t)
    penalty_at_vertices(records, run, watch, state, t, 4.0 * (root - 1.0))
    expectations(records, run, watch, t, arm, row, root)


@hook
def observe_after_update(params, state, t, arm, loss):
    """Planted fault: the loss is divided by the probability of the next round, as if the weights came first."""
    p = state.probabilities[arm]
    total = state.total[arm]
    state.total[arm] = total + loss / p
    tsallis_weights(state.total, rate(params, t + 1), state.start[0], state.probabilities)
    state.total[arm] = total + loss / state.probabilities[arm]
    state.probabilities[arm] = p


@hook
def observe_raw_loss(params, state, t, arm, loss):
    """Planted fault: the loss itself, without an estimator."""
    state.total[arm] += loss


@hook
def act_one_newton_step(params, state, t, rng):
    """Planted fault: a single Newton step from the least loss, with the weights normalised afterwards."""
    eta = rate(params, t)
    n_arms = state.total.shape[0]
    norm = 0.0
    least = state.total[0]
    for i in range(1, n_arms):
        least = min(least, state.total[i])
    for i in range(n_arms):
        weight = 1.0 / (1.0 + 0.5 * eta * (state.total[i] - least)) ** 2
        state.probabilities[i] = weight
        norm += weight
    arm = -1
    for i in range(n_arms):
        state.probabilities[i] /= norm
        if arm < 0 and state.probabilities[i] >= 1.0 / n_arms:
            arm = i
    return arm


CASES = (
    Case("constrained", lambda: StochasticallyConstrained(4, 0.3), 4_000),
    Case("constrained pair", lambda: StochasticallyConstrained(2, 0.25), 2_000),
    Case("constant", lambda: ConstantLosses(np.array([0.2, 0.6, 0.8, 1.0])), 2_000, full_only=True),
    Case("bernoulli", lambda: BernoulliLosses(np.array([0.3] + 7 * [0.5])), 20_000, full_only=True),
    Case("three arms", lambda: BernoulliLosses(np.array([0.3, 0.6, 0.6])), 20_000, full_only=True),
)

CLAIM = Claim(
    slug="tsallis-inf",
    title="Tsallis-INF",
    paper="Zimmert and Seldin 2021, Tsallis-INF: an optimal algorithm for stochastic and adversarial bandits",
    setting="adversarial bandit",
    algorithm=lambda instance, horizon: TsallisINF(),
    cases=CASES,
    bounds=(
        Bound(theorem("tsallis-inf/iw")),
        Bound(theorem("tsallis-inf/iw-printed")),
        Bound(theorem("tsallis-inf/iw-stochastic")),
    ),
    watch=sys.modules[__name__],
    rate=Rate(
        theorem("tsallis-inf/iw-printed"),
        "the theorem's parameters; the hidden arm's advantage sqrt(K/T) moves with the horizon",
        lambda instance, horizon: TsallisINF(), "T", (2**9, 2**10, 2**11, 2**12, 2**13), hidden, n_runs=200,
    ),
    sabotages=(
        Sabotage("quadruple-rate", "eta_t four times too large", ("leader",),
                 lambda p: p._replace(scale=4.0 * p.scale), n_runs=5),
        Sabotage("next-probability", "the loss is divided by w_{t+1}", ("estimator",),
                 overrides={"observe": observe_after_update}, n_runs=5),
        Sabotage("raw-loss", "the loss itself in place of its estimate", ("estimator",),
                 overrides={"observe": observe_raw_loss}, n_runs=5),
        Sabotage("unsolved-weights", "the normalisation is not solved for but divided out", ("leader", "identity"),
                 overrides={"act": act_one_newton_step}, n_runs=5),
    ),
    lower_bound=minimax,
    lower_bound_name=MINIMAX_NAME,
)  # fmt: skip
