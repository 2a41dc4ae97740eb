"""epsilon_t-greedy: Theorem 3 of Auer, Cesa-Bianchi and Fischer (2002) and the exploration its proof counts."""

from __future__ import annotations

import math
import sys
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from bandits.algorithms.epsilon_greedy import EpsilonGreedy
from bandits.instances.bernoulli import bernoulli
from kernels.jit import hook
from kernels.random import random
from kernels.steps import Step, check
from proofs_check.claim import Bound, Case, Claim, Rate, Sabotage
from proofs_check.index_steps import ROUNDING, Float
from proofs_check.tally import DECOMPOSITION as DECOMPOSITION_STEP
from proofs_check.tally import (
    EVENT_PROBABILITY,
    Tally,
    allocate_tally,
    check_decomposition,
    clear,
    count,
    event_probability,
    lai_robbins_line,
)
from theory.theorems import theorem
from theory.theorems.epsilon_greedy import play_probability

#: The c that the claim runs, whatever a fault gives the algorithm.
C = 10.0

RULE, EXPLORED, ENOUGH, SETTLED, DECOMPOSITION = range(5)


def gap_of(instance: Any) -> float:
    """d: the smallest positive gap (1 if there is none)."""
    gaps = instance.gaps[instance.gaps > 0.0]
    return float(gaps.min()) if gaps.size else 1.0


def rates(instance: Any, horizon: int) -> Float:
    """e_1, ..., e_T of the theorem."""
    t = np.arange(1.0, horizon + 1.0)
    return np.minimum(1.0, C * instance.n_arms / (gap_of(instance) ** 2 * t))


def bernstein_radius(variance: float, probability: float) -> float:
    """The r with 2 exp(-r^2 / (2 (variance + r/3))) = probability, for a sum of independent variables in [-1, 1]."""
    x = math.log(2.0 / probability)
    return x / 3.0 + math.sqrt(x * x / 9.0 + 2.0 * variance * x)


def half_of_the_exploration(instance: Any, horizon: int) -> Float:
    """[t - 1]: x_0 = (1/2K) sum_{s <= t} e_s."""
    return np.asarray(np.cumsum(rates(instance, horizon)) / (2.0 * instance.n_arms))


def explored_round(instance: Any, horizon: int) -> int:
    """t2, the first round with K exp(-x_0/5) <= EVENT_PROBABILITY; T + 1 if there is none."""
    wanted = 5.0 * math.log(instance.n_arms / EVENT_PROBABILITY)
    return 1 + int((half_of_the_exploration(instance, horizon) < wanted).sum())


def enough_probability(params: Any, instance: Any, horizon: int) -> float:
    """K exp(-x_0/5) at t2, Bernstein's inequality for each arm's exploring pulls; 1 if t2 is beyond the horizon."""
    t2 = explored_round(instance, horizon)
    if t2 > horizon:
        return 1.0
    return float(instance.n_arms * math.exp(-half_of_the_exploration(instance, horizon)[t2 - 1] / 5.0))


def greedy_mistakes(instance: Any, horizon: int) -> Float:
    """[t - 1]: sum over suboptimal arms and rounds t .. T of p - e/K, what the theorem leaves to the greedy rounds."""
    t = np.arange(1.0, horizon + 1.0)
    share = play_probability(instance.n_arms, C, gap_of(instance), t) - rates(instance, horizon) / instance.n_arms
    return np.asarray(np.cumsum((int((instance.gaps > 0.0).sum()) * share)[::-1])[::-1])


def settled_round(instance: Any, horizon: int) -> int:
    """t1, the first round from which greedy_mistakes is at most EVENT_PROBABILITY; T + 1 if there is none."""
    return 1 + int((greedy_mistakes(instance, horizon) > EVENT_PROBABILITY).sum())


def settled_probability(params: Any, instance: Any, horizon: int) -> float:
    """The theorem's own probability from t1 on; 1 if t1 is beyond the horizon."""
    t1 = settled_round(instance, horizon)
    return float(greedy_mistakes(instance, horizon)[t1 - 1]) if t1 <= horizon else 1.0


STEPS = (
    Step(
        "rule",
        "mean_i <= mean of the arm played, every arm i, in a round that does not explore (from independent counts)",
        "Auer, Cesa-Bianchi and Fischer 2002, Figure 3",
    ),
    Step(
        "explored",
        "|number of exploring rounds - sum_t e_t| <= Bernstein's radius at 0.05",
        "Bernstein's inequality: the coins are independent, e_t is not random",
        "event",
        event_probability,
    ),
    Step(
        "enough",
        "x_0 = (1/2K) sum_{s <= t2} e_s <= exploring pulls of every arm in the rounds up to t2",
        "Auer, Cesa-Bianchi and Fischer 2002, proof of Theorem 3 (Bernstein: probability exp(-x_0/5) each)",
        "event",
        enough_probability,
    ),
    Step(
        "settled",
        "no suboptimal arm is played without exploring in any round t >= t1 (1 if one is <= 0)",
        "Auer, Cesa-Bianchi and Fischer 2002, Theorem 3: sum over arms and rounds t >= t1 of p_t - e_t/K, the "
        "probability that a suboptimal mean is in front",
        "event",
        settled_probability,
    ),
    DECOMPOSITION_STEP,
)


