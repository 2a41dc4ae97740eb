"""Exp4: Lattimore and Szepesvari 2020, Theorem 18.1, step by step, against the best expert."""

from __future__ import annotations

import math
import sys
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from bandits.adversaries.advised import AdvisedLosses
from bandits.algorithms.exp4 import Exp4, tuned
from bandits.ftrl import shannon_weights
from kernels.engine import Trace
from kernels.jit import hook
from kernels.reductions import least
from kernels.steps import Step, check
from proofs_check.claim import Bound, Case, Claim, Sabotage
from proofs_check.claims.exp3 import MINIMAX_NAME, minimax
from theory.theorems import theorem

Float = npt.NDArray[np.float64]

LAW, ESTIMATOR, PLAYED, MOMENT, STABILITY, REGRET = range(6)

#: Rounding allowance, relative.
ROUNDING = 1e-9

_SOURCE = "Lattimore and Szepesvari 2020, proof of Theorem 18.1"

STEPS = (
    Step("law", "p_t = q_t E_t, q_t proportional to exp(-eta Lt) at the theorem's rate (difference)", _SOURCE),
    Step("estimator", "Lt_m moves by E_{t,m,A} l/p_A (difference, relative)", _SOURCE, place=("round", "expert")),
    Step("played-loss", "sum_m q_m <E_m, lh> = l_A (difference)", _SOURCE, place=("round",)),
    Step("second-moment", "E_t sum_m q_m <E_m, lh>^2 = sum_i l_i^2 sum_m q_m E_{m,i}^2/p_i <= K", _SOURCE,
         place=("round",)),
    Step("stability", "<q, lt> + (1/eta) log <q, exp(-eta lt)> <= (eta/2) sum_m q_m lt_m^2", _SOURCE, place=("round",)),
    Step("regret", "sum_s l_{s,A} - min_m Lt_m <= log M/eta + (eta/2) sum_s sum_m q_m lt_m^2 in every round", _SOURCE,
         place=("round",)),
)  # fmt: skip


class Watch(NamedTuple):
    """The theorem's eta; advice, (Q, M, K); Lt_{t-1} and own q, (M,), p, (K,); sums of l_A and (eta/2) sum q lt^2."""

    rate: float
    advice: Float
    total: Float
    shares: Float
    law: Float
    sums: Float


def allocate(params: Exp4, instance: AdvisedLosses, horizon: int) -> Watch:
    """Arrays of the watch, with the theorem's rate."""
    k, m = instance.n_arms, instance.n_experts
    rate = tuned(m, k, horizon).learning_rate
    return Watch(rate, instance.laws.copy(), np.zeros(m), np.zeros(m), np.zeros(k), np.zeros(2))


@hook
def begin(watch, params, adversary):
    """Forget the last run."""
    watch.sums[0] = 0.0
    watch.sums[1] = 0.0


@hook
def acted(records, run, watch, params, state, adversary, t, arm, row):
    """p_t is known."""
    now = (t - 1) % watch.advice.shape[0]
    shannon_weights(state.total, watch.rate, 1.0, watch.shares)
    for m in range(watch.shares.shape[0]):
        watch.total[m] = state.total[m]
    for i in range(row.shape[0]):
        wanted = 0.0
        for m in range(watch.shares.shape[0]):
            wanted += watch.shares[m] * watch.advice[now, m, i]
        watch.law[i] = state.probabilities[i]
        check(records, run, LAW, abs(watch.law[i] - wanted), ROUNDING, 0.0, t, i, -1, -1)


