"""UCB1-Tuned against its reference; that nothing is claimed of its regret."""

from __future__ import annotations

import math

import pytest

from bandits.algorithms.ucb1 import UCB1
from bandits.algorithms.ucb_tuned import UCBTuned
from bandits.instances.bernoulli import bernoulli
from kernels.engine import simulate
from proofs_check.claims.ucb_tuned import CLAIM
from tests.bandits.index_checks import HORIZON, assert_agrees_on_bernoulli, decisions, on_bernoulli
from tests.bandits.stochastic import FIVE
from tests.reference.ucb_tuned import ucb_tuned
from theory.errors import InvalidInput
from theory.theorems import all_theorems

#: Long enough for the variance to matter: the cap binds while log n / N >= (1/4 - V)^2 / 2.
LONG, FAR = 1500, (0.95, 0.1)


@pytest.mark.parametrize("means", [(0.5, 0.6), FIVE, (0.0, 1.0, 0.5)])
def test_decides_as_the_reference_on_shared_stacks(means):
    assert_agrees_on_bernoulli(UCBTuned(), means, lambda stack: ucb_tuned(stack, HORIZON))


def test_decides_as_the_reference_where_the_variance_matters():
    theirs = on_bernoulli(FAR, lambda stack: ucb_tuned(stack, LONG), LONG)
    assert decisions(UCBTuned(), bernoulli(*FAR), LONG) == theirs
    assert decisions(UCBTuned(1e9), bernoulli(*FAR), LONG) != theirs
    assert decisions(UCBTuned(0.2), bernoulli(*FAR), LONG) != theirs
    capped = UCB1(0.25)  # the cap alone
    assert decisions(capped, bernoulli(*FAR), LONG) != theirs


def test_where_the_cap_binds_it_is_ucb_with_an_eighth_of_the_squared_width():
    """min(1/4, V + sqrt(2 log n / N)) = 1/4 while log n / N >= 1/32: the first rounds are UCB1's with width 1/4."""
    mine, theirs = (decisions(params, bernoulli(0.5, 0.6), 60) for params in (UCBTuned(), UCB1(0.25)))
    pulls = [max(run.count(0), run.count(1)) for run in mine]
    assert max(pulls) <= 32 * math.log(60) and mine == theirs


def test_6_without_a_cap_it_is_greedy():
    """cap = 0 leaves no width, as UCB1 of width zero."""
    assert decisions(UCBTuned(0.0), bernoulli(*FIVE)) == decisions(UCB1(0.0), bernoulli(*FIVE))


def test_nothing_is_claimed():
    assert CLAIM.bounds == () and CLAIM.rate is None and "NO regret bound" in CLAIM.notes
    assert not any(theorem.slug == "ucb-tuned" for theorem in all_theorems())


@pytest.mark.parametrize("cap", [-1.0, math.nan, math.inf])
def test_refuses_a_bad_cap(cap):
    with pytest.raises(InvalidInput, match="cap of UCB1-Tuned"):
        simulate(UCBTuned(cap), bernoulli(0.5, 0.6), 10, 1)
