"""Track-and-Stop: correctness at every delta, and the steps behind its optimality."""

from __future__ import annotations

import math
import sys
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from bandits.algorithms.track_and_stop import TrackAndStop
from bandits.instances.bernoulli import BernoulliBandit, bernoulli
from kernels.jit import hook
from kernels.proportions import divergence, evidence, optimal_proportions
from kernels.steps import Step, check
from proofs_check.claim import Bound, Case, Claim, Sabotage
from proofs_check.identification import gap_of_answer, largest_gap
from theory.theorems import theorem

FORCED, TRACKING, EQUALISED, BALANCED, STOPPING, LIKELIHOOD = range(6)


def mixture_probability(params: Any, instance: Any, horizon: int) -> float:
    """delta: the union over the K - 1 arms of Ville's inequality for the mixture of a pair."""
    return float(params.delta)


STEPS = (
    Step(
        "forced-exploration",
        "max(0, sqrt(t) - K/2) - 1 <= N_a(t) for every arm in every round",
        "Garivier and Kaufmann 2016, Lemma 8",
    ),
    Step(
        "tracking",
        "t w*_i - N_i <= t w*_a - N_a for the arm a pulled when no arm is short (w* solved anew from own counts)",
        "Garivier and Kaufmann 2016, D-tracking rule",
    ),
    Step(
        "equal-cost",
        "all pairs (best, a) cost the same under w*: |w_1 d(mu_1, m_a) + w_a d(mu_a, m_a) - 1/T*| against rounding",
        "Garivier and Kaufmann 2016, Lemma 4",
    ),
    Step(
        "optimal-weights",
        "sum_a d(mu_1, m_a)/d(mu_a, m_a) = 1 at w*: |difference| against rounding",
        "Garivier and Kaufmann 2016, Theorem 5",
    ),
    Step(
        "stopping",
        "Z(t) <= log(2 t (K-1)/delta) in every round before the answer, and Z > it at the answer",
        "Garivier and Kaufmann 2016, Theorem 10",
    ),
    Step(
        "evidence-against-truth",
        "when a suboptimal arm leads, Z(t) <= log(2 t (K-1)/delta)",
        "Garivier and Kaufmann 2016, proof of Theorem 10",
        "event",
        mixture_probability,
        place=("round",),
    ),
)


class Watch(NamedTuple):
    """Own pulls, sums of rewards, means and solution w*, (K,) each; (answered,).

    Means are sums divided by counts, so that equal means are equal numbers: at a tie the weights are uniform.
    """

    pulls: npt.NDArray[np.int64]
    totals: npt.NDArray[np.float64]
    means: npt.NDArray[np.float64]
    weights: npt.NDArray[np.float64]
    register: npt.NDArray[np.int64]


def allocate(params: TrackAndStop, instance: BernoulliBandit, horizon: int) -> Watch:
    """Arrays of the watch."""
    k = instance.n_arms
    return Watch(np.zeros(k, np.int64), np.zeros(k), np.zeros(k), np.zeros(k), np.zeros(1, np.int64))


@hook
def begin(watch, params, instance):
    """Forget the last run."""
    for arm in range(watch.pulls.shape[0]):
        watch.pulls[arm] = 0
        watch.totals[arm] = 0.0
        watch.means[arm] = 0.0
    watch.register[0] = 0


