"""Exp3.S: Auer et al. 2002, Theorem 8.1 and Corollary 8.3, step by step, against the best arm of every round."""

from __future__ import annotations

import math
import sys
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from bandits.adversaries.switching import SwitchingLosses
from bandits.algorithms.exp3_s import Exp3S, mix, reweigh, tuned
from kernels.engine import Trace
from kernels.jit import hook
from kernels.steps import Step, check
from proofs_check.claim import Bound, Case, Claim, Sabotage
from theory.lower_bounds import minimax_engine_best
from theory.theorems import theorem
from theory.theorems.exp3_s import segments

Float = npt.NDArray[np.float64]

LAW, RANGE, POTENTIAL, SEGMENT, REGRET = range(5)

#: Rounding allowance, relative.
ROUNDING = 1e-9

_SOURCE = "Auer et al. 2002, proof of Theorem 8.1"

STEPS = (
    Step("law", "p_t is that of the rule at the theorem's gamma and alpha (difference)", _SOURCE),
    Step("range", "gamma xh_j/K <= 1: what gamma/K is for", _SOURCE),
    Step(
        "potential",
        "log(W_{t+1}/W_t) <= (gamma/K) x_A/(1-gamma) + (e-2) (gamma/K)^2 sum_j xh_j/(1-gamma) + e alpha",
        f"{_SOURCE}: e^x <= 1 + x + (e-2) x^2 for x <= 1",
        place=("round",),
    ),
    Step(
        "segment",
        "(gamma/K) sum xh_j <= log(W_{t+1}/W_s) + log(K/alpha) from the round s in which j became best",
        f"{_SOURCE}: the share that every arm is given",
        place=("round",),
    ),
    Step(
        "regret",
        "(1-gamma) sum xh_{j_s} - sum x_A <= (K/gamma) (S log(K/alpha) + e alpha t) + (e-2) (gamma/K) sum sum xh",
        f"{_SOURCE}, before taking expectations, in every round",
        place=("round",),
    ),
)


class Watch(NamedTuple):
    """The theorem's gamma and alpha; own weights and law, (K,); sums: of log W since the segment began, of xh_j in
    the segment, of xh_{j_s}, of x_A, of all xh; best arm and number of segments."""

    mixing: float
    share: float
    weights: Float
    law: Float
    sums: Float
    segment: npt.NDArray[np.int64]


_LOG, _OWN, _BEST, _EARNED, _ALL = range(5)


def allocate(params: Exp3S, instance: Any, horizon: int) -> Watch:
    """Arrays of the watch, with the theorem's parameters."""
    k = instance.n_arms
    stated = tuned(k, horizon, int(segments(instance, horizon)))
    return Watch(stated.mixing, stated.share, np.zeros(k), np.zeros(k), np.zeros(5), np.zeros(2, np.int64))


@hook
def begin(watch, params, adversary):
    """Forget the last run."""
    for i in range(watch.weights.shape[0]):
        watch.weights[i] = 1.0 / watch.weights.shape[0]
    for i in range(watch.sums.shape[0]):
        watch.sums[i] = 0.0
    watch.segment[0] = -1
    watch.segment[1] = 0


@hook
def acted(records, run, watch, params, state, adversary, t, arm, row):
    """p_t is known."""
    mix(watch.weights, watch.mixing, watch.law)
    for i in range(row.shape[0]):
        away = abs(state.probabilities[i] - watch.law[i])
        check(records, run, LAW, away, ROUNDING, 0.0, t, i, -1, -1)


