"""Stochastic bandit instances: exact quantities, the laws of their rewards, and what they refuse."""

from __future__ import annotations

import math

import numba
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from bandits.algorithms.ucb1 import UCB1
from bandits.instances import bernoulli as bernoulli_module
from bandits.instances import beta as beta_module
from bandits.instances import finite as finite_module
from bandits.instances import gaussian as gaussian_module
from bandits.instances import nonstationary
from bandits.instances.bernoulli import BernoulliBandit, bernoulli
from bandits.instances.beta import beta
from bandits.instances.finite import finite
from bandits.instances.gaussian import GaussianBandit, gaussian
from bandits.instances.nonstationary import piecewise
from kernels.engine import simulate
from kernels.random import stream_gamma, stream_key
from proofs_check.statistics import clopper_pearson
from theory.errors import InvalidInput

ALPHA = 1e-6


def sample(module, instance, arm, n, t=1):
    """The first n rewards of an arm's stack."""
    draw = module.draw

    @numba.njit
    def fill(arrays):
        key = stream_key(17, 1, 0, arm)
        gamma = stream_gamma(key)
        out = np.empty(n)
        for k in range(n):
            out[k] = draw(arrays, arm, k, t, key, gamma)
        return out

    return fill(instance.arrays())


def test_bernoulli_rewards():
    arms = bernoulli(0.3, 0.0, 1.0)
    ones = sample(bernoulli_module, arms, 0, 50_000)
    low, high = clopper_pearson(int(ones.sum()), len(ones), ALPHA)
    assert low <= 0.3 <= high and set(np.unique(ones)) == {0.0, 1.0}
    assert not sample(bernoulli_module, arms, 1, 1000).any() and sample(bernoulli_module, arms, 2, 1000).all()


def test_gaussian_rewards():
    arms = gaussian(-2.0, 5.0, sd=3.0)
    assert stats.kstest(sample(gaussian_module, arms, 0, 50_000), stats.norm(-2.0, 3.0).cdf).pvalue > ALPHA
    assert arms.subgaussian == 3.0 and arms.reward_range == (-math.inf, math.inf)


def test_beta_rewards():
    arms = beta([2.0, 0.5], [1.0, 0.7])
    assert np.allclose(arms.means, [2 / 3, 0.5 / 1.2]) and arms.reward_range == (0.0, 1.0)
    for arm, (a, b) in enumerate([(2.0, 1.0), (0.5, 0.7)]):
        assert stats.kstest(sample(beta_module, arms, arm, 50_000), stats.beta(a, b).cdf).pvalue > ALPHA


def test_finite_rewards():
    arms = finite([[0.0, 0.5, 2.0], [-1.0, 3.0]], [[0.2, 0.0, 0.8], [0.75, 0.25]])
    assert np.allclose(arms.means, [1.6, 0.0]) and arms.reward_range == (-1.0, 3.0) and arms.subgaussian == 2.0
    drawn = sample(finite_module, arms, 0, 50_000)
    assert set(np.unique(drawn)) == {0.0, 2.0}  # a value of probability zero is never paid
    low, high = clopper_pearson(int((drawn == 2.0).sum()), len(drawn), ALPHA)
    assert low <= 0.8 <= high


def test_a_finite_bandit_on_zero_and_one_is_the_bernoulli_bandit():
    """Values in the order (1, 0), by inversion: the same stack, the same run."""
    arms = finite([[1.0, 0.0], [1.0, 0.0]], [[0.3, 0.7], [0.6, 0.4]])
    one = simulate(UCB1(), arms, 400, 4, seed=2, n_decisions=400)
    other = simulate(UCB1(), bernoulli(0.3, 0.6), 400, 4, seed=2, n_decisions=400)
    assert np.array_equal(one.extra["decisions"], other.extra["decisions"])
    assert arms.lai_robbins == pytest.approx(bernoulli(0.3, 0.6).lai_robbins, rel=1e-6)


def test_piecewise_means_gaps_and_regret():
    arms = piecewise([1, 101, 151], [[0.2, 0.9], [0.9, 0.2], [0.5, 0.5]])
    assert (
        arms.n_changes == 2 and arms.means_at(100).tolist() == [0.2, 0.9] and arms.means_at(101).tolist() == [0.9, 0.2]
    )
    assert arms.trivial_regret(np.array([50.0, 100.0, 120.0, 150.0, 900.0])) == pytest.approx([35, 70, 84, 105, 105])

    # Always arm 0: 0.7 a round on the first piece, nothing afterwards.
    always = simulate(UCB1(), arms, 200, 1, checkpoints=[100, 101, 200],
                      overrides={"act": lambda params, state, t, rng: 0})  # fmt: skip
    assert always.regret[0] == pytest.approx([70.0, 70.0, 70.0])
    for t, mean in ((100, 0.2), (101, 0.9), (151, 0.5)):
        ones = sample(nonstationary, arms, 0, 20_000, t)
        low, high = clopper_pearson(int(ones.sum()), len(ones), ALPHA)
        assert low <= mean <= high