class Watch(NamedTuple):
    """Own counts, and the proof's constants.

    Attributes:
        exploring: exploring pulls of each arm, (K,). expected: sum_t e_t. radius: of `explored`. enough: x_0 at t2.
        when: t2. settled: t1.
    """

    tally: Tally
    exploring: npt.NDArray[np.int64]
    expected: float
    radius: float
    enough: float
    when: int
    settled: int


def allocate(params: EpsilonGreedy, instance: Any, horizon: int) -> Watch:
    """Arrays of the watch; e_t comes from the instance, not from the algorithm."""
    k, e, when = instance.n_arms, rates(instance, horizon), explored_round(instance, horizon)
    return Watch(
        allocate_tally(k), np.zeros(k, np.int64), float(e.sum()),
        bernstein_radius(float((e * (1.0 - e)).sum()), EVENT_PROBABILITY),
        float(half_of_the_exploration(instance, horizon)[min(when, horizon) - 1]), when,
        settled_round(instance, horizon),
    )  # fmt: skip


@hook
def begin(watch, params, instance):
    """Forget the last run."""
    clear(watch.tally)
    for arm in range(watch.exploring.shape[0]):
        watch.exploring[arm] = 0


@hook
def acted(records, run, watch, params, state, instance, t, arm):
    """Before the reward of round t."""
    tally = watch.tally
    if state.explored[0] == 1:
        watch.exploring[arm] += 1
        return
    for i in range(tally.pulls.shape[0]):
        if i != arm:
            check(records, run, RULE, tally.means[i], tally.means[arm], ROUNDING, t, i, -1, -1)
    if t >= watch.settled:
        check(records, run, SETTLED, 1.0 if instance.gaps[arm] > 0.0 else 0.0, 0.0, 0.0, t, arm, -1, -1)


@hook
def observed(records, run, watch, params, state, instance, t, arm, reward):
    """Count independently of the algorithm."""
    count(watch.tally, arm, reward, instance.gaps[arm])
    if t == watch.when:
        for i in range(watch.exploring.shape[0]):
            check(records, run, ENOUGH, watch.enough, float(watch.exploring[i]), ROUNDING, t, i, -1, -1)


@hook
def ended(records, run, watch, params, state, instance, t):
    """The exploration at the horizon."""
    total = 0.0
    for i in range(watch.exploring.shape[0]):
        total += watch.exploring[i]
    check(records, run, EXPLORED, abs(total - watch.expected), watch.radius, ROUNDING, t, -1, -1, -1)
    check_decomposition(records, run, DECOMPOSITION, watch.tally, instance.gaps, t)


@hook
def act_on_the_first(params, state, t, rng):
    """Planted fault: exploration always plays arm 0, and the greedy choice is the arm pulled most."""
    coin = random(rng)
    random(rng)
    if coin < min(1.0, params.c * state.pulls.shape[0] / (params.gap * params.gap * t)):
        state.explored[0] = 1
        return 0
    state.explored[0] = 0
    best = 0
    for arm in range(state.pulls.shape[0]):
        if state.pulls[arm] > state.pulls[best]:
            best = arm
    return best


CLAIM = Claim(
    slug="epsilon-greedy",
    title="epsilon-greedy with a decreasing schedule",
    paper="Auer, Cesa-Bianchi and Fischer 2002, Finite-time analysis of the multiarmed bandit problem",
    setting="stochastic bandit",
    algorithm=lambda instance, horizon: EpsilonGreedy(gap_of(instance), C),
    cases=(
        Case("far", lambda: bernoulli(0.9, 0.1), 5_000),
        Case("three arms", lambda: bernoulli(0.1, 0.9, 0.2), 5_000),
        Case("close", lambda: bernoulli(0.6, 0.4), 20_000, full_only=True),
    ),
    bounds=(Bound(theorem("epsilon-greedy/regret")),),
    watch=sys.modules[__name__],
    rate=Rate(
        theorem("epsilon-greedy/order"), "the theorem's parameters, d the gap, c = 10",
        lambda instance, horizon: EpsilonGreedy(gap_of(instance), C), "T",
        (2**13, 2**14, 2**15, 2**16, 2**17), lambda horizon: (bernoulli(0.95, 0.05), horizon), n_runs=100, prefix=True,
    ),
    sabotages=(
        Sabotage("greedy", "never explores", ("explored", "enough"), lambda p: EpsilonGreedy(p.gap, 0.0)),
        Sabotage("half", "half the exploration", ("explored",), lambda p: EpsilonGreedy(p.gap, 0.5 * C)),
        Sabotage("wide-gap", "d twice the gap: no theorem", ("explored",), lambda p: EpsilonGreedy(2.0 * p.gap, C)),
        Sabotage(
            "first-arm", "explores arm 0 only, then plays what was played most", ("enough", "rule"),
            overrides={"act": act_on_the_first},
        ),
    ),
    lower_bound=lai_robbins_line,
    lower_bound_name="Lai and Robbins 1985, asymptotic slope",
    notes="The algorithm is given the smallest gap. With a larger d there is no theorem.",
)  # fmt: skip
