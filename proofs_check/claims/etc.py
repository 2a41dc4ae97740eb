"""Explore-then-commit: Theorem 6.1 of Lattimore and Szepesvari (2020) and the two steps of its proof."""

from __future__ import annotations

import math
import sys
from typing import Any, NamedTuple

import numpy as np

from bandits.algorithms.etc import ETC
from bandits.instances.gaussian import GaussianBandit, gaussian
from bandits.policies import highest
from kernels.jit import hook
from kernels.steps import Step, check
from proofs_check.claim import Bound, Case, Claim, Sabotage
from proofs_check.index_steps import ROUNDING, Float
from proofs_check.tally import DECOMPOSITION as DECOMPOSITION_STEP
from proofs_check.tally import Tally, allocate_tally, check_decomposition, clear, count, lai_robbins_line
from theory.theorems import theorem
from theory.theorems.etc import tuned_exploration

SCHEDULE, RULE, MISTAKE, PULLS, DECOMPOSITION = range(5)


def exploration(instance: Any, horizon: int) -> int:
    """The m tuned to the smallest gap (1 if all arms are alike), as far as the horizon allows."""
    gaps = instance.gaps[instance.gaps > 0.0]
    wanted = tuned_exploration(float(gaps.min()), horizon) if gaps.size else 1
    return min(wanted, horizon // instance.n_arms)


def mistake_probability(params: Any, instance: Any, horizon: int) -> float:
    """sum_i exp(-m D_i^2/4) over the suboptimal arms."""
    m = exploration(instance, horizon)
    return float(sum(math.exp(-m * gap**2 / 4.0) for gap in instance.gaps if gap > 0.0))


STEPS = (
    Step(
        "schedule",
        "while exploring, the arm played has had floor((t-1)/K) pulls at most (the arms take turns until t = mK)",
        "Lattimore and Szepesvari 2020, Algorithm 1",
    ),
    Step(
        "rule",
        "mean_i(m) <= mean(m) of the arm played after the exploration, every arm i",
        "Lattimore and Szepesvari 2020, Algorithm 1",
    ),
    Step(
        "mistake",
        "the arm committed to is a best one (1 if it is not <= 0)",
        "Lattimore and Szepesvari 2020, eq. (6.3)-(6.4), union over the suboptimal arms",
        "event",
        mistake_probability,
    ),
    Step(
        "pulls",
        "N_i(T) <= m for every suboptimal arm i",
        "Lattimore and Szepesvari 2020, eq. (6.2)",
        "conditional",
        given=("mistake",),
    ),
    DECOMPOSITION_STEP,
)


class Watch(NamedTuple):
    """Own counts, the means at the end of the exploration, shape (K,), and the theorem's m."""

    tally: Tally
    explored: Float
    exploration: int


def allocate(params: ETC, instance: GaussianBandit, horizon: int) -> Watch:
    """Arrays of the watch; m comes from the instance, not from the algorithm."""
    return Watch(allocate_tally(instance.n_arms), np.zeros(instance.n_arms), exploration(instance, horizon))


@hook
def begin(watch, params, instance):
    """Forget the last run."""
    clear(watch.tally)


@hook
def acted(records, run, watch, params, state, instance, t, arm):
    """Before the reward of round t."""
    n_arms = watch.explored.shape[0]
    rounds = watch.exploration * n_arms
    if t <= rounds:
        check(records, run, SCHEDULE, float(watch.tally.pulls[arm]), float((t - 1) // n_arms), 0.0, t, arm, -1, -1)
        return
    if t == rounds + 1:
        for i in range(n_arms):
            watch.explored[i] = watch.tally.means[i]
        check(records, run, MISTAKE, 1.0 if instance.gaps[arm] > 0.0 else 0.0, 0.0, 0.0, t, arm, -1, -1)
    for i in range(n_arms):
        if i != arm:
            check(records, run, RULE, watch.explored[i], watch.explored[arm], ROUNDING, t, i, -1, -1)


@hook
def observed(records, run, watch, params, state, instance, t, arm, reward):
    """Count independently of the algorithm."""
    count(watch.tally, arm, reward, instance.gaps[arm])


@hook
def ended(records, run, watch, params, state, instance, t):
    """The pull counts at the horizon."""
    for i in range(instance.gaps.shape[0]):
        if instance.gaps[i] > 0.0:
            pulls = float(watch.tally.pulls[i])
            check(records, run, PULLS, pulls, float(watch.exploration), 0.0, t, i, -1, -1)
    check_decomposition(records, run, DECOMPOSITION, watch.tally, instance.gaps, t)


@hook
def act_without_commitment(params, state, t, rng):
    """Planted fault: no commitment, the leader of the exploration is looked up with its latest reward added."""
    n_arms = state.total.shape[0]
    return (t - 1) % n_arms if t <= params.exploration * n_arms else highest(state.total)


@hook
def observe_for_good(params, state, t, arm, reward):
    """... and rewards after the exploration count, so that totals of unequal length are compared."""
    state.total[arm] += reward


CLAIM = Claim(
    slug="etc",
    title="Explore-then-commit",
    paper="Lattimore and Szepesvari 2020, Bandit algorithms, chapter 6",
    setting="stochastic bandit",
    algorithm=lambda instance, horizon: ETC(exploration(instance, horizon)),
    cases=(
        Case("gap 0.2", lambda: gaussian(0.2, 0.0), 2_000),
        Case("gap 0.5", lambda: gaussian(0.0, 0.5), 200),
        Case("long", lambda: gaussian(0.0, 0.5), 1_000, max_runs=4_000, full_only=True),
    ),
    bounds=(Bound(theorem("etc/regret")), Bound(theorem("etc/tuned"))),
    watch=sys.modules[__name__],
    sabotages=(
        Sabotage("short", "a quarter of the exploration", ("schedule",), lambda p: ETC(p.exploration // 4)),
        Sabotage("never-commits", "explores until the horizon", ("etc/tuned", "etc/regret"), lambda p: ETC(1_000)),
        Sabotage(
            "follows-the-leader", "goes on comparing, by totals, after the exploration", ("rule",),
            overrides={"act": act_without_commitment, "observe": observe_for_good},
            build=lambda: gaussian(-0.5, -0.7), horizon=2_000,
        ),
    ),
    lower_bound=lai_robbins_line,
    lower_bound_name="Lai and Robbins 1985, asymptotic slope",
    notes="The tuned m needs the gap and the horizon. On Gaussian arms the regret is about 4 log T / D, twice what an "
    "algorithm that never commits pays (Garivier, Kaufmann and Lattimore 2016).",
)  # fmt: skip