@hook
def acted(records, run, watch, params, state, instance, t, arm):
    """Before the pull of round t, after n = t - 1 pulls: was it the arm that D-tracking asks for?"""
    n_arms = watch.pulls.shape[0]
    n = 1.0 * (t - 1)
    if t <= n_arms or watch.register[0] == 1:
        return
    least = 0
    for i in range(1, n_arms):
        if watch.pulls[i] < watch.pulls[least]:
            least = i
    if watch.pulls[least] < math.sqrt(n) - 0.5 * n_arms:
        check(records, run, TRACKING, watch.pulls[arm], watch.pulls[least], 0.0, t, arm, -1, -1)
        return
    inverse_time = optimal_proportions(params.family, watch.means, watch.weights)
    for i in range(n_arms):
        behind = n * watch.weights[i] - watch.pulls[i]
        played = n * watch.weights[arm] - watch.pulls[arm]
        check(records, run, TRACKING, behind, played, 1e-6, t, i, -1, -1)
    if inverse_time == 0.0:
        return
    best = 0
    for i in range(1, n_arms):
        if watch.means[i] > watch.means[best]:
            best = i
    total = 0.0
    for i in range(n_arms):
        if i != best:
            x = watch.weights[i] / watch.weights[best]
            joint = (watch.means[best] + x * watch.means[i]) / (1.0 + x)
            to_best = divergence(params.family, watch.means[best], joint)
            to_arm = divergence(params.family, watch.means[i], joint)
            cost = watch.weights[best] * to_best + watch.weights[i] * to_arm
            check(records, run, EQUALISED, abs(cost - inverse_time), 1e-9, 1e-9, t, i, -1, -1)
            total += to_best / to_arm
    check(records, run, BALANCED, abs(total - 1.0), 1e-6, 0.0, t, -1, -1, -1)


@hook
def observed(records, run, watch, params, state, instance, t, arm, reward):
    """Count independently; hold the decision to stop against the threshold."""
    watch.pulls[arm] += 1
    watch.totals[arm] += reward
    watch.means[arm] = watch.totals[arm] / watch.pulls[arm]
    n_arms = watch.pulls.shape[0]
    if t < n_arms or watch.register[0] == 1:
        return
    best = 0
    for i in range(n_arms):
        if watch.means[i] > watch.means[best]:
            best = i
    for i in range(n_arms):
        floor = max(0.0, math.sqrt(1.0 * t) - 0.5 * n_arms) - 1.0
        check(records, run, FORCED, floor, 1.0 * watch.pulls[i], 1e-12, t, i, -1, -1)
    z = evidence(params.family, watch.means, watch.pulls, best)
    level = math.log(2.0 * t * (n_arms - 1.0) / params.delta)
    if state.outcome[1] >= 0:
        watch.register[0] = 1
        check(records, run, STOPPING, level, z, 1e-9, t, best, -1, -1)
    else:
        check(records, run, STOPPING, z, level, 1e-9, t, best, -1, -1)
    if instance.gaps[best] > 0.0:
        check(records, run, LIKELIHOOD, z, level, 1e-9, t, -1, -1, -1)


@hook
def track_uniformly(params, state, t, rng):
    """Planted fault: arms in turn instead of the optimal proportions."""
    if state.outcome[1] >= 0:
        return state.outcome[1]
    return (t - 1) % state.alive.shape[0]


CLAIM = Claim(
    slug="track-and-stop",
    title="Track-and-Stop",
    paper="Garivier and Kaufmann 2016, Optimal best arm identification with fixed confidence",
    setting="stochastic bandit",
    algorithm=lambda instance, horizon: TrackAndStop(),
    cases=(
        Case("three arms", lambda: bernoulli(0.9, 0.5, 0.4), 1_000),
        Case("four arms", lambda: bernoulli(0.5, 0.45, 0.43, 0.4), 40_000, max_runs=100, full_only=True),
    ),
    bounds=(
        Bound(theorem("track-and-stop/correct"), gap_of_answer, largest=largest_gap),
    ),
    watch=sys.modules[__name__],
    sabotages=(
        Sabotage(
            "uniform", "arms in turn instead of tracking", ("tracking",), overrides={"act": track_uniformly}, n_runs=5
        ),
        Sabotage(
            "impatient", "a quarter of the threshold", ("stopping",), lambda p: p._replace(scale=0.25), n_runs=5
        ),
        Sabotage(
            "reckless", "a fiftieth of the threshold: wrong answers", ("track-and-stop/correct",),
            lambda p: p._replace(scale=0.02), build=lambda: bernoulli(0.6, 0.5), horizon=200, n_runs=200,
        ),
    ),
    notes="Optimality, E tau / log(1/delta) -> T*, is a limit that no one delta can refute: the figure shows the "
    "approach, the steps check what makes it true. After the answer the arm answered is pulled to the end. Where the "
    "best mean is tied the weights are uniform.",
)  # fmt: skip
