"""Hedge: Cesa-Bianchi and Lugosi 2006, Theorem 2.2, by way of the mix loss, in every round."""

from __future__ import annotations

import math
import sys
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from bandits.adversaries.alternating import AlternatingLosses
from bandits.algorithms.hedge import Hedge, anytime, tuned
from kernels.jit import hook
from kernels.reductions import least, sum_of
from kernels.steps import Step, check
from proofs_check.claim import Bound, Case, Claim, Sabotage
from proofs_check.claims.ftrl_experts import COIN_FLIPS_NAME, coin_flips
from theory.theorems import theorem

Float = npt.NDArray[np.float64]

SIMPLEX, WEIGHTS, GAP_SIGN, GAP, LOCAL, MIX, REGRET, SMALL = range(8)

#: Rounding allowance, relative.
ROUNDING = 1e-9

_SUFFERED, _MIXED, _RATES = range(3)

_BOOK = "Cesa-Bianchi and Lugosi 2006"

STEPS = (
    Step("simplex", "|sum_i p_i - 1| <= 1e-9 and no p_i is negative", "definition of p_t"),
    Step("weights", "log(p_i/p_j) = -eta_t (L_i - L_j) at the theorem's rate, j the likeliest (difference)", _BOOK),
    Step("gap-sign", "the mix loss M_t = -(1/eta_t) log <p_t, exp(-eta_t l_t)> is at most <p_t, l_t>", "Jensen"),
    Step("mixability-gap", "<p_t, l_t> - M_t <= eta_t/8", f"{_BOOK}, Lemma 2.2 (Hoeffding)", place=("round",)),
    Step("local-norm", "<p_t, l_t> - M_t <= (eta_t/2) <p_t, l_t^2>", "e^-x <= 1 - x + x^2/2 for x >= 0"),
    Step(
        "mix-regret",
        "sum_s M_s - min_i L_i <= log K / eta_t in every round",
        f"{_BOOK}, proof of Theorem 2.2; falling rates: FTRL lemma",
        place=("round",),
    ),
    Step(
        "regret", "sum_s <p_s, l_s> - min_i L_i <= log K/eta_t + sum_s eta_s/8 in every round", f"{_BOOK}, Theorem 2.2"
    ),
    Step(
        "small-loss",
        "(1 - exp(-eta_t)) <p_t, l_t> <= eta_t M_t; with mix-regret: (1 - exp(-eta)) sum <p, l> <= eta L* + log K",
        f"{_BOOK}, Section 2.4: exp(-eta l) <= 1 - (1 - exp(-eta)) l on [0, 1]",
        place=("round",),
    ),
)


class Watch(NamedTuple):
    """The theorem's eta_t = rate t^-decay; own sums of the losses, (K,); sums of <p, l>, of M, and of eta_t."""

    rate: float
    decay: float
    total: Float
    played: Float
    sums: Float


def allocate(params: Hedge, instance: Any, horizon: int) -> Watch:
    """Arrays of the watch, with the rate of the theorem that the schedule belongs to."""
    k = instance.n_arms
    stated = tuned(k, horizon) if params.decay == 0.0 else anytime(k)
    return Watch(stated.learning_rate, stated.decay, np.zeros(k), np.zeros(k), np.zeros(3))


@hook
def begin(watch, params, adversary):
    """Forget the last run."""
    for i in range(watch.total.shape[0]):
        watch.total[i] = 0.0
    for i in range(watch.sums.shape[0]):
        watch.sums[i] = 0.0


@hook
def acted(records, run, watch, params, state, adversary, t, arm, row):
    """p_t is known: is it the softmax of the watch's own losses?"""
    eta = watch.rate if watch.decay == 0.0 else watch.rate * t**-watch.decay
    likeliest = 0
    negative = 0.0
    for i in range(row.shape[0]):
        watch.played[i] = state.probabilities[i]
        if watch.played[i] > watch.played[likeliest]:
            likeliest = i
        negative = min(negative, watch.played[i])
    check(records, run, SIMPLEX, abs(sum_of(watch.played) - 1.0) - negative, ROUNDING, 0.0, t, -1, -1, -1)
    for i in range(row.shape[0]):
        if watch.played[i] > 0.0:
            behind = eta * (watch.total[i] - watch.total[likeliest])
            away = abs(math.log(watch.played[i] / watch.played[likeliest]) + behind)
            check(records, run, WEIGHTS, away, ROUNDING * (1.0 + abs(behind)), 0.0, t, i, -1, -1)


