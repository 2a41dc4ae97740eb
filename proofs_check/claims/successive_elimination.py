"""Successive elimination: regret, correctness and the steps of the proof."""

from __future__ import annotations

import math
import sys
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from bandits.algorithms.successive_elimination import SuccessiveElimination
from bandits.instances.bernoulli import BernoulliBandit, bernoulli
from kernels.jit import hook
from kernels.steps import Step, check
from proofs_check.claim import Bound, Case, Claim, Sabotage
from proofs_check.identification import gap_of_answer, largest_gap
from proofs_check.tally import DECOMPOSITION as DECOMPOSITION_STEP
from proofs_check.tally import Tally, allocate_tally, check_decomposition, clear, count, lai_robbins_line
from theory.theorems import theorem
from theory.theorems.successive_elimination import most_pulls

RULE, EVENT, BEST, PULLS, DECOMPOSITION = range(5)


def event_probability(params: Any, instance: Any, horizon: int) -> float:
    """sum_t 2 K delta/(4 K t^2) = delta pi^2/12."""
    return float(params.delta) * math.pi**2 / 12.0


STEPS = (
    Step(
        "rule",
        "an arm is a candidate after phase t if and only if it was before and mean_best - mean_i <= 2 U(t) (from "
        "independent counts); |difference|",
        "Even-Dar et al. 2006, Figure 3 with U(t) = sigma sqrt(2 log(4 K t^2/delta)/t)",
    ),
    Step(
        "good-event",
        "|mean_i - mu_i| <= U(t) for every candidate after every phase t",
        "Hoeffding with the union over phases",
        "event",
        event_probability,
    ),
    Step(
        "best-survives",
        "the index of a best arm among the dropped: 0 <= 0 while it is a candidate, 1 <= 0 else",
        "Even-Dar et al. 2006, proof of Theorem 8",
        "conditional",
        given=("good-event",),
    ),
    Step(
        "pulls",
        "N_i <= first t with U(t) < D_i/4 for every suboptimal arm, until the answer",
        "Even-Dar et al. 2006, proof of Theorem 8",
        "conditional",
        given=("good-event",),
    ),
    DECOMPOSITION_STEP,
)


class Watch(NamedTuple):
    """Own counts; own candidates (K,); most pulls of each arm (K,); (phase, answered) as integers; sigma and delta."""

    tally: Tally
    alive: npt.NDArray[np.bool_]
    most: npt.NDArray[np.float64]
    register: npt.NDArray[np.int64]
    sigma: float
    delta: float


def allocate(params: SuccessiveElimination, instance: BernoulliBandit, horizon: int) -> Watch:
    """Arrays of the watch; the rule is checked with the instance's own subgaussian constant."""
    stated = SuccessiveElimination(params.delta, instance.subgaussian)
    return Watch(
        allocate_tally(instance.n_arms), np.ones(instance.n_arms, np.bool_), most_pulls(instance, stated),
        np.zeros(2, np.int64), instance.subgaussian, params.delta,
    )  # fmt: skip


@hook
def begin(watch, params, instance):
    """Forget the last run."""
    clear(watch.tally)
    for arm in range(watch.alive.shape[0]):
        watch.alive[arm] = True
    watch.register[0] = 1
    watch.register[1] = 0


@hook
def observed(records, run, watch, params, state, instance, t, arm, reward):
    """Count independently; at the end of a phase hold the candidates against the rule."""
    tally = watch.tally
    count(tally, arm, reward, instance.gaps[arm])
    if watch.register[1] == 1:
        return
    n_arms = watch.alive.shape[0]
    phase = watch.register[0]
    best = -1
    for i in range(n_arms):
        if watch.alive[i]:
            if tally.pulls[i] < phase:
                return  # the phase goes on
            if best < 0 or tally.means[i] > tally.means[best]:
                best = i
    radius = watch.sigma * math.sqrt(2.0 * math.log(4.0 * n_arms * phase * phase / watch.delta) / phase)
    left = 0
    for i in range(n_arms):
        if watch.alive[i]:
            check(records, run, EVENT, abs(tally.means[i] - instance.means[i]), radius, 1e-12, phase, i, -1, -1)
            if tally.means[best] - tally.means[i] > 2.0 * radius:
                watch.alive[i] = False
            else:
                left += 1
        wrong = 1.0 if watch.alive[i] != state.alive[i] else 0.0
        check(records, run, RULE, wrong, 0.0, 0.0, phase, i, -1, -1)
        watch.alive[i] = state.alive[i]  # judge the next phase by what the algorithm did
        if instance.gaps[i] == 0.0:
            check(records, run, BEST, 0.0 if state.alive[i] else 1.0, 0.0, 0.0, phase, i, -1, -1)
        else:
            check(records, run, PULLS, float(tally.pulls[i]), watch.most[i], 0.0, phase, i, -1, -1)
    watch.register[0] = phase + 1
    if state.outcome[1] >= 0:
        watch.register[1] = 1


@hook
def ended(records, run, watch, params, state, instance, t):
    """The regret decomposition."""
    check_decomposition(records, run, DECOMPOSITION, watch.tally, instance.gaps, t)


CLAIM = Claim(
    slug="successive-elimination",
    title="Successive elimination",
    paper="Even-Dar, Mannor and Mansour 2006, Action elimination and stopping conditions",
    setting="stochastic bandit",
    algorithm=lambda instance, horizon: SuccessiveElimination(0.05, instance.subgaussian),
    cases=(
        Case("three arms", lambda: bernoulli(0.9, 0.5, 0.4), 3_000),
        Case("close", lambda: bernoulli(0.6, 0.5), 40_000, full_only=True),
    ),
    bounds=(
        Bound(theorem("successive-elimination/regret"), anytime=True),
        Bound(theorem("successive-elimination/expected")),
        Bound(theorem("successive-elimination/correct"), gap_of_answer, largest=largest_gap),
    ),
    watch=sys.modules[__name__],
    sabotages=(
        Sabotage("narrow", "a tenth of the radius", ("rule",), lambda p: p._replace(sigma=p.sigma / 10.0)),
        Sabotage(
            "hasty", "a twentieth of the radius: best arms are dropped", ("successive-elimination/correct",),
            lambda p: p._replace(sigma=p.sigma / 20.0), build=lambda: bernoulli(0.6, 0.5), horizon=500, n_runs=200,
        ),
    ),
    lower_bound=lai_robbins_line,
    lower_bound_name="Lai and Robbins 1985, asymptotic slope",
    notes="After the answer the arm answered is pulled to the end.",
)  # fmt: skip
