"""CombUCB1 against its reference, its instances and bounds, bad input."""

from __future__ import annotations

import math

import numpy as np
import pytest

from bandits.algorithms.cucb import CombUCB1
from bandits.algorithms.ucb1 import UCB1
from bandits.combinatorial import CombinatorialBandit, paths, subsets
from bandits.instances.bernoulli import bernoulli
from kernels.engine import simulate
from tests.bandits.stochastic import bernoulli_stack
from tests.reference.cucb import comb_ucb1
from theory.errors import InvalidInput
from theory.theorems import theorem

SEED, HORIZON = 6, 200
BANDITS = {
    "subsets": subsets((0.9, 0.8, 0.43, 0.31, 0.2), 2),
    "paths": paths((0.9, 0.8, 0.5, 0.52, 0.3, 0.4), 2),
}


@pytest.mark.parametrize("name", BANDITS)
def test_decides_as_the_reference_on_shared_stacks(name):
    bandit = BANDITS[name]
    actions = [frozenset(int(e) for e in np.flatnonzero(row)) for row in bandit.actions]
    trace = simulate(CombUCB1(), bandit, HORIZON, 6, seed=SEED, n_decisions=HORIZON)
    for run in range(6):
        stack = bernoulli_stack(tuple(bandit.means), SEED, run, HORIZON)
        made = trace.extra["decisions"][run].tolist()
        assert made == comb_ucb1(stack, actions, made)


def test_single_items_are_ucb1_with_another_width():
    means = (0.7, 0.4, 0.55)
    ours = simulate(CombUCB1(2.0), subsets(means, 1), HORIZON, 4, seed=SEED, n_decisions=HORIZON)
    theirs = simulate(UCB1(), bernoulli(*means), HORIZON, 4, seed=SEED, n_decisions=HORIZON)
    assert np.array_equal(ours.extra["decisions"], theirs.extra["decisions"])


def test_exact_quantities():
    bandit = BANDITS["paths"]
    assert bandit.gaps == pytest.approx([0.0, 0.68, 1.0])
    assert bandit.item_gaps == pytest.approx([np.inf, np.inf, 0.68, 0.68, 1.0, 1.0])
    assert bandit.suboptimal_items.tolist() == [False, False, True, True, True, True]
    assert bandit.largest_set == 2
    by_hand = 2 * 534 * (2 / 0.68 + 2 / 1.0) * math.log(100) + (math.pi**2 / 3 + 1) * 2 * 6
    assert float(theorem("cucb/regret").bound(bandit, CombUCB1(), np.array([100.0]))[0]) == pytest.approx(by_hand)


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: subsets((0.5, 1.5), 1), "means"),
        (lambda: subsets((0.5, 0.5), 3), "size is 3"),
        (lambda: paths((0.5, 0.5, 0.5), 2), "length is 2"),
        (lambda: CombinatorialBandit(np.array([0.5, 0.5]), np.array([[1.0, 0.5]])), r"actions\[0, 1\] is 0.5"),
        (lambda: CombinatorialBandit(np.array([0.5, 0.5]), np.array([[1.0, 1.0], [0.0, 0.0]])), "action 1 has no item"),
        (lambda: CombinatorialBandit(np.array([0.5, 0.5]), np.array([[1.0, 0.0]])), "item 1 belongs to no action"),
        (lambda: CombinatorialBandit(np.array([0.5]), np.ones((1, 2))), "actions have shape"),
        (lambda: simulate(CombUCB1(-1.0), BANDITS["paths"], 10, 1), "width of CombUCB1"),
    ],
)
def test_refuses_bad_input(build, message):
    with pytest.raises(InvalidInput, match=message):
        build()