@hook
def observed(records, run, watch, params, state, adversary, t, arm, row):
    """The losses of round t are known."""
    eta = watch.rate if watch.decay == 0.0 else watch.rate * t**-watch.decay
    n_arms = row.shape[0]
    mean = 0.0
    square = 0.0
    excess = 0.0
    for i in range(n_arms):
        mean += watch.played[i] * row[i]
        square += watch.played[i] * row[i] ** 2
        excess += watch.played[i] * math.expm1(-eta * row[i])
        watch.total[i] += row[i]
    mixed = -math.log1p(excess) / eta
    sums = watch.sums
    sums[_SUFFERED] += mean
    sums[_MIXED] += mixed
    sums[_RATES] += eta
    best = least(watch.total)
    span = math.log(n_arms) / eta
    check(records, run, GAP_SIGN, mixed, mean, ROUNDING, t, -1, -1, -1)
    check(records, run, GAP, mean - mixed, 0.125 * eta, ROUNDING, t, -1, -1, -1)
    check(records, run, LOCAL, mean - mixed, 0.5 * eta * square, ROUNDING, t, -1, -1, -1)
    check(records, run, MIX, sums[_MIXED] - best, span, ROUNDING, t, -1, -1, -1)
    check(records, run, REGRET, sums[_SUFFERED] - best, span + 0.125 * sums[_RATES], ROUNDING, t, -1, -1, -1)
    check(records, run, SMALL, -math.expm1(-eta) * mean, eta * mixed, ROUNDING, t, -1, -1, -1)


@hook
def observe_gains(params, state, t, arm, row):
    """Planted fault: losses enter with the sign of gains."""
    for i in range(row.shape[0]):
        state.total[i] -= row[i]


#: Losses of four arms with period seven: the best arm of a period is arm 1, each of the others is best now and then.
PERIOD = (
    (0.9, 0.2, 0.6, 1.0), (0.0, 0.7, 1.0, 0.3), (1.0, 0.1, 0.4, 0.8), (0.6, 0.0, 0.9, 1.0),
    (0.8, 0.5, 0.0, 0.7), (1.0, 0.2, 0.7, 0.1), (0.3, 0.4, 1.0, 0.9),
)  # fmt: skip

CASES = (
    Case("alternating", lambda: AlternatingLosses(), 1_000),
    Case("period of seven", lambda: AlternatingLosses(PERIOD), 1_000),
    Case("period of seven, long", lambda: AlternatingLosses(PERIOD), 20_000, full_only=True),
)

PAPER = "Freund and Schapire 1997, A decision-theoretic generalization of on-line learning"

CLAIM = Claim(
    slug="hedge",
    title="Hedge (full information)",
    paper=f"{PAPER}; theorem and proof of Cesa-Bianchi and Lugosi 2006, chapter 2",
    setting="adversarial bandit",
    algorithm=lambda instance, horizon: tuned(instance.n_arms, horizon),
    cases=CASES,
    bounds=(Bound(theorem("hedge/regret")), Bound(theorem("hedge/fixed-rate"))),
    watch=sys.modules[__name__],
    sabotages=(
        Sabotage("quadruple-rate", "eta four times too large", ("weights",),
                 lambda p: p._replace(learning_rate=4.0 * p.learning_rate), n_runs=5),
        Sabotage("tiny-rate", "eta a hundred times too small", ("mix-regret", "regret", "weights"),
                 lambda p: p._replace(learning_rate=0.01 * p.learning_rate), case="period of seven", n_runs=5),
        Sabotage("gains", "losses enter with the sign of gains", ("weights", "regret", "hedge/regret"),
                 overrides={"observe": observe_gains}, case="period of seven", n_runs=40),
    ),
    lower_bound=coin_flips,
    lower_bound_name=COIN_FLIPS_NAME,
)  # fmt: skip

ANYTIME = Claim(
    slug="hedge-anytime",
    title="Hedge, anytime (full information)",
    paper=f"{PAPER}; rates falling as in Cesa-Bianchi and Lugosi 2006, Theorem 2.3",
    setting="adversarial bandit",
    algorithm=lambda instance, horizon: anytime(instance.n_arms),
    cases=CASES,
    bounds=(Bound(theorem("hedge/anytime")),),
    watch=sys.modules[__name__],
    sabotages=(
        Sabotage("quadruple-rate", "eta_t four times too large", ("weights",),
                 lambda p: p._replace(learning_rate=4.0 * p.learning_rate), n_runs=5),
    ),
    lower_bound=coin_flips,
    lower_bound_name=COIN_FLIPS_NAME,
)  # fmt: skip
