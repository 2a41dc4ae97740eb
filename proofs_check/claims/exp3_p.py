"""Exp3.P: Bubeck and Cesa-Bianchi 2012, Theorems 3.2 and 3.3, step by step."""

from __future__ import annotations

import math
import sys
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from bandits.adversaries.constrained import StochasticallyConstrained
from bandits.adversaries.punishing import PunishMostPlayed
from bandits.algorithms.exp3_p import Exp3P, tuned, tuned_for
from bandits.ftrl import shannon_weights
from kernels.jit import hook
from kernels.reductions import least
from kernels.steps import Step, check
from proofs_check.claim import Bound, Case, Claim, Sabotage
from proofs_check.claims.exp3 import MINIMAX_NAME, minimax
from theory.theorems import theorem

Float = npt.NDArray[np.float64]

LAW, ESTIMATOR, SPLIT, RANGE, POTENTIAL, UPPER, REGRET = range(7)

#: Rounding allowance, relative.
ROUNDING = 1e-9

_SOURCE = "Bubeck and Cesa-Bianchi 2012, proof of Theorem 3.2"


def event_probability(params: Exp3P, instance: Any, horizon: int) -> float:
    """delta, split over the K arms."""
    return params.delta


STEPS = (
    Step("law", "p_t = (1 - gamma) softmax(eta Gt) + gamma/K at the theorem's parameters (difference)", _SOURCE),
    Step("estimator", "Gt_i moves by (g_i 1{A = i} + beta)/p_i for every arm (difference, relative)", _SOURCE),
    Step("gain-split", "sum_i p_i gt_i = g_A + beta K (difference)", _SOURCE, place=("round",)),
    Step("range", "eta gt_i <= 1: what gamma is for", _SOURCE),
    Step(
        "potential",
        "(1 - gamma - (1 + beta) eta K) max_i Gt_i - log K/eta - beta K t <= sum_s g_{s,A} in every round",
        f"{_SOURCE}: e^x <= 1 + x + x^2 for x <= 1",
        place=("round",),
    ),
    Step(
        "upper-confidence",
        "G_i <= Gt_i + log(K/delta)/beta for every arm in every round",
        "Bubeck and Cesa-Bianchi 2012, Lemma 3.1; in every round by Ville's inequality",
        "event",
        event_probability,
    ),
    Step(
        "regret",
        "Rh_t <= beta t K + gamma t + (1 + beta) eta K t + log(K/delta)/beta + log K/eta in every round",
        "Bubeck and Cesa-Bianchi 2012, eq. (3.12)",
        "conditional",
        given=("upper-confidence",),
        place=("round",),
    ),
)


class Watch(NamedTuple):
    """The theorem's eta, gamma, beta and log(K/delta); own -Gt before the round, p_t, scratch, sums of gains, all (K,);
    gain of the run (one entry)."""

    rate: float
    mixing: float
    bias: float
    level: float
    total: Float
    law: Float
    gains: Float
    earned: Float


def allocate(params: Exp3P, instance: Any, horizon: int) -> Watch:
    """Arrays of the watch; the stated tuning is the one with the nearer bias."""
    k = instance.n_arms
    stated = min(
        (f(k, horizon, params.delta) for f in (tuned, tuned_for)), key=lambda s: abs(s.bias - params.bias)
    )  # fmt: skip
    total, law, gains = np.zeros((3, k))
    level = math.log(k / params.delta)
    return Watch(stated.learning_rate, stated.mixing, stated.bias, level, total, law, gains, np.zeros(1))


@hook
def begin(watch, params, adversary):
    """Forget the last run."""
    watch.earned[0] = 0.0
    for i in range(watch.gains.shape[0]):
        watch.gains[i] = 0.0


@hook
def acted(records, run, watch, params, state, adversary, t, arm, row):
    """p_t is known."""
    n_arms = row.shape[0]
    shannon_weights(state.total, watch.rate, 1.0, watch.law)
    for i in range(n_arms):
        watch.total[i] = state.total[i]
        wanted = (1.0 - watch.mixing) * watch.law[i] + watch.mixing / n_arms
        watch.law[i] = state.probabilities[i]
        check(records, run, LAW, abs(watch.law[i] - wanted), ROUNDING, 0.0, t, i, -1, -1)


