"""Discounted UCB: the steps of its proof, and the rate of its dynamic regret."""

from __future__ import annotations

import math
import sys
from typing import NamedTuple

from bandits.algorithms.d_ucb import DiscountedUCB, tuned_discount
from bandits.instances.nonstationary import PiecewiseBandit
from kernels.jit import hook
from proofs_check import forgetting
from proofs_check.claim import Case, Claim, Rate, Sabotage
from proofs_check.forgetting import (
    History,
    allocate_history,
    append,
    check_dynamic_regret,
    check_few,
    check_round,
    clear,
    one_change,
    swap,
    two_changes,
)
from theory.theorems import theorem

STEPS = forgetting.STEPS


class Watch(NamedTuple):
    """The history; the discount and xi of the claim, so that others are seen."""

    history: History
    discount: float
    xi: float


def allocate(params: DiscountedUCB, instance: PiecewiseBandit, horizon: int) -> Watch:
    """Arrays of the watch."""
    stated = theirs(instance, horizon)
    return Watch(allocate_history(instance, horizon), stated.discount, stated.xi)


@hook
def begin(watch, params, instance):
    """Forget the last run."""
    clear(watch.history)


@hook
def acted(records, run, watch, params, state, instance, t, arm):
    """Before the reward of round t: discounted sums over the whole history, powers instead of a recursion."""
    history = watch.history
    if t <= history.counts.shape[0]:
        return
    history.counts[...] = 0.0
    history.sums[...] = 0.0
    weight = 1.0
    for back in range(t - 1):
        s = t - 2 - back
        history.counts[history.arms[s]] += weight
        history.sums[history.arms[s]] += weight * history.rewards[s]
        weight *= watch.discount
    together = (1.0 - watch.discount ** (t - 1.0)) / (1.0 - watch.discount)
    level = watch.xi * math.log(max(1.0, together))
    check_round(records, run, instance, t, arm, history, state.pulls, state.total, level, 2.0)


@hook
def observed(records, run, watch, params, state, instance, t, arm, reward):
    """Append to the history."""
    append(watch.history, instance, t, arm, reward)


@hook
def ended(records, run, watch, params, state, instance, t):
    """The counting lemma and the regret."""
    length = 1.0 / (1.0 - watch.discount)
    check_few(records, run, watch.history.few, math.ceil(t / length), watch.discount ** (-length), 1.0, t)
    check_dynamic_regret(records, run, watch.history.pulls, instance, watch.history.regret[0], t)


def theirs(instance: PiecewiseBandit, horizon: int) -> DiscountedUCB:
    """The discount tuned to horizon and number of changes."""
    return DiscountedUCB(tuned_discount(horizon, getattr(instance, "n_changes", 0)))


CLAIM = Claim(
    slug="d-ucb",
    title="Discounted UCB",
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
        theorem("d-ucb/regret"), "the theorem\'s parameters, two arms change places at half the horizon", theirs,
        "T", (2**12, 2**14, 2**16, 2**18), lambda horizon: (swap(horizon, 0.8), horizon), n_runs=60,
    ),
    sabotages=(
        Sabotage("long-memory", "half of the forgetting", ("memory",),
                 lambda p: p._replace(discount=0.5 + 0.5 * p.discount), n_runs=3),
        Sabotage("small-xi", "xi = 0.1 instead of 0.6", ("rule",), lambda p: p._replace(xi=0.1), n_runs=3),
    ),
    notes="The regret is dynamic: against the best arm of every round.",
)  # fmt: skip