def test_one_piece_is_the_stationary_bandit():
    one = simulate(UCB1(), piecewise([1], [[0.3, 0.6]]), 300, 3, seed=1)
    other = simulate(UCB1(), bernoulli(0.3, 0.6), 300, 3, seed=1)
    assert np.array_equal(one.regret, other.regret)


@pytest.mark.parametrize(
    ("instance", "value"),
    [
        (bernoulli(0.5, 0.6), 4.899320),
        (bernoulli(0.9, 0.8), 2.252100),
        (bernoulli(0.2, 0.1), 2.725537),
        (bernoulli(0.1, *[0.05] * 3, *[0.02] * 3, *[0.01] * 3), 17.445174),
        (gaussian(1.0, 0.5, 0.0), 2 / 0.5 + 2 / 1.0),
        (gaussian(1.0, 0.5, sd=3.0), 9 * 2 / 0.5),
    ],
)
def test_lai_robbins_constants(instance, value):
    assert instance.lai_robbins == pytest.approx(value, abs=1e-6)


@given(st.lists(st.floats(0.0, 1.0), min_size=1, max_size=8))
@settings(max_examples=50, deadline=None)
def test_gaps_are_exact_and_instances_immutable(means):
    arms = BernoulliBandit(np.array(means))
    assert (arms.gaps >= 0.0).all() and arms.gaps[int(np.argmax(means))] == 0.0
    with pytest.raises(ValueError):
        arms.means[0] = 0.5
    means[0] = 7.0  # the instance keeps a copy


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: bernoulli(0.5, 1.2), r"means\[1\] is 1.2; expected a number in \[0, 1\]"),
        (lambda: bernoulli(0.5, math.nan), r"means\[1\] is nan; expected a finite number"),
        (lambda: bernoulli(), "expected a non-empty vector"),
        (lambda: BernoulliBandit(np.ones((2, 2))), r"shape \(2, 2\)"),
        (lambda: gaussian(0.0, math.inf), r"means\[1\] is inf"),
        (lambda: gaussian(0.0, sd=0.0), "sd is 0.0; expected a finite number > 0"),
        (lambda: GaussianBandit(np.zeros(2), sd=math.nan), "sd is nan"),
        (lambda: beta([1.0, 0.0], [1.0, 1.0]), r"a\[1\] is 0; expected a number > 0"),
        (lambda: beta([1.0, 2.0], [1.0, -2.0]), r"b\[1\] is -2; expected a number > 0"),
        (lambda: beta([1.0], [1.0, 2.0]), "a has 1 entries and b has 2"),
        (lambda: finite([[0.0, 1.0]], [[0.5, 0.4]]), r"probabilities\[0\] sum to 0.9; expected 1"),
        (lambda: finite([[0.0, 1.0], [1.0]], [[0.5, 0.5], [0.5, 0.5]]), "arm 1 has 1 values and 2 probabilities"),
        (lambda: finite([[0.0, 1.0]], [[1.5, -0.5]]), r"probabilities\[0\]\[0\] is 1.5"),
        (lambda: finite([[0.0, math.nan]], [[0.5, 0.5]]), r"values\[0\]\[1\] is nan"),
        (lambda: finite([], []), "expected as many, at least 1"),
        (lambda: piecewise([2], [[0.5]]), "first piece to start at round 1"),
        (lambda: piecewise([1, 5, 5], [[0.5], [0.4], [0.3]]), r"starts\[2\] is 5, not after starts\[1\] = 5"),
        (lambda: piecewise([1, 5], [[0.5]]), "2 starts and 1 vectors of means"),
        (lambda: piecewise([1, 5], [[0.5, 0.1], [0.5]]), r"means\[1\] has 1 arms; expected 2"),
        (lambda: piecewise([1, 5], [[0.5, 0.1], [0.5, 1.1]]), r"means\[1\]\[1\] is 1.1"),
    ],
)  # fmt: skip
def test_what_is_refused(build, message):
    with pytest.raises(InvalidInput, match=message):
        build()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"horizon": 0, "n_runs": 1}, "horizon is 0; expected at least 1"),
        ({"horizon": 5, "n_runs": 0}, "n_runs is 0; expected at least 1"),
        ({"horizon": 5, "n_runs": 1, "seed": -1}, "seed is -1"),
        ({"horizon": 5, "n_runs": 1, "checkpoints": [3, 2]}, "checkpoints must increase within 1..5"),
        ({"horizon": 5, "n_runs": 1, "checkpoints": [6]}, "checkpoints must increase within 1..5"),
    ],
)
def test_what_a_simulation_refuses(arguments, message):
    with pytest.raises(InvalidInput, match=message):
        simulate(UCB1(), bernoulli(0.5, 0.6), **arguments)
