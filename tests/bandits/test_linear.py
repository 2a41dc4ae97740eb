"""Linear bandit instances: laws, exact quantities and refusals."""

from __future__ import annotations

import numpy as np
import pytest

from bandits.algorithms.oful import OFUL
from bandits.linear import LinearBandit
from bandits.linear import context_of as context_of_round
from bandits.linear import draw as draw_reward
from kernels.engine import simulate
from kernels.random import CONTEXT, REWARD, stream_gamma, stream_key
from theory.errors import InvalidInput


def test_exact_quantities_of_a_contextual_instance():
    bandit = LinearBandit.contextual([[[3.0, 4.0], [1.0, 0.0]], [[0.0, 0.0], [0.0, 2.0]]], [1.0, -1.0], [0.25, 0.75])
    np.testing.assert_array_equal(bandit.means, [[-1.0, 1.0], [0.0, -2.0]])
    np.testing.assert_array_equal(bandit.gaps, [[2.0, 0.0], [0.0, 2.0]])
    assert (bandit.feature_bound, bandit.max_gap, bandit.dimension) == (5.0, 2.0, 2)
    assert bandit.parameter_bound == pytest.approx(2**0.5)
    np.testing.assert_array_equal(bandit.trivial_regret(np.array([3.0])), [6.0])


def test_a_table_is_shown_in_order_and_limits_the_horizon():
    features = np.random.default_rng(0).standard_normal((7, 3, 2))
    bandit = LinearBandit.table(features, [1.0, 0.5])
    assert [context_of_round(bandit.arrays(), t, np.uint64(1), np.uint64(3)) for t in range(1, 8)] == list(range(7))
    np.testing.assert_allclose(bandit.trivial_regret(np.array([2.0, 7.0])), np.cumsum(bandit.gaps.max(axis=1))[[1, 6]])
    trace = simulate(OFUL(), bandit, 7, 2, n_decisions=7, checkpoints=[7])
    for run in range(2):
        played = trace.extra["decisions"][run]
        assert trace.regret[run, 0] == pytest.approx(bandit.gaps[np.arange(7), played].sum())
    with pytest.raises(InvalidInput, match="7 rows of contexts for 8 rounds"):
        simulate(OFUL(), bandit, 8, 1)


def test_small_action_sets_are_filled_with_their_last_action():
    bandit = LinearBandit.action_sets([[[1.0, 0.0]], [[0.0, 1.0], [1.0, 1.0], [0.5, 0.0]]], [1.0, 0.0])
    np.testing.assert_array_equal(bandit.features[0], [[1.0, 0.0]] * 3)
    trace = simulate(OFUL(), bandit, 200, 1, seed=1)
    assert trace.extra["pulls"][0, 1:].sum() <= 120  # the first set, half of the rounds, never plays a copy


def _stream(purpose: int) -> tuple[np.uint64, np.uint64]:
    key = np.uint64(stream_key(5, purpose, 0, 0))
    return key, np.uint64(stream_gamma(key))


@pytest.mark.parametrize(
    ("noise", "scale", "variance"), [("gaussian", 0.3, 0.09), ("uniform", 0.6, 0.12), ("bernoulli", 1.0, 0.24)]
)
def test_rewards_have_their_mean_and_variance(noise, scale, variance):
    """20000 draws: the mean within 4.5 standard errors, the variance within 5 %."""
    arrays = LinearBandit.fixed([[1.0], [0.2]], [0.4], noise=noise, scale=scale).arrays()
    key, gamma = _stream(REWARD)
    rewards = np.array([draw_reward(arrays, 0, 0, t, key, gamma) for t in range(1, 20_001)])
    assert abs(rewards.mean() - 0.4) < 4.5 * np.sqrt(variance / len(rewards))
    assert rewards.var() == pytest.approx(variance, rel=0.05)
    if noise == "uniform":
        assert np.abs(rewards - 0.4).max() <= scale


def test_contexts_follow_their_law():
    bandit = LinearBandit.contextual(np.ones((3, 2, 1)), [1.0], [0.5, 0.0, 0.5])
    key, gamma = _stream(CONTEXT)
    seen = np.bincount([context_of_round(bandit.arrays(), t, key, gamma) for t in range(1, 4001)], minlength=3)
    assert seen[1] == 0
    assert abs(seen[0] - 2000) < 4.5 * np.sqrt(1000)


def test_the_uniform_law_is_subgaussian_with_its_variance():
    """log E exp(s U) <= s^2 b^2 / 6 on a grid."""
    s = np.linspace(0.01, 20.0, 500)
    assert (np.log(np.sinh(s) / s) <= s**2 / 6.0).all()
    assert LinearBandit.fixed([[1.0]], [1.0], noise="uniform", scale=3.0).noise_subgaussian == pytest.approx(3**0.5)


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: LinearBandit.fixed(np.zeros((0, 2)), [1.0, 1.0]), "no axis empty"),
        (lambda: LinearBandit.fixed([[1.0, np.nan]], [1.0, 1.0]), r"actions at index \(0, 1\) is nan"),
        (lambda: LinearBandit.fixed([[1.0, 2.0]], [1.0]), "theta has 1 entries; expected 2"),
        (lambda: LinearBandit.fixed([1.0, 2.0], [1.0]), r"shape \(2,\); expected \(n_actions, d\)"),
        (lambda: LinearBandit.contextual(np.ones((2, 1, 1)), [1.0], [0.5, 0.6]), "sum to 1.1"),
        (lambda: LinearBandit.contextual(np.ones((2, 1, 1)), [1.0], [1.5, -0.5]), r"weights\[0\] is 1.5"),
        (lambda: LinearBandit.contextual(np.ones((2, 1, 1)), [1.0], [1.0]), "1 weights for 2 contexts"),
        (lambda: LinearBandit.fixed([[1.0]], [1.0], noise="cauchy"), "expected one of gaussian"),
        (lambda: LinearBandit.fixed([[1.0]], [1.0], scale=-1.0), "scale is -1"),
        (lambda: LinearBandit.fixed([[0.5], [2.0]], [1.0], noise="bernoulli"), r"means\[0, 1\] is 2"),
        (lambda: LinearBandit.action_sets([], [1.0]), "no action set"),
        (lambda: LinearBandit.action_sets([[[1.0]], [[1.0, 2.0]]], [1.0]), r"dimensions \[1, 2\]"),
    ],
)
def test_bad_input_is_refused(build, message):
    with pytest.raises(InvalidInput, match=message):
        build()