@hook
def observed(records, run, watch, params, state, adversary, t, arm, row):
    """The gain of round t is known."""
    n_arms = row.shape[0]
    gamma, alpha, sums = watch.mixing, watch.share, watch.sums
    unit = gamma / n_arms
    gain = 1.0 - row[arm]
    estimate = gain / watch.law[arm]
    best = 0
    for i in range(n_arms):
        if row[i] < row[best]:
            best = i
    if best != watch.segment[0]:
        watch.segment[0] = best
        watch.segment[1] += 1
        sums[_LOG] = 0.0
        sums[_OWN] = 0.0
    growth = math.log(reweigh(watch.weights, arm, estimate, gamma, alpha))
    sums[_LOG] += growth
    sums[_EARNED] += gain
    sums[_ALL] += estimate
    if arm == best:
        sums[_OWN] += estimate
        sums[_BEST] += estimate
    check(records, run, RANGE, unit * estimate, 1.0, ROUNDING, t, arm, -1, -1)
    spread = math.e - 2.0
    if gamma < 1.0:
        limit = (unit * gain + spread * unit * unit * estimate) / (1.0 - gamma) + math.e * alpha
        check(records, run, POTENTIAL, growth, limit, ROUNDING, t, -1, -1, -1)
    prior = math.log(n_arms / alpha)
    check(records, run, SEGMENT, unit * sums[_OWN], sums[_LOG] + prior, ROUNDING, t, -1, -1, -1)
    limit = (watch.segment[1] * prior + math.e * alpha * t) / unit + spread * unit * sums[_ALL]
    left = (1.0 - gamma) * sums[_BEST] - sums[_EARNED]
    check(records, run, REGRET, left, limit, ROUNDING, t, -1, -1, -1)


def switching_cost(instance: SwitchingLosses, horizons: npt.ArrayLike) -> Float:
    """Loss of the best fixed arm less that of the best arm of every round."""
    t = np.asarray(horizons, dtype=np.int64)
    k, period = instance.n_arms, instance.period
    cycles, rest = np.divmod(t, k * period)
    # Arm 0 is the first of every cycle, hence best most often.
    most = cycles * period + np.minimum(rest, period)
    return np.asarray((instance.high - instance.low) * (t - most), dtype=float)


def dynamic_regret(trace: Trace, instance: Any, params: Any) -> Float:
    """Regret against the best arm of every round, at the horizon, one number per run."""
    return np.asarray(trace.regret[:, -1] + switching_cost(instance, trace.checkpoints[-1]))


def largest_regret(instance: Any, horizon: int) -> float:
    """The worst arm in every round."""
    return float((instance.high - instance.low) * horizon)


def minimax_segments(instance: Any, horizons: Float) -> Float:
    """S independent hidden arms: S times Lemma 3.2 of Bubeck and Cesa-Bianchi 2012 at T/S rounds."""
    count = segments(instance, horizons)
    pairs = zip(np.asarray(horizons, dtype=float), count)
    return np.array([s * minimax_engine_best(instance.n_arms, float(t / s))[0] for t, s in pairs])


LOWER_BOUND_NAME = "S segments of Bubeck and Cesa-Bianchi 2012, Lemma 3.2 (worst case over instances)"

CLAIM = Claim(
    slug="exp3-s",
    title="Exp3.S",
    paper="Auer, Cesa-Bianchi, Freund and Schapire 2002, The nonstochastic multiarmed bandit problem",
    setting="adversarial bandit",
    algorithm=lambda instance, horizon: tuned(instance.n_arms, horizon, int(segments(instance, horizon))),
    cases=(
        Case("two arms, four segments", lambda: SwitchingLosses(2, 2_500), 10_000),
        Case("three arms, gap 0.8", lambda: SwitchingLosses(3, 10_000, 0.1, 0.9), 40_000, full_only=True),
        Case("two arms, ten segments", lambda: SwitchingLosses(2, 5_000), 50_000, full_only=True),
    ),
    bounds=(
        Bound(theorem("exp3-s/regret"), dynamic_regret, largest=largest_regret),
        Bound(theorem("exp3-s/untuned"), dynamic_regret, largest=largest_regret),
    ),
    watch=sys.modules[__name__],
    sabotages=(
        Sabotage("no-share", "alpha a million times too small: an arm that became best is not found",
                 ("law",), lambda p: p._replace(share=1e-6 * p.share), n_runs=5),
        Sabotage("no-mixing", "gamma a hundred times too small: nothing is learnt in time",
                 ("law", "exp3-s/regret"), lambda p: p._replace(mixing=0.01 * p.mixing), n_runs=60),
    ),
    lower_bound=minimax_segments,
    lower_bound_name=LOWER_BOUND_NAME,
)  # fmt: skip
