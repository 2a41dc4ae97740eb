"""alpha-UCB against its reference and the constants of its proof."""

from __future__ import annotations

import math

import numpy as np
import pytest

from bandits.algorithms.alpha_ucb import AlphaUCB
from bandits.algorithms.ucb1 import UCB1
from bandits.instances.bernoulli import bernoulli
from bandits.instances.gaussian import gaussian
from kernels.engine import simulate
from proofs_check.claims.alpha_ucb import ALPHA, EVENT_PROBABILITY, first_watched, union
from tests.bandits.index_checks import HORIZON, assert_agrees_on_bernoulli, decisions, on_bernoulli
from tests.bandits.stochastic import FIVE
from tests.reference.alpha_ucb import alpha_ucb
from theory.errors import HypothesisViolated, InvalidInput
from theory.theorems import theorem


@pytest.mark.parametrize(("means", "alpha"), [((0.5, 0.6), 3.0), (FIVE, 3.0), (FIVE, 2.1), ((0.0, 1.0, 0.5), 3.0)])
def test_decides_as_the_reference_on_shared_stacks(means, alpha):
    assert_agrees_on_bernoulli(AlphaUCB(alpha), means, lambda stack: alpha_ucb(stack, HORIZON, alpha))


@pytest.mark.parametrize("alpha", [2.9, 3.0 / math.log(10.0)])
def test_another_alpha_changes_decisions(alpha):
    theirs = on_bernoulli(FIVE, lambda stack: alpha_ucb(stack, HORIZON, 3.0))
    assert decisions(AlphaUCB(alpha), bernoulli(*FIVE)) != theirs


def test_alpha_four_is_ucb1_but_for_the_clock():
    """At alpha = 4 the width is UCB1's with t in the place of t - 1: nearly, and not quite, the same decisions."""
    mine = np.array(decisions(AlphaUCB(4.0), bernoulli(*FIVE)))
    theirs = np.array(decisions(UCB1(), bernoulli(*FIVE)))
    assert 0.5 < (mine == theirs).mean() < 1.0


def test_the_union_bound_of_the_watch():
    """(t - 1/2)^(2-alpha)/(alpha-2) bounds the tail sum, and t0 is the first round below 0.05."""
    for n_arms in (1, 2, 10):
        t = first_watched(n_arms)
        tail = sum(s ** (1.0 - ALPHA) for s in range(t, 200_000))
        assert n_arms * tail <= union(n_arms, t) <= EVENT_PROBABILITY < union(n_arms, t - 1)


def test_printed_and_derived_constants():
    """The derived constant is the smaller on [0, 1] and the larger for gaps above 1, where the printed one is wrong."""
    t = np.array([1e4])
    for instance, smaller in ((bernoulli(0.9, 0.5), "scaled"), (gaussian(2.0, 0.0), "regret")):
        values = {name: theorem(f"alpha-ucb/{name}").bound(instance, AlphaUCB(), t)[0] for name in ("regret", "scaled")}
        assert min(values, key=lambda name: values[name]) == smaller


def test_the_theorem_asks_for_alpha_above_two():
    with pytest.raises(HypothesisViolated, match="alpha is 2"):
        theorem("alpha-ucb/regret").require(bernoulli(0.5, 0.6), AlphaUCB(2.0), 10)


@pytest.mark.parametrize("alpha", [-1.0, math.nan, math.inf])
def test_refuses_a_bad_alpha(alpha):
    with pytest.raises(InvalidInput, match="alpha of alpha-UCB"):
        simulate(AlphaUCB(alpha), bernoulli(0.5, 0.6), 10, 1)
