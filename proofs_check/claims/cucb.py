"""CombUCB1: regret bounds and the steps of the proof."""

from __future__ import annotations

import math
import sys
from typing import Any

import numpy as np

from bandits.algorithms.cucb import CombUCB1, Moment
from bandits.combinatorial import CombinatorialBandit, paths, subsets
from kernels.steps import Step
from proofs_check.claim import Bound, Case, Claim, Rate, Sabotage
from proofs_check.tally import EVENT_PROBABILITY
from theory.theorems import theorem


def first_watched(n_items: int) -> int:
    """The least n0 with sum_{n >= n0} 2 L n^-2 <= EVENT_PROBABILITY (the sum is at most 2 L/(n0 - 1))."""
    return 1 + math.ceil(2.0 * n_items / EVENT_PROBABILITY)


def event_probability(params: Any, instance: Any, horizon: int) -> float:
    """Union bound 2 L/(n0 - 1): Hoeffding gives n^-3 each side, item and count up to n."""
    return 2.0 * instance.n_items / (first_watched(instance.n_items) - 1.0)


STEPS = (
    Step("rule", "no action has a larger sum of upper bounds than the one played (from independent counts)",
         "Kveton et al. 2015, Algorithm 1 and equation (2)", place=("round", "action")),
    Step("good-event", "|mean_e - mu_e| <= sqrt(1.5 log(n) / N_e) for every item, after every n >= n0 rounds",
         "Kveton et al. 2015, Lemma 1", "event", event_probability, place=("round", "item")),
    Step("gap", "D_A <= 2 sum over the items of A that are in no optimal action of sqrt(1.5 log(n) / N_e), A played",
         "Kveton et al. 2015, Lemma 1, event F", "conditional", given=("good-event",), place=("round", "action")),
    Step("decomposition", "sum of gaps of the actions played = best value x T - sum_e mu_e N_e(T); |difference|",
         "definition", place=("round",)),
)  # fmt: skip


class Watch:
    """Own counts and sums of the items, (L,), and the sum of gaps so far."""

    def __init__(self, instance: CombinatorialBandit) -> None:
        self.pulls = np.zeros(instance.n_items)
        self.totals = np.zeros(instance.n_items)
        self.regret = 0.0
        self.gaps = instance.gaps
        self.start = first_watched(instance.n_items)
        self.best = instance.actions[int(np.argmin(instance.gaps))] > 0.0


def allocate(params: CombUCB1, instance: CombinatorialBandit, horizon: int) -> Watch:
    """A fresh watch."""
    return Watch(instance)


def observed(check: Any, watch: Watch, params: Any, instance: CombinatorialBandit, t: int, moment: Moment) -> None:
    """The statements about round t, then its rewards."""
    n = t - 1
    if (watch.pulls > 0.0).all():
        means = watch.totals / watch.pulls
        widths = np.sqrt(1.5 * math.log(n) / watch.pulls)
        sums = instance.actions @ (means + widths)
        best = int(np.argmax(sums))
        check("rule", sums[best], sums[moment.action], t, best)
        if n >= watch.start:
            worst = int(np.argmax(np.abs(means - instance.means) - widths))
            check("good-event", abs(means[worst] - instance.means[worst]), widths[worst], t, worst)
            gap = watch.gaps[moment.action]
            if gap > 1e-12:
                apart = (instance.actions[moment.action] > 0.0) & ~watch.best
                check("gap", gap, 2.0 * widths[apart].sum(), t, moment.action)
    watch.pulls[moment.items] += 1.0
    watch.totals[moment.items] += moment.rewards
    watch.regret += watch.gaps[moment.action]


def ended(check: Any, watch: Watch, params: Any, instance: CombinatorialBandit, t: int) -> None:
    """The regret decomposition."""
    value = float((instance.actions @ instance.means).max())
    difference = abs(watch.regret - (value * t - float(instance.means @ watch.pulls)))
    check("decomposition", difference, 1e-9 * (1.0 + watch.regret), t)


def moving(horizon: int) -> tuple[CombinatorialBandit, int]:
    """Pairs of four items, two of them better by sqrt(4/T)."""
    gap = math.sqrt(4.0 / horizon)
    return subsets((0.5 + gap, 0.5 + gap, 0.5, 0.5), 2), horizon


def worst_action(actions: Any, weights: Any) -> int:
    """Planted fault: the oracle minimises."""
    return int(np.argmin(actions @ weights))


CLAIM = Claim(
    slug="cucb",
    title="CombUCB1 (CUCB)",
    paper="Kveton, Wen, Ashkan and Szepesvari 2015, Tight regret bounds for stochastic combinatorial semi-bandits",
    setting="combinatorial bandit",
    algorithm=lambda instance, horizon: CombUCB1(),
    cases=(
        Case("2 of 5", lambda: subsets((0.9, 0.8, 0.4, 0.3, 0.2), 2), 500, max_runs=100),
        Case("paths", lambda: paths((0.9, 0.8, 0.5, 0.5, 0.3, 0.4), 2), 500, max_runs=100),
        Case("long", lambda: subsets((0.95, 0.05), 1), 60_000, max_runs=50, full_only=True, watched=False),
    ),
    bounds=(Bound(theorem("cucb/regret")), Bound(theorem("cucb/minimax"))),
    watch=sys.modules[__name__],
    rate=Rate(
        theorem("cucb/minimax"), "the theorem's parameters; the gap sqrt(L/T) moves with the horizon",
        lambda instance, horizon: CombUCB1(), "T", (2**7, 2**9, 2**11), moving, n_runs=60,
    ),
    sabotages=(
        Sabotage("narrow", "width sqrt(0.3 log / N)", ("rule",), lambda p: CombUCB1(0.3), n_runs=3),
        Sabotage("worst", "the oracle minimises", ("rule", "gap"), overrides={"oracle": worst_action}, n_runs=3),
    ),
    notes="The constants of the theorems make them vacuous below about 10^4 rounds even on two items of gap 0.9.",
)  # fmt: skip