@hook
def observed(records, run, watch, params, state, adversary, t, arm, row):
    """The gain of round t is in the estimates."""
    n_arms = row.shape[0]
    eta, gamma, beta = watch.rate, watch.mixing, watch.bias
    mean = 0.0
    for i in range(n_arms):
        moved = watch.total[i] - state.total[i]
        gain = 1.0 - row[i]
        wanted = ((gain if i == arm else 0.0) + beta) / watch.law[i]
        away = abs(moved - wanted)
        check(records, run, ESTIMATOR, away, ROUNDING * (1.0 + wanted), 0.0, t, i, -1, -1)
        check(records, run, RANGE, eta * moved, 1.0, ROUNDING, t, i, -1, -1)
        mean += watch.law[i] * moved
        watch.gains[i] += gain
        limit = -state.total[i] + watch.level / beta
        check(records, run, UPPER, watch.gains[i], limit, ROUNDING, t, i, -1, -1)
    earned = 1.0 - row[arm]
    check(records, run, SPLIT, abs(mean - earned - beta * n_arms), ROUNDING, 0.0, t, -1, -1, -1)
    watch.earned[0] += earned
    load = (1.0 + beta) * eta * n_arms
    left = (1.0 - gamma - load) * -least(state.total) - math.log(n_arms) / eta - beta * n_arms * t
    check(records, run, POTENTIAL, left, watch.earned[0], ROUNDING, t, -1, -1, -1)
    most = watch.gains[0]
    for i in range(1, n_arms):
        most = max(most, watch.gains[i])
    limit = (beta * n_arms + gamma + load) * t + watch.level / beta + math.log(n_arms) / eta
    check(records, run, REGRET, most - watch.earned[0], limit, ROUNDING, t, -1, -1, -1)


CASES = (
    Case("constrained pair", lambda: StochasticallyConstrained(2, 0.6), 5_000),
    Case("constrained", lambda: StochasticallyConstrained(4, 0.8), 10_000, full_only=True),
    Case("punishing", lambda: PunishMostPlayed(3), 10_000, full_only=True),
)

PAPER = (
    "Auer, Cesa-Bianchi, Freund and Schapire 2002, The nonstochastic multiarmed bandit problem; theorem and proof of "
    "Bubeck and Cesa-Bianchi 2012"
)

QUADRUPLE = Sabotage(
    "quadruple-rate", "eta four times too large", ("law",),
    lambda p: p._replace(learning_rate=4.0 * p.learning_rate), n_runs=5,
)  # fmt: skip

CLAIM = Claim(
    slug="exp3-p",
    title="Exp3.P, tuned for one delta",
    paper=PAPER,
    setting="adversarial bandit",
    algorithm=lambda instance, horizon: tuned_for(instance.n_arms, horizon),
    cases=CASES,
    bounds=(Bound(theorem("exp3-p/regret-delta")), Bound(theorem("exp3-p/untuned"))),
    watch=sys.modules[__name__],
    sabotages=(
        QUADRUPLE,
        Sabotage("no-bias", "beta = 0: no upward bias", ("estimator", "gain-split"),
                 lambda p: p._replace(bias=0.0), n_runs=5),
        Sabotage("no-mixing", "gamma = 0: no uniform play", ("law",), lambda p: p._replace(mixing=0.0), n_runs=5),
        Sabotage("uniform", "gamma = 1: nothing but uniform play",
                 ("exp3-p/untuned", "exp3-p/regret-delta", "law"),
                 lambda p: p._replace(mixing=1.0), n_runs=60),
    ),
    lower_bound=minimax,
    lower_bound_name=MINIMAX_NAME,
)  # fmt: skip

FOR_EVERY_DELTA = Claim(
    slug="exp3-p-every-delta",
    title="Exp3.P, one tuning for every delta",
    paper=PAPER,
    setting="adversarial bandit",
    algorithm=lambda instance, horizon: tuned(instance.n_arms, horizon),
    cases=CASES,
    bounds=(Bound(theorem("exp3-p/regret")), Bound(theorem("exp3-p/untuned")), Bound(theorem("exp3-p/expected"))),
    watch=sys.modules[__name__],
    sabotages=(QUADRUPLE,),
    lower_bound=minimax,
    lower_bound_name=MINIMAX_NAME,
)
