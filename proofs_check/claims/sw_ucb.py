"""Sliding-window UCB: the steps of its proof, and the rate of its dynamic regret."""

from __future__ import annotations

import math
import sys
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from bandits.algorithms.sw_ucb import SlidingWindowUCB, tuned_window
from bandits.instances.nonstationary import PiecewiseBandit, piece_of
from kernels.jit import hook
from kernels.steps import check
from proofs_check import forgetting
from proofs_check.claim import Case, Claim, Rate, Sabotage
from proofs_check.forgetting import (
    LEVELS,
    MEMORY_STEP,
    check_dynamic_regret,
    check_few,
    check_indices,
    note_few,
    one_change,
    swap,
    two_changes,
)
from theory.theorems import theorem

STEPS = forgetting.STEPS


class Watch(NamedTuple):
    """Every arm and reward of the run, (T,); counts, sums, means, widths of the window, (K,); rounds of few pulls,
    (K, levels); pulls of every piece, (P, K); the regret so far, one entry; the window, xi and B of the theorem.
    """

    arms: npt.NDArray[np.int64]
    rewards: npt.NDArray[np.float64]
    counts: npt.NDArray[np.float64]
    sums: npt.NDArray[np.float64]
    means: npt.NDArray[np.float64]
    widths: npt.NDArray[np.float64]
    few: npt.NDArray[np.int64]
    pulls: npt.NDArray[np.int64]
    regret: npt.NDArray[np.float64]
    window: int
    xi: float


def allocate(params: SlidingWindowUCB, instance: PiecewiseBandit, horizon: int) -> Watch:
    """Arrays of the watch; window and xi are those of the claim, so that others are seen."""
    k = instance.n_arms
    stated = theirs(instance, horizon)
    return Watch(
        np.zeros(horizon, np.int64), np.zeros(horizon), np.zeros(k), np.zeros(k), np.zeros(k), np.zeros(k),
        np.zeros((k, len(LEVELS)), np.int64), np.zeros((instance.n_changes + 1, k), np.int64), np.zeros(1),
        stated.window, stated.xi,
    )  # fmt: skip


@hook
def begin(watch, params, instance):
    """Forget the last run."""
    watch.few[...] = 0
    watch.pulls[...] = 0
    watch.regret[0] = 0.0


@hook
def acted(records, run, watch, params, state, instance, t, arm):
    """Before the reward of round t: counts and sums of the window, from the history itself."""
    n_arms = watch.counts.shape[0]
    for i in range(n_arms):
        watch.counts[i] = 0.0
        watch.sums[i] = 0.0
    for s in range(max(0, t - 1 - watch.window), t - 1):
        watch.counts[watch.arms[s]] += 1.0
        watch.sums[watch.arms[s]] += watch.rewards[s]
    level = watch.xi * math.log(max(1.0, min(t - 1.0, 1.0 * watch.window)))
    for i in range(n_arms):
        difference = abs(watch.counts[i] - state.pulls[i]) + abs(watch.sums[i] - state.total[i])
        check(records, run, MEMORY_STEP, difference, 0.0, 1e-9, t, i, -1, -1)
        watch.means[i] = watch.sums[i] / max(1.0, watch.counts[i])
        watch.widths[i] = math.sqrt(level / max(1.0, watch.counts[i]))
    check_indices(records, run, instance, t, arm, watch.counts, watch.means, watch.widths)
    note_few(watch.few, watch.counts, arm)


@hook
def observed(records, run, watch, params, state, instance, t, arm, reward):
    """Append to the history."""
    watch.arms[t - 1] = arm
    watch.rewards[t - 1] = reward
    piece = piece_of(instance, t)
    watch.pulls[piece, arm] += 1
    watch.regret[0] += instance.gaps[piece, arm]


@hook
def ended(records, run, watch, params, state, instance, t):
    """The counting lemma and the regret."""
    check_few(records, run, watch.few, math.ceil(t / watch.window), 1.0, 0.0, t)
    check_dynamic_regret(records, run, watch.pulls, instance, watch.regret[0], t)


def theirs(instance: PiecewiseBandit, horizon: int) -> SlidingWindowUCB:
    """The window tuned to horizon and number of changes."""
    return SlidingWindowUCB(tuned_window(horizon, getattr(instance, "n_changes", 0)))


CLAIM = Claim(
    slug="sw-ucb",
    title="Sliding-window UCB",
    paper="Garivier and Moulines 2011, On upper-confidence bound policies for switching bandit problems",
    setting="stochastic bandit",
    algorithm=theirs,
    cases=(
        Case("one change", lambda: one_change(2_000), 2_000, max_runs=25),
        Case("two changes", lambda: two_changes(3_000), 3_000, max_runs=25),
    ),
    bounds=(),
    watch=sys.modules[__name__],
    rate=Rate(
        theorem("sw-ucb/regret"), "the theorem\'s parameters, two arms change places at half the horizon", theirs,
        "T", (2**12, 2**14, 2**16, 2**18), lambda horizon: (swap(horizon, 0.5), horizon), n_runs=60,
    ),
    sabotages=(
        Sabotage("wide-window", "a window four times as long", ("memory",), lambda p: p._replace(window=4 * p.window),
                 n_runs=3),
        Sabotage("small-xi", "xi = 0.1 instead of 0.6", ("rule",), lambda p: p._replace(xi=0.1), n_runs=3),
    ),
    notes="The regret is dynamic: against the best arm of every round.",
)  # fmt: skip
