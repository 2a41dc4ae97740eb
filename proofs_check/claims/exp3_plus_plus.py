"""Exp3++: both regimes of Seldin and Lugosi 2017, step by step."""

from __future__ import annotations

import math
import sys
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from bandits.adversaries.bernoulli import BernoulliLosses
from bandits.algorithms.exp3_plus_plus import Exp3PlusPlus
from bandits.ftrl import shannon_weights
from kernels.jit import hook
from kernels.reductions import least
from kernels.steps import Step, check
from proofs_check.claim import Bound, Case, Claim, Rate, Sabotage
from proofs_check.claims.exp3 import MINIMAX_NAME, minimax
from theory.theorems import theorem

Float = npt.NDArray[np.float64]

LAW, CAP, ESTIMATOR, MIXED, MOMENT, REGRET, GAP = range(7)

#: Rounding allowance, relative.
ROUNDING = 1e-9

#: The gap estimates are watched from this round on.
SETTLED = 40

_SOURCE = "Seldin and Slivkins 2014, proof of Theorem 1"


def gap_failure(params: Exp3PlusPlus, instance: Any, horizon: int) -> float:
    """sum_{t >= 40} sum_a sum_{N <= t} 2 exp(-2 N radius^2) = sum 2 t^-2 <= 2/39 for alpha = 3 (one side each)."""
    return 2.0 / (SETTLED - 1.0)


STEPS = (
    Step("law", "p_t = (1 - sum eps) softmax(-eta_t Lh) + eps at the theorem's rate (difference)", _SOURCE),
    Step("cap", "0 <= eps_t(a) <= min{1/(2K), sqrt(log K/(t K))/2}", _SOURCE),
    Step("estimator", "the estimates move by 1{A = i} l_i/p_i (difference, relative)", _SOURCE),
    Step("mixed", "<p_t - rho_t, l_t> <= sum_a eps_t(a): the price of exploration", _SOURCE, place=("round",)),
    Step("second-moment", "E_t sum_i rho_i lh_i^2 = sum_i rho_i l_i^2/p_i <= 2 K, as sum eps <= 1/2", _SOURCE,
         place=("round",)),
    Step(
        "regret",
        "sum_s <rho_s, lh_s> - min_i Lh_i <= log K/eta_t + sum_s (eta_s/2) sum_i rho_i lh_i^2 in every round",
        "Lattimore and Szepesvari 2020, Corollary 28.8",
        place=("round",),
    ),
    Step(
        "gap-estimate",
        "eps_t(a) is at least its value at the true gap: the estimated gap is no larger, from round 40 on",
        "Seldin and Lugosi 2017, Section 3 (Hoeffding, union over arms, rounds and plays)",
        "event",
        gap_failure,
    ),
)  # fmt: skip


class Watch(NamedTuple):
    """The theorem's beta; the true gaps, (K,), or not-a-number; L_{t-1}, own softmax and p_t, (K,); sums of <rho, lh>
    and of (eta/2) sum rho lh^2."""

    beta: float
    gaps: Float
    total: Float
    soft: Float
    law: Float
    sums: Float


def allocate(params: Exp3PlusPlus, instance: Any, horizon: int) -> Watch:
    """Arrays of the watch."""
    # The event says nothing of losses without fixed means.
    fixed = isinstance(instance, BernoulliLosses)
    means = np.asarray(instance.means, dtype=float) if fixed else np.full(instance.n_arms, np.nan)
    total, soft, law = np.zeros((3, instance.n_arms))
    return Watch(Exp3PlusPlus().beta, means - means.min(), total, soft, law, np.zeros(2))


@hook
def begin(watch, params, adversary):
    """Forget the last run."""
    watch.sums[0] = 0.0
    watch.sums[1] = 0.0