@hook
def observed(records, run, watch, params, state, adversary, t, arm, row):
    """The loss of round t is in the estimates."""
    now = (t - 1) % watch.advice.shape[0]
    eta = watch.rate
    mean = 0.0
    square = 0.0
    mixed = 0.0
    for m in range(watch.shares.shape[0]):
        moved = state.total[m] - watch.total[m]
        wanted = watch.advice[now, m, arm] * row[arm] / watch.law[arm]
        allowance = ROUNDING * (1.0 + wanted) + 1e-15 * watch.total[m]
        check(records, run, ESTIMATOR, abs(moved - wanted), allowance, 0.0, t, m, -1, -1)
        mean += watch.shares[m] * moved
        square += watch.shares[m] * moved * moved
        mixed += watch.shares[m] * math.expm1(-eta * moved)
    moment = 0.0
    for i in range(row.shape[0]):
        if watch.law[i] > 0.0:
            for m in range(watch.shares.shape[0]):
                moment += row[i] ** 2 * watch.shares[m] * watch.advice[now, m, i] ** 2 / watch.law[i]
    check(records, run, PLAYED, abs(mean - row[arm]), ROUNDING, 0.0, t, -1, -1, -1)
    check(records, run, MOMENT, moment, float(row.shape[0]), ROUNDING, t, -1, -1, -1)
    check(records, run, STABILITY, mean + math.log1p(mixed) / eta, 0.5 * eta * square, ROUNDING, t, -1, -1, -1)
    watch.sums[0] += row[arm]
    watch.sums[1] += 0.5 * eta * square
    limit = math.log(watch.shares.shape[0]) / eta + watch.sums[1]
    check(records, run, REGRET, watch.sums[0] - least(state.total), limit, ROUNDING, t, -1, -1, -1)


@hook
def observe_raw_loss(params, state, t, arm, loss):
    """Planted fault: the loss itself, without an estimator."""
    now = (t - 1) % state.advice.shape[0]
    for m in range(state.total.shape[0]):
        state.total[m] += state.advice[now, m, arm] * loss


def expert_regret(trace: Trace, instance: Any, params: Any) -> Float:
    """Regret against the best expert at the horizon, one number per run."""
    return np.asarray(trace.regret[:, -1] + instance.advantage(trace.checkpoints[-1]))


def largest_regret(instance: Any, horizon: int) -> float:
    """The worst arm in every round."""
    t = np.array([float(horizon)])
    return float(instance.trivial_regret(t)[0] + instance.advantage(t)[0])


def seasons(n_arms: int) -> AdvisedLosses:
    """In season t mod K one arm loses 0.1, the others 0.8. Experts: every fixed arm; every shift of the season, of
    which one is right always; uniform play."""
    cycle = np.full((n_arms, n_arms), 0.8)
    np.fill_diagonal(cycle, 0.1)
    eye = np.eye(n_arms)
    uniform = np.full((1, n_arms), 1.0 / n_arms)
    shifts = [np.stack([eye[(season + shift) % n_arms] for shift in range(n_arms)]) for season in range(n_arms)]
    return AdvisedLosses(cycle, np.stack([np.concatenate([eye, own, uniform]) for own in shifts]))


CLAIM = Claim(
    slug="exp4",
    title="Exp4",
    paper="Auer, Cesa-Bianchi, Freund and Schapire 2002, The nonstochastic multiarmed bandit problem; theorem and "
    "proof of Lattimore and Szepesvari 2020, chapter 18",
    setting="adversarial bandit",
    algorithm=lambda instance, horizon: tuned(instance.n_experts, instance.n_arms, horizon),
    cases=(
        Case("three seasons", lambda: seasons(3), 2_000),
        Case("six seasons", lambda: seasons(6), 20_000, full_only=True),
    ),
    bounds=(
        Bound(theorem("exp4/regret"), expert_regret, largest=largest_regret),
        Bound(theorem("exp4/fixed-rate"), expert_regret, largest=largest_regret),
    ),
    watch=sys.modules[__name__],
    sabotages=(
        Sabotage("quadruple-rate", "eta four times too large", ("law",),
                 lambda p: p._replace(learning_rate=4.0 * p.learning_rate), n_runs=5),
        Sabotage("tiny-rate", "eta a thousand times too small: no expert is preferred", ("exp4/regret", "law"),
                 lambda p: p._replace(learning_rate=0.001 * p.learning_rate), n_runs=60),
        Sabotage("raw-loss", "the loss itself in place of its estimate", ("estimator", "played-loss"),
                 overrides={"observe": observe_raw_loss}, n_runs=5),
    ),
    lower_bound=minimax,
    lower_bound_name=MINIMAX_NAME,
)  # fmt: skip
