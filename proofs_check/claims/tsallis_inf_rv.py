"""Tsallis-INF with reduced variance: Zimmert and Seldin 2021, Theorem 1, step by step."""

from __future__ import annotations

import math
import sys
from typing import Any

import numpy as np

from bandits.algorithms.tsallis_inf_rv import TsallisINFRV, rate
from kernels.jit import hook
from kernels.steps import Step, check
from proofs_check.claim import Bound, Claim, Sabotage
from proofs_check.claims.exp3 import MINIMAX_NAME, minimax
from proofs_check.claims.tsallis_inf import CASES, TSALLIS
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
    theorem_rate,
)
from theory.theorems import theorem

SHIFT = OWN

#: First round with eta_t = 4/sqrt t <= 2, from which on the bound on the expected stability holds.
FIRST = 4


@hook
def _baseline(p, eta):
    return 0.5 if p >= eta * eta else 0.0


@hook
def if_played(loss, p, eta):
    """(l - B)/p + B."""
    b = _baseline(p, eta)
    return (loss - b) / p + b


@hook
def if_not(loss, p, eta):
    """B."""
    return _baseline(p, eta)


@hook
def unbiased(loss, p, eta):
    """No bias: p ((l - B)/p + B) + (1 - p) B = l."""
    return 0.0


@hook
def centred_stability(p, estimate, eta):
    """One arm's share of the bound on stab_t, from the estimate less 1/2."""
    root = math.sqrt(p)
    z = 0.5 * eta * root * (estimate - 0.5)
    return 0.5 * eta * p * root * (estimate - 0.5) ** 2 / (1.0 + z) if z > -1.0 else np.inf


before, after, expectations = bookkeeping(
    TSALLIS._replace(shift=0.5), Estimator(if_played, if_not, unbiased, centred_stability)
)

STEPS = (
    *ftrl_steps(
        gradient="-2/sqrt p",
        estimator="1{A_t = i} (l_{t,i} - B_i)/p_{t,i} + B_i, B_i = 1/2 if p_{t,i} >= eta_t^2, else 0",
        mean="E_t lh_{t,i} = l_{t,i}",
        moment="E_t of the bound on stab_t <= (eta_t/8) sum_i sqrt p_i + (K/2) eta_t^2 from round 4 on",
        stability="(eta_t/2) sum_i p_i^{3/2} (lh_i - 1/2)^2 / (1 + z_i), z_i = (eta_t/2) sqrt(p_i) (lh_i - 1/2)",
        penalty="4 (sqrt K - 1) / eta_t",
    ),
    Step(
        "small-shift",
        "-1/4 <= (eta_t/2) sqrt(p_A) (lh_A - 1/2) for the arm played if its baseline is 1/2",
        "Zimmert and Seldin 2021, Section 5: what the threshold p >= eta_t^2 is for",
    ),
)  # fmt: skip


def allocate(params: TsallisINFRV, instance: Any, horizon: int) -> Bookkeeping:
    """Arrays of the watch; the theorem's rate is 4/sqrt t."""
    return allocate_bookkeeping(instance.n_arms, TsallisINFRV().scale, 0.5)


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
    n_arms = row.shape[0]
    eta = theorem_rate(watch, t)
    after(records, run, watch, state, t)
    penalty_at_vertices(records, run, watch, state, t, 4.0 * (math.sqrt(n_arms) - 1.0))
    roots = 0.0
    for i in range(n_arms):
        roots += math.sqrt(watch.played[i])
    limit = 0.125 * eta * roots + 0.5 * n_arms * eta * eta if t >= FIRST else np.inf
    expectations(records, run, watch, t, arm, row, limit)
    # The smallest z that an estimate with a baseline can have: an estimate below 0 has one.
    if watch.estimate[arm] < 0.0 or watch.played[arm] >= eta * eta:
        z = 0.5 * eta * math.sqrt(watch.played[arm]) * (watch.estimate[arm] - 0.5)
        check(records, run, SHIFT, -z, 0.25, ROUNDING, t, arm, -1, -1)


@hook
def observe_without_threshold(params, state, t, arm, loss):
    """Planted fault: the baseline is 1/2 however small the probability."""
    for i in range(state.total.shape[0]):
        state.total[i] += (loss - 0.5) / state.probabilities[i] + 0.5 if i == arm else 0.5


@hook
def observe_half_baseline(params, state, t, arm, loss):
    """Planted fault: the baseline is subtracted from the loss and never added back."""
    eta = rate(params, t)
    state.total[arm] += (loss - _baseline(state.probabilities[arm], eta)) / state.probabilities[arm]


REDUCED_VARIANCE = Claim(
    slug="tsallis-inf-rv",
    title="Tsallis-INF, reduced variance",
    paper="Zimmert and Seldin 2021, Tsallis-INF: an optimal algorithm for stochastic and adversarial bandits",
    setting="adversarial bandit",
    algorithm=lambda instance, horizon: TsallisINFRV(),
    cases=CASES,
    bounds=(
        Bound(theorem("tsallis-inf/rv")),
        Bound(theorem("tsallis-inf/rv-printed")),
        Bound(theorem("tsallis-inf/rv-stochastic")),
    ),
    watch=sys.modules[__name__],
    sabotages=(
        Sabotage("no-threshold", "baseline 1/2 for every arm, also for p < eta_t^2", ("small-shift", "estimator"),
                 overrides={"observe": observe_without_threshold}, n_runs=5),
        Sabotage("half-baseline", "the baseline is not added back", ("estimator",),
                 overrides={"observe": observe_half_baseline}, n_runs=5),
        Sabotage("quarter-rate", "eta_t four times too small", ("leader",),
                 lambda p: p._replace(scale=p.scale / 4.0), n_runs=5),
    ),
    lower_bound=minimax,
    lower_bound_name=MINIMAX_NAME,
)  # fmt: skip