@hook
def acted(records, run, watch, params, state, adversary, t, arm, row):
    """p_t is known."""
    n_arms = row.shape[0]
    eta = 0.5 * math.sqrt(math.log(n_arms) / (t * n_arms))
    cap = min(0.5 / n_arms, eta)
    shannon_weights(state.total, eta, 1.0, watch.soft)
    explored = 0.0
    for i in range(n_arms):
        explored += state.exploration[i]
    for i in range(n_arms):
        watch.total[i] = state.total[i]
        watch.law[i] = state.probabilities[i]
        wanted = (1.0 - explored) * watch.soft[i] + state.exploration[i]
        check(records, run, LAW, abs(watch.law[i] - wanted), ROUNDING, 0.0, t, i, -1, -1)
        check(records, run, CAP, abs(state.exploration[i] - 0.5 * cap), 0.5 * cap, ROUNDING, t, i, -1, -1)
        if t >= SETTLED and not math.isnan(watch.gaps[i]):
            floor = cap
            if watch.gaps[i] > 0.0:
                floor = min(cap, watch.beta * math.log(t) / (t * watch.gaps[i] ** 2))
            check(records, run, GAP, floor, state.exploration[i], 1e-12, t, i, -1, -1)


@hook
def observed(records, run, watch, params, state, adversary, t, arm, row):
    """The loss of round t is in the estimates."""
    n_arms = row.shape[0]
    eta = 0.5 * math.sqrt(math.log(n_arms) / (t * n_arms))
    price = 0.0
    explored = 0.0
    moment = 0.0
    mean = 0.0
    square = 0.0
    for i in range(n_arms):
        rho, p = watch.soft[i], watch.law[i]
        moved = state.total[i] - watch.total[i]
        wanted = row[i] / p if i == arm else 0.0
        allowance = ROUNDING * (1.0 + wanted) + 1e-15 * watch.total[i]
        check(records, run, ESTIMATOR, abs(moved - wanted), allowance, 0.0, t, i, -1, -1)
        price += (p - rho) * row[i]
        explored += state.exploration[i]
        moment += rho * row[i] ** 2 / p
        mean += rho * moved
        square += rho * moved * moved
    check(records, run, MIXED, price, explored, ROUNDING, t, -1, -1, -1)
    check(records, run, MOMENT, moment, 2.0 * n_arms, ROUNDING, t, -1, -1, -1)
    watch.sums[0] += mean
    watch.sums[1] += 0.5 * eta * square
    limit = math.log(n_arms) / eta + watch.sums[1]
    check(records, run, REGRET, watch.sums[0] - least(state.total), limit, ROUNDING, t, -1, -1, -1)


@hook
def observe_soft(params, state, t, arm, loss):
    """Planted fault: the loss is divided by the softmax, not by the probability the arm was played with."""
    state.total[arm] += loss / max(state.soft[arm], 1e-12)
    state.seen[arm] += loss
    state.plays[arm] += 1.0


#: Small enough for exploration to fall below its cap within the grid: 2 beta log t sqrt(K/log K) < D^2 sqrt t.
PRACTICAL_BETA = 0.05

CLAIM = Claim(
    slug="exp3-plus-plus",
    title="Exp3++",
    paper="Seldin and Lugosi 2017, An improved parametrization and analysis of the EXP3++ algorithm for stochastic and "
    "adversarial bandits",
    setting="adversarial bandit",
    algorithm=lambda instance, horizon: Exp3PlusPlus(),
    cases=(
        Case("pair", lambda: BernoulliLosses(np.array([0.2, 0.8])), 2_000),
        Case("four arms", lambda: BernoulliLosses(np.array([0.2, 0.6, 0.7, 0.9])), 20_000, full_only=True),
    ),
    bounds=(Bound(theorem("exp3-plus-plus/adversarial")),),
    watch=sys.modules[__name__],
    rate=Rate(
        theorem("exp3-plus-plus/stochastic"), f"practical: beta = {PRACTICAL_BETA:g} in place of 256 (no theorem)",
        lambda instance, horizon: Exp3PlusPlus(beta=PRACTICAL_BETA), "T", (2**11, 2**12, 2**13, 2**14, 2**15, 2**16),
        lambda horizon: (BernoulliLosses(np.array([0.2, 0.8])), horizon), n_runs=40, prefix=True,
    ),
    sabotages=(
        Sabotage("no-exploration", "beta a billion times too small: estimated gaps turn exploration off",
                 ("gap-estimate",), lambda p: p._replace(beta=1e-9 * p.beta), horizon=6_000, n_runs=60),
        Sabotage("softmax-estimate", "the loss is divided by the softmax, not by p", ("estimator",),
                 overrides={"observe": observe_soft}, n_runs=5),
    ),
    lower_bound=minimax,
    lower_bound_name=MINIMAX_NAME,
)  # fmt: skip
