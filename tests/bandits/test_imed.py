"""IMED against its reference, by hand, and against the Lai-Robbins constant."""

from __future__ import annotations

import math

import numpy as np
import pytest

from bandits.algorithms.imed import IMED
from bandits.exact import choice_law, expected_regret_of_law
from bandits.instances.bernoulli import bernoulli
from bandits.instances.gaussian import gaussian
from kernels.engine import simulate
from proofs_check.claims.imed import act_reversed
from tests.bandits.index_checks import HORIZON, assert_agrees_on_bernoulli, decisions, on_bernoulli
from tests.bandits.stochastic import FIVE
from tests.reference.imed import imed
from theory.errors import HypothesisViolated, InvalidInput
from theory.theorems import theorem


def reference(stack):
    return imed(stack, HORIZON)


@pytest.mark.parametrize("means", [(0.5, 0.6), FIVE, (0.0, 1.0, 0.5)])
def test_decides_as_the_reference_on_shared_stacks(means):
    assert_agrees_on_bernoulli(IMED(), means, reference)


def test_another_index_changes_decisions():
    theirs = on_bernoulli(FIVE, reference)
    assert decisions(IMED(0.9), bernoulli(*FIVE)) != theirs
    assert decisions(IMED(), bernoulli(*FIVE), overrides={"act": act_reversed}) != theirs


def test_the_first_rounds_by_hand():
    """After one pull each: a success beats a failure for good while it lasts, equals tie to the first arm.

    With means 1 and 0 the divergence d(0, 1) is infinite, so the arm of the failure is not played again before the
    other one fails: on means (1, 0) the regret is one pull.
    """
    assert simulate(IMED(), bernoulli(1.0, 0.0), 200, 3).regret[:, -1].tolist() == [1.0] * 3
    both = simulate(IMED(), bernoulli(1.0, 1.0), 8, 1, n_decisions=8).extra["decisions"][0].tolist()
    assert both == [0, 1] * 4  # equal means: log N alone, the arm of fewer pulls


def test_the_simulator_against_the_exact_recursion():
    """E R_30 on (.5, .6) by dynamic programming; the simulator within four standard errors."""
    exact = expected_regret_of_law(choice_law(IMED(), 2, 30), [0.5, 0.6], 30)[0][-1]
    final = simulate(IMED(), bernoulli(0.5, 0.6), 30, 20_000, seed=4).regret[:, -1]
    assert abs(final.mean() - exact) <= 4.0 * final.std(ddof=1) / math.sqrt(len(final))


def test_the_constant_of_the_theorem():
    bound = theorem("imed/asymptotic").bound(bernoulli(0.5, 0.6), IMED(), np.array([math.e]))
    assert bound[0] == pytest.approx(4.899320, abs=1e-6)


def test_the_theorem_asks_for_bernoulli_arms():
    with pytest.raises(HypothesisViolated, match="arms are bernoulli"):
        theorem("imed/asymptotic").require(gaussian(0.5, 0.6), IMED(), 10)


@pytest.mark.parametrize("weight", [-0.5, math.nan, math.inf])
def test_refuses_a_bad_weight(weight):
    with pytest.raises(InvalidInput, match="weight of IMED"):
        simulate(IMED(weight), bernoulli(0.5, 0.6), 10, 1)
