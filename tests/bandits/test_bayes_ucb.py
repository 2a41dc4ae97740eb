"""Bayes-UCB against its reference, and the union of its watch."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import beta, binom

from bandits.algorithms.bayes_ucb import BayesUCB
from bandits.exact import choice_law, expected_regret_of_law
from bandits.instances.bernoulli import bernoulli
from kernels.engine import simulate
from proofs_check.claims.bayes_ucb import act_on_stale_quantiles, offset, optimism_union
from tests.bandits.index_checks import HORIZON, assert_agrees_on_bernoulli, decisions, on_bernoulli
from tests.bandits.stochastic import FIVE
from tests.reference.bayes_ucb import bayes_ucb
from theory.divergences import bernoulli_kl
from theory.errors import HypothesisViolated, InvalidInput
from theory.theorems import theorem


@pytest.mark.parametrize(("means", "c"), [((0.5, 0.6), 5.0), (FIVE, 5.0), (FIVE, 0.0), ((0.0, 1.0, 0.5), 0.0)])
def test_decides_as_the_reference_on_shared_stacks(means, c):
    assert_agrees_on_bernoulli(BayesUCB(c), means, lambda stack: bayes_ucb(stack, HORIZON, c))


def test_another_power_or_a_planted_fault_changes_decisions():
    theirs = on_bernoulli(FIVE, lambda stack: bayes_ucb(stack, HORIZON, 5.0))
    assert decisions(BayesUCB(4.5), bernoulli(*FIVE)) != theirs
    assert decisions(BayesUCB(), bernoulli(*FIVE), overrides={"act": act_on_stale_quantiles}) != theirs


def test_the_simulator_against_the_exact_recursion():
    """E R_20 on (.5, .6) by dynamic programming; the simulator within four standard errors."""
    exact = expected_regret_of_law(choice_law(BayesUCB(), 2, 20), [0.5, 0.6], 20)[0][-1]
    final = simulate(BayesUCB(), bernoulli(0.5, 0.6), 20, 10_000, seed=4).regret[:, -1]
    assert abs(final.mean() - exact) <= 4.0 * final.std(ddof=1) / math.sqrt(len(final))


def test_optimism_union_by_enumeration():
    """Every (s, S) whose posterior quantile at round K + 1 is below mu*, weighted by its binomial probability."""
    mean, n_arms, horizon = 0.9, 2, 60
    p = math.exp(-offset(horizon)) / (n_arms + 1)
    total = sum(
        binom.pmf(successes, s, mean)
        for s in range(1, horizon + 1)
        for successes in range(s + 1)
        if beta.isf(p, successes + 1, s - successes + 1) < mean
    )
    assert optimism_union(mean, n_arms, horizon) == pytest.approx(total, rel=1e-9)


def test_the_pieces_of_the_finite_bound():
    """Its last term: P(index of the best arm after s pulls < mu*) <= p / (1 - mu*), exactly for every s."""
    mean, p = 0.9, 1e-3
    for s in range(1, 200):
        below = [k for k in range(s + 1) if binom.cdf(k, s + 1, mean) < p]
        if below:
            assert binom.cdf(below[-1], s, mean) <= p / (1.0 - mean)
    t = np.array([3.0, 100.0, 1000.0])
    bound = theorem("bayes-ucb/finite").bound(bernoulli(0.9, 0.5), BayesUCB(), t)
    assert bound[0] == pytest.approx(0.4 * 3.0)  # the trivial bound
    e, level = 0.15, math.log(1000) + 5 * math.log(math.log(1000))
    one = 1 + level / bernoulli_kl(0.65, 0.9) + 1 / math.expm1(bernoulli_kl(0.5 + e, 0.5))
    assert 30.0 < bound[2] <= 0.4 * (one + 1000 / (0.1 * math.log(1000) ** 5))


def test_the_theorem_asks_for_its_power():
    theorem("bayes-ucb/asymptotic").require(bernoulli(0.5, 0.6), BayesUCB(), 10)
    with pytest.raises(HypothesisViolated, match="c is 0"):
        theorem("bayes-ucb/asymptotic").require(bernoulli(0.5, 0.6), BayesUCB(0.0), 10)


def test_the_constant_of_the_theorem():
    bound = theorem("bayes-ucb/asymptotic").bound(bernoulli(0.9, 0.8), BayesUCB(), np.array([math.e]))
    assert bound[0] == pytest.approx(2.252100, abs=1e-6)


@pytest.mark.parametrize("power", [-0.5, math.nan, math.inf])
def test_refuses_a_bad_power(power):
    with pytest.raises(InvalidInput, match="power of Bayes-UCB"):
        simulate(BayesUCB(power), bernoulli(0.5, 0.6), 10, 1)
