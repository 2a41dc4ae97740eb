"""UCB(delta) against its reference, its limits and the constants of its proof."""

from __future__ import annotations

import math

import numpy as np
import pytest

from bandits.algorithms.ucb1 import UCB1
from bandits.algorithms.ucb_delta import UCBDelta
from bandits.instances.bernoulli import bernoulli
from bandits.instances.gaussian import gaussian
from kernels.engine import simulate
from proofs_check.claims.ucb_delta import event_probability, most_pulls
from tests.bandits.index_checks import HORIZON, assert_agrees_on_gaussian, decisions, on_gaussian
from tests.bandits.stochastic import FIVE
from tests.reference.ucb_delta import ucb_delta
from theory.errors import HypothesisViolated, InvalidInput
from theory.theorems import theorem

MEANS = (0.3, 0.0, 0.5)


@pytest.mark.parametrize("delta", [1.0 / HORIZON**2, 0.1])
def test_decides_as_the_reference_on_shared_stacks(delta):
    assert_agrees_on_gaussian(UCBDelta(delta), MEANS, lambda stack: ucb_delta(stack, HORIZON, delta))


def test_another_delta_changes_decisions():
    theirs = on_gaussian(MEANS, lambda stack: ucb_delta(stack, HORIZON, HORIZON**-2))
    assert decisions(UCBDelta(HORIZON**-2.1), gaussian(*MEANS)) != theirs


def test_6_with_delta_one_it_is_greedy():
    """Acceptance check 6: no bonus at delta = 1, as UCB1 of width zero."""
    assert decisions(UCBDelta(1.0), bernoulli(*FIVE)) == decisions(UCB1(0.0), bernoulli(*FIVE))


def test_constants_of_the_watch():
    """P(not the event) <= 1/T + 1/T^2 for one suboptimal arm, and u_i = ceil(16 log T / D^2)."""
    instance = gaussian(1.0, 0.0)
    assert most_pulls(instance, 200).tolist() == [0, math.ceil(16 * math.log(200))]
    assert event_probability(None, instance, 200) <= 1 / 200 + 1 / 200**2


def test_7_the_minimax_bound_follows_from_the_other():
    """On every gap min(T D, Theorem 7.1) <= Theorem 7.2, which is how the book derives it."""
    for horizon in (100.0, 1e4, 1e6):
        for gap in np.geomspace(1e-3, 3.0, 40):
            instance, t = gaussian(gap, 0.0), np.array([horizon])
            first, second = (theorem(f"ucb-delta/{name}").bound(instance, None, t)[0] for name in ("regret", "minimax"))
            assert min(first, horizon * gap) <= second


def test_the_theorems_ask_for_their_delta():
    with pytest.raises(HypothesisViolated, match=r"requires that delta = 1/T\^2"):
        theorem("ucb-delta/regret").require(gaussian(1.0, 0.0), UCBDelta(0.1), 200)


@pytest.mark.parametrize("delta", [0.0, -0.1, 1.1, math.nan])
def test_refuses_a_bad_delta(delta):
    with pytest.raises(InvalidInput, match="delta of UCB"):
        simulate(UCBDelta(delta), gaussian(0.5, 0.6), 10, 1)
