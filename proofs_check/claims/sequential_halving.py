"""Sequential halving: its error probability and the steps of the proof."""

from __future__ import annotations

import sys
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from bandits.algorithms.sequential_halving import SequentialHalving, observe, phases
from bandits.instances.bernoulli import BernoulliBandit, bernoulli
from bandits.policies import set_statistics
from kernels.jit import hook
from kernels.steps import Step, check
from proofs_check.claim import Bound, Case, Claim, Sabotage
from proofs_check.identification import certain, wrong_answer
from theory.theorems import theorem

RULE, BUDGET, HALF, PHASE = range(4)


def phase_probability(params: Any, instance: Any, horizon: int) -> float:
    """sum over phases and suboptimal survivors of exp(-n_l D^2/(4 sigma^2)), n_l the pulls of each in phase l.

    Of the survivors any could be there; the smallest gaps bound them all.
    """
    gaps = np.sort(np.asarray(instance.gaps))[1:]
    total, survivors = 0.0, instance.n_arms
    for _ in range(phases(instance.n_arms)):
        pulls = params.budget // (survivors * phases(instance.n_arms))
        total += float(np.exp(-pulls * gaps[: survivors - 1] ** 2 / (4.0 * instance.subgaussian**2)).sum())
        survivors = (survivors + 1) // 2
    return total


STEPS = (
    Step(
        "rule",
        "no dropped arm has a larger mean of the phase than one that is kept (from independent counts)",
        "Karnin et al. 2013, algorithm Sequential Halving",
        place=("phase", "arm"),
    ),
    Step(
        "budget",
        "every survivor is pulled floor(T/(survivors ceil(log2 K))) times in a phase; |difference|",
        "Karnin et al. 2013, algorithm Sequential Halving",
        place=("phase", "arm"),
    ),
    Step(
        "half",
        "half of the survivors, rounded up, are kept; |difference|",
        "Karnin et al. 2013, algorithm Sequential Halving",
        place=("phase",),
    ),
    Step(
        "phase-event",
        "no suboptimal survivor's mean of a phase reaches that of the best arm",
        "Karnin et al. 2013, Lemma 4.2 (each comparison), with the union over phases and survivors",
        "event",
        phase_probability,
        place=("phase", "arm"),
    ),
)


class Watch(NamedTuple):
    """Pulls and rewards of the phase, (K,); survivors at its beginning, (K,); (phase, answered); the budget of the
    claim, which is the number of rounds.
    """

    pulls: npt.NDArray[np.int64]
    totals: npt.NDArray[np.float64]
    alive: npt.NDArray[np.bool_]
    register: npt.NDArray[np.int64]
    budget: int


def allocate(params: SequentialHalving, instance: BernoulliBandit, horizon: int) -> Watch:
    """Arrays of the watch."""
    k = instance.n_arms
    return Watch(np.zeros(k, np.int64), np.zeros(k), np.ones(k, np.bool_), np.zeros(2, np.int64), horizon)


@hook
def begin(watch, params, instance):
    """Forget the last run."""
    for arm in range(watch.alive.shape[0]):
        watch.alive[arm] = True
        watch.pulls[arm] = 0
        watch.totals[arm] = 0.0
    watch.register[0] = 0
    watch.register[1] = 0


@hook
def observed(records, run, watch, params, state, instance, t, arm, reward):
    """Count the phase; when the survivors change, hold the choice against the phase's means."""
    if watch.register[1] == 1:
        return
    watch.pulls[arm] += 1
    watch.totals[arm] += reward
    n_arms = watch.alive.shape[0]
    before = 0
    after = 0
    for i in range(n_arms):
        before += watch.alive[i]
        after += state.alive[i]
    if before == after:
        return
    phase = watch.register[0]
    n_phases = 0
    while (1 << n_phases) < n_arms:
        n_phases += 1
    check(records, run, HALF, abs(after - (before + 1) // 2), 0.0, 0.0, phase, -1, -1, -1)
    worst_kept = np.inf
    best_mean = 0.0
    for i in range(n_arms):
        if state.alive[i]:
            worst_kept = min(worst_kept, watch.totals[i] / max(1, watch.pulls[i]))
        if instance.gaps[i] == 0.0:
            best_mean = watch.totals[i] / max(1, watch.pulls[i])
    for i in range(n_arms):
        if watch.alive[i]:
            mean = watch.totals[i] / max(1, watch.pulls[i])
            wanted = watch.budget // (before * n_phases)
            check(records, run, BUDGET, abs(watch.pulls[i] - wanted), 0.0, 0.0, phase, i, -1, -1)
            if not state.alive[i]:
                check(records, run, RULE, mean, worst_kept, 1e-9, phase, i, -1, -1)
            if instance.gaps[i] > 0.0:
                # a tie counts against the best arm
                check(records, run, PHASE, 1.0 if mean >= best_mean else 0.0, 0.0, 0.0, phase, i, -1, -1)
        watch.alive[i] = state.alive[i]
        watch.pulls[i] = 0
        watch.totals[i] = 0.0
    watch.register[0] = phase + 1
    if state.outcome[1] >= 0:
        watch.register[1] = 1


@hook
def observe_losses(params, state, t, arm, reward):
    """Planted fault: rewards are taken for losses."""
    observe(params, state, t, arm, 1.0 - reward)


@hook
def observe_reusing(params, state, t, arm, reward):
    """Planted fault: the samples of earlier phases are kept."""
    if t == 1:
        for i in range(state.alive.shape[0]):
            state.scratch[i] = 0.0
    phase = state.register[3]
    done = state.register[2]
    state.scratch[arm] += reward
    observe(params, state, t, arm, reward)
    if state.register[3] > phase:
        state.register[2] += done
        for i in range(state.alive.shape[0]):
            if state.alive[i]:
                set_statistics(state.statistics, i, done, state.scratch[i])


CLAIM = Claim(
    slug="sequential-halving",
    title="Sequential halving",
    paper="Karnin, Koren and Somekh 2013, Almost optimal exploration in multi-armed bandits",
    setting="stochastic bandit",
    algorithm=lambda instance, horizon: SequentialHalving(horizon),
    cases=(
        Case("four arms", lambda: bernoulli(0.9, 0.5, 0.4, 0.3), 200),
        Case("five arms", lambda: bernoulli(0.9, 0.5, 0.5, 0.4, 0.3), 400),
        Case("sixteen arms", lambda: bernoulli(0.8, *[0.6] * 7, *[0.4] * 8), 20_000, full_only=True),
    ),
    bounds=(Bound(theorem("sequential-halving/error"), wrong_answer, largest=certain),),
    watch=sys.modules[__name__],
    sabotages=(
        Sabotage("half-budget", "plays half of the budget", ("budget",), lambda p: p._replace(budget=p.budget // 2),
                 n_runs=5),
        Sabotage(
            "losses", "rewards are taken for losses: the worse half survives", ("rule", "sequential-halving/error"),
            overrides={"observe": observe_losses}, n_runs=20,
        ),
        Sabotage(
            "old-samples", "a phase goes on with the samples of the earlier ones", ("rule",), case="five arms",
            overrides={"observe": observe_reusing}, n_runs=100,
        ),
    ),
    notes="Pulls that rounding leaves over go to the arm answered.",
)  # fmt: skip
