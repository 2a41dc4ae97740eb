"""LUCB: correctness, samples, and the steps of the proof."""

from __future__ import annotations

import math
import sys
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from bandits.algorithms.lucb import LUCB
from bandits.instances.bernoulli import BernoulliBandit, bernoulli
from kernels.jit import hook
from kernels.steps import Step, check
from proofs_check.claim import Bound, Case, Claim, Sabotage
from proofs_check.identification import all_rounds, gap_of_answer, largest_gap, pulls_to_answer
from proofs_check.tally import Tally, allocate_tally, clear, count
from theory.theorems import theorem

#: zeta(3): sum over rounds of t^-3, the union over counts N <= t having cost a factor t.
APERY = 1.2020569031595942

RULE, EVENT, NEEDY, STOPPING = range(4)


def event_probability(params: Any, instance: Any, horizon: int) -> float:
    """sum_t 2 K t (4 delta/(5 K t^4)) = (8/5) zeta(3) delta: both sides, every arm, round and count."""
    return 1.6 * APERY * float(params.delta)


STEPS = (
    Step(
        "rule",
        "the leader's mean is the largest, and no other arm's upper bound exceeds that of l (from independent counts)",
        "Kalyanakrishnan et al. 2012, algorithm LUCB1",
    ),
    Step(
        "good-event",
        "|mean_i - mu_i| <= beta(N_i, t) for every arm in every round",
        "Kalyanakrishnan et al. 2012, Hoeffding with the union over rounds, arms and counts",
        "event",
        event_probability,
    ),
    Step(
        "needy",
        "while it goes on, one of the two arms pulled has |mu_a - c| <= 2 beta(N_a, t), c the middle of the two best "
        "means",
        "Kalyanakrishnan et al. 2012, Lemma 2",
        "conditional",
        given=("good-event",),
    ),
    Step(
        "stopping",
        "U_l - L_h <= epsilon at the stop, and epsilon <= U_l - L_h in every round before it",
        "Kalyanakrishnan et al. 2012, algorithm LUCB1",
    ),
)


class Watch(NamedTuple):
    """Own counts; (round, answered); the middle c of the two best means."""

    tally: Tally
    register: npt.NDArray[np.int64]
    middle: float


def allocate(params: LUCB, instance: BernoulliBandit, horizon: int) -> Watch:
    """Arrays of the watch."""
    two = np.sort(instance.means)[-2:]
    return Watch(allocate_tally(instance.n_arms), np.zeros(2, np.int64), float(two.mean()))


@hook
def begin(watch, params, instance):
    """Forget the last run."""
    clear(watch.tally)
    watch.register[0] = 0
    watch.register[1] = 0


@hook
def observed(records, run, watch, params, state, instance, t, arm, reward):
    """Count independently; look at every round's choice once it is made."""
    tally = watch.tally
    count(tally, arm, reward, instance.gaps[arm])
    n_arms = tally.pulls.shape[0]
    if watch.register[1] == 1 or t < n_arms or (t - n_arms) % 2 == 1:
        return
    watch.register[0] += 1
    n = 1.0 * watch.register[0]
    h = state.register[1]
    l = state.register[2]
    level = math.log(1.25 * n_arms * n**4 / params.delta)
    beta_h = math.sqrt(level / (2.0 * tally.pulls[h]))
    beta_l = math.sqrt(level / (2.0 * tally.pulls[l]))
    upper = tally.means[l] + beta_l
    for i in range(n_arms):
        beta = math.sqrt(level / (2.0 * tally.pulls[i]))
        check(records, run, EVENT, abs(tally.means[i] - instance.means[i]), beta, 1e-12, watch.register[0], i, -1, -1)
        check(records, run, RULE, tally.means[i], tally.means[h], 1e-9, watch.register[0], i, -1, -1)
        if i != h:
            check(records, run, RULE, tally.means[i] + beta, upper, 1e-9, watch.register[0], i, -1, -1)
    width = upper - (tally.means[h] - beta_h)
    if state.outcome[1] >= 0:
        watch.register[1] = 1
        check(records, run, STOPPING, width, params.epsilon, 1e-9, watch.register[0], h, -1, -1)
        return
    check(records, run, STOPPING, params.epsilon, width, 1e-9, watch.register[0], h, -1, -1)
    slack_h = abs(instance.means[h] - watch.middle) - 2.0 * beta_h
    slack_l = abs(instance.means[l] - watch.middle) - 2.0 * beta_l
    check(records, run, NEEDY, min(slack_h, slack_l), 0.0, 1e-9, watch.register[0], h, -1, -1)


CLAIM = Claim(
    slug="lucb",
    title="LUCB",
    paper="Kalyanakrishnan, Tewari, Auer and Stone 2012, PAC subset selection in stochastic multi-armed bandits",
    setting="stochastic bandit",
    algorithm=lambda instance, horizon: LUCB(),
    cases=(
        Case("three arms", lambda: bernoulli(0.9, 0.5, 0.4), 30_000),
        Case("close", lambda: bernoulli(0.6, 0.5, 0.45), 400_000, full_only=True),
    ),
    bounds=(
        Bound(theorem("lucb/correct"), gap_of_answer, largest=largest_gap),
        Bound(theorem("lucb/samples"), pulls_to_answer, largest=all_rounds),
    ),
    watch=sys.modules[__name__],
    sabotages=(
        Sabotage(
            "narrow", "half the radius: it stops too early", ("stopping",), lambda p: p._replace(scale=0.5), n_runs=20
        ),
        Sabotage(
            "hasty", "a twentieth of the radius: wrong answers", ("lucb/correct",), lambda p: p._replace(scale=0.05),
            build=lambda: bernoulli(0.6, 0.55), horizon=2_000, n_runs=200,
        ),
    ),
    notes="After the answer the arm answered is pulled to the end. A run that has not answered at the horizon counts "
    "as correct, and with the horizon's pulls.",
)  # fmt: skip
