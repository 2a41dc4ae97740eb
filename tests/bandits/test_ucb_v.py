"""UCB-V against its reference, its variances, and the inequality behind it."""

from __future__ import annotations

import math

import numpy as np
import pytest

from bandits.algorithms.ucb_v import UCBV
from bandits.instances.bernoulli import bernoulli
from bandits.instances.gaussian import gaussian
from bandits.moments import allocate_moments, record_moments
from kernels.engine import simulate
from proofs_check.claims.ucb_v import observe_without_variance
from proofs_check.statistics import clopper_pearson
from tests.bandits.index_checks import (
    HORIZON,
    assert_agrees_on_bernoulli,
    assert_agrees_on_gaussian,
    decisions,
    on_bernoulli,
)
from tests.bandits.stochastic import FIVE
from tests.reference.ucb_v import ucb_v
from theory.errors import HypothesisViolated, InvalidInput
from theory.radii import empirical_bernstein
from theory.theorems import theorem


def reference(stack):
    return ucb_v(stack, HORIZON)


@pytest.mark.parametrize("means", [(0.5, 0.6), FIVE, (0.0, 1.0, 0.5)])
def test_decides_as_the_reference_on_shared_stacks(means):
    assert_agrees_on_bernoulli(UCBV(), means, reference)


def test_decides_as_the_reference_on_real_rewards():
    """Any rewards have a mean and a variance; only the theorem asks for [0, 1]."""
    assert_agrees_on_gaussian(UCBV(), (0.3, 0.0, 0.5), reference)


@pytest.mark.parametrize("params", [UCBV(1.0, 1.0), UCBV(1.2, 0.9), UCBV(1.2 / math.log(10.0), 1.0)])
def test_another_width_changes_decisions(params):
    assert decisions(params, bernoulli(*FIVE)) != on_bernoulli(FIVE, reference)


def test_planted_fault_changes_decisions():
    broken = decisions(UCBV(), bernoulli(*FIVE), overrides={"observe": observe_without_variance})
    assert broken != on_bernoulli(FIVE, reference)


def test_moments_do_not_depend_on_the_order_of_the_rewards():
    """0/1 rewards in any order give the same numbers, bit for bit; others the two-pass variance."""
    forward, backward, real = allocate_moments(1), allocate_moments(1), allocate_moments(1)
    coins = np.random.default_rng(1).random(1000) < 0.3
    rewards = np.random.default_rng(2).random(1000)
    for first, last, reward in zip(coins, coins[::-1], rewards):
        record_moments(forward, 0, float(first))
        record_moments(backward, 0, float(last))
        record_moments(real, 0, reward)
    assert (forward.mean, forward.variance) == (backward.mean, backward.variance)
    assert real.variance[0] == pytest.approx(rewards.var(), rel=1e-12)


def test_theorem_1_of_the_paper():
    """P(|mean - mu| > sqrt(2Vx/n) + 3x/n) <= 3 exp(-x), at a rare success probability where the variance matters."""
    rng, runs, n, p, x = np.random.default_rng(3), 40_000, 50, 0.05, 2.5
    means = rng.binomial(n, p, runs) / n
    radius = empirical_bernstein(n, means * (1.0 - means), x)
    failed = int((np.abs(means - p) > radius).sum())
    assert clopper_pearson(failed, runs, 1e-6)[0] <= 3.0 * math.exp(-x)
    # Without the linear term the statement is false: no success at all leaves a radius of zero.
    bare = int((np.abs(means - p) > np.sqrt(2.0 * means * (1.0 - means) * 6.0 / n)).sum())
    assert clopper_pearson(bare, runs, 1e-6)[0] > 3.0 * math.exp(-6.0)


def test_the_count_that_settles_an_arm():
    """With u = 8 (s^2/D^2 + 2/D) x and V <= s^2 + D/2 the width is at most D/2, as the proof uses."""
    for variance in np.linspace(0.0, 0.25, 26):
        for gap in np.linspace(0.02, 1.0, 50):
            x = 7.0
            u = 8.0 * (variance / gap**2 + 2.0 / gap) * x
            width = math.sqrt(2.0 * (variance + gap / 2.0) * x / u) + 3.0 * x / u
            assert width <= gap / 2.0 * (1.0 + 1e-12)


def test_the_theorem_asks_for_its_parameters_and_range():
    with pytest.raises(HypothesisViolated, match="zeta"):
        theorem("ucb-v/regret").require(bernoulli(0.5, 0.6), UCBV(1.0, 1.0), 10)
    with pytest.raises(HypothesisViolated, match="rewards lie in"):
        theorem("ucb-v/regret").require(gaussian(0.5, 0.6), UCBV(), 10)


@pytest.mark.parametrize("params", [UCBV(-1.0), UCBV(math.nan), UCBV(1.2, math.inf)])
def test_refuses_bad_parameters(params):
    with pytest.raises(InvalidInput, match="of UCB-V"):
        simulate(params, bernoulli(0.5, 0.6), 10, 1)
