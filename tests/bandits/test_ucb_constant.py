"""UCB of constant regret against its reference, its confidence sequence, and its constancy."""

from __future__ import annotations

import math

import numpy as np
import pytest

from bandits.algorithms.ucb_constant import UCBConstant
from bandits.instances.gaussian import gaussian
from kernels.engine import simulate
from proofs_check.statistics import clopper_pearson
from tests.bandits.index_checks import HORIZON, assert_agrees_on_gaussian, decisions, on_gaussian
from tests.reference.ucb_constant import ucb_constant
from theory.errors import HypothesisViolated, InvalidInput
from theory.theorems import theorem

MEANS = (0.3, 0.0, 0.5)


@pytest.mark.parametrize("delta", [0.1, 0.9])
def test_decides_as_the_reference_on_shared_stacks(delta):
    assert_agrees_on_gaussian(UCBConstant(delta), MEANS, lambda stack: ucb_constant(stack, HORIZON, delta))


@pytest.mark.parametrize("params", [UCBConstant(0.2), UCBConstant(0.1, 0.9)])
def test_another_width_changes_decisions(params):
    assert decisions(params, gaussian(*MEANS)) != on_gaussian(MEANS, lambda stack: ucb_constant(stack, HORIZON, 0.1))


def test_the_confidence_sequence():
    """One arm: P(exists n: |mean_n - mu| > c_n) <= delta on Gaussian walks; a fixed-n radius fails far more often."""
    rng, walks, n, delta = np.random.default_rng(2), 4000, 2000, 0.1
    s = np.arange(1.0, n + 1.0)
    means = np.abs(np.cumsum(rng.standard_normal((walks, n)), axis=1)) / s
    c = np.sqrt((1.0 + s) / s**2 * (1.0 + 2.0 * np.log(np.sqrt(1.0 + s) / delta)))
    assert clopper_pearson(int((means > c).any(axis=1).sum()), walks, 1e-6)[0] <= delta
    fixed = np.sqrt(2.0 * np.log(2.0 / delta) / s)
    assert clopper_pearson(int((means > fixed).any(axis=1).sum()), walks, 1e-6)[0] > delta


def test_the_count_that_settles_an_arm():
    """2 c(n) < D from n = 3 + (16/D^2) log(2K/(D delta)) on, for gaps up to 2: what the theorem needs of c."""
    for n_arms in (2, 5, 20):
        for gap in np.linspace(0.01, 2.0, 100):
            for delta in (0.01, 0.1, 0.5):
                n = 2.0 + 16.0 / gap**2 * math.log(2.0 * n_arms / (gap * delta))
                inner = 1.0 + 2.0 * math.log(n_arms * math.sqrt(1.0 + n) / delta)
                assert 2.0 * math.sqrt((1.0 + n) * inner) / n <= gap


def test_the_bound_holds_for_a_long_time():
    """One number for every horizon: the share of runs that ever exceed it up to T = 60,000 is at most delta."""
    instance, delta = gaussian(1.0, 0.0), 0.5
    trace = simulate(UCBConstant(delta), instance, 60_000, 60, seed=5)
    bound = theorem("ucb-constant/regret").bound(instance, UCBConstant(delta), trace.checkpoints.astype(float))
    assert (bound == bound[0]).all()
    assert clopper_pearson(int((trace.regret > bound).any(axis=1).sum()), 60, 1e-6)[0] <= delta


def test_the_theorem_asks_for_its_delta():
    with pytest.raises(HypothesisViolated, match="delta"):
        theorem("ucb-constant/regret").require(gaussian(0.5, 0.6), UCBConstant(1.5), 10)


@pytest.mark.parametrize("params", [UCBConstant(0.0), UCBConstant(1.0), UCBConstant(0.1, -1.0), UCBConstant(math.nan)])
def test_refuses_bad_parameters(params):
    with pytest.raises(InvalidInput, match="of the UCB of constant regret"):
        simulate(params, gaussian(0.5, 0.6), 10, 1)
