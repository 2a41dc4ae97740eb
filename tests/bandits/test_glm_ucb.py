"""GLM-UCB and the logistic estimate against general solvers and closed forms."""

from __future__ import annotations

import math

import numpy as np
import pytest

from bandits.algorithms import glm_ucb as module
from bandits.algorithms.glm_ucb import GLMUCB
from bandits.generalised import LogisticBandit
from bandits.linear import LinearBandit, LinearProblem
from kernels.engine import simulate
from tests.reference.glm_ucb import constrained_estimate, glm_ucb
from tests.reference.stacks import REWARD, key_of, uniform_at
from theory.errors import HypothesisViolated, InvalidInput
from theory.logistic import curvature_inverse, fit, fit_in_ball, mean, slope
from theory.theorems import theorem

SEED = 29


def _bandit(length: float = 1.2) -> LogisticBandit:
    x = np.random.default_rng(5).standard_normal((6, 2))
    x *= (np.linspace(0.6, 1.0, 6) / np.linalg.norm(x, axis=1))[:, None]
    return LogisticBandit.of_actions(x, [0.6 * length, -0.8 * length])


def test_decides_as_the_reference_on_shared_stacks():
    bandit, horizon = _bandit(), 40
    trace = simulate(GLMUCB(1.2, 1.0, 0.5, 0.1), bandit, horizon, 4, seed=SEED, n_decisions=horizon)
    for run in range(4):

        def reward(t, action, run=run):
            u = uniform_at(key_of(SEED, REWARD, run, 0), t)
            return float(u < 1 / (1 + math.exp(-float(bandit.features[0, action] @ bandit.theta))))

        expected = glm_ucb(bandit.features[0], reward, horizon, 1.2, 0.5, 0.1)
        assert trace.extra["decisions"][run].tolist() == expected


def test_curvature_in_numbers():
    assert curvature_inverse(1.0) == pytest.approx(5.086161, abs=5e-7)
    assert curvature_inverse(3.0) == pytest.approx(22.135324, abs=5e-7)
    assert curvature_inverse(1.0, 5.0) == pytest.approx(150.419897, abs=5e-7)
    assert slope(0.0) == 0.25 and mean(800.0) == 1.0 and slope(-800.0) == 0.0


@pytest.mark.parametrize("bound", [10.0, 0.7])
def test_the_estimate_is_that_of_a_general_solver(bound):
    rng = np.random.default_rng(7)
    x = rng.standard_normal((5, 3))
    counts = np.array([4.0, 7.0, 1.0, 0.0, 9.0])
    sums = np.array([4.0, 2.0, 0.0, 0.0, 8.0])
    rows = np.repeat(x, counts.astype(int), axis=0)
    rewards = np.concatenate([np.r_[np.ones(int(s)), np.zeros(int(n - s))] for n, s in zip(counts, sums)])
    found = fit_in_ball(x, counts, sums, 0.3, bound, np.zeros(3))
    np.testing.assert_allclose(found, constrained_estimate(rows, rewards, 0.3, bound), atol=2e-6)
    assert np.linalg.norm(found) <= bound * (1 + 1e-9)


def test_6_one_dimension_in_closed_form():
    """x = 1, n rewards of which half are 1, any lam: the estimate is 0; separable data stay finite and in the ball."""
    one = np.ones((1, 1))
    assert fit(one, np.array([8.0]), np.array([4.0]), 0.1, np.array([0.3]))[0] == pytest.approx(0.0, abs=1e-12)
    assert fit_in_ball(one, np.array([50.0]), np.array([50.0]), 1e-6, 2.0, np.zeros(1))[0] == pytest.approx(2.0)


def test_the_start_decides_nothing():
    rng = np.random.default_rng(8)
    x, counts = rng.standard_normal((6, 2)), np.array([3.0, 2, 5, 1, 0, 8])
    sums = np.array([3.0, 2, 5, 0, 0, 1])
    found = [
        fit_in_ball(x, counts, sums, 0.1, 1.3, start) for start in 1.3 * np.array([[0, 0], [1, 0], [0, -1], [2, 2]])
    ]
    np.testing.assert_allclose(found, np.tile(found[0], (4, 1)), atol=1e-8)
    assert np.linalg.norm(found[0]) == pytest.approx(1.3, abs=1e-9)


def test_the_means_pass_through_the_link_and_the_streams_are_shared():
    bandit = _bandit()
    np.testing.assert_allclose(bandit.means[0], 1 / (1 + np.exp(-bandit.features[0] @ bandit.theta)), atol=1e-15)
    assert bandit.gaps.min() == 0.0 and bandit.max_gap < 1.0
    assert bandit.best_slope == pytest.approx(float(slope((bandit.features @ bandit.theta).max())))


def test_the_theorem_refuses_another_link():
    with pytest.raises(HypothesisViolated, match="its link is the identity"):
        theorem("glm-ucb/regret").require(LinearBandit.fixed([[1.0]], [0.5]), GLMUCB(), 10)


def test_the_bound_in_numbers():
    """d = 1, S = L = lam = 1, T = 9, delta = 0.1."""
    bandit = LogisticBandit.of_actions([[1.0], [-1.0]], [1.0])
    rho = 0.5 * math.sqrt(2 * math.log(10) + math.log(10)) + 1
    expected = 0.5 * 5.0861612696 * rho * math.sqrt(18 * math.log(10))
    assert theorem("glm-ucb/regret").bound(bandit, GLMUCB(delta=0.1), np.array([9.0]))[0] == pytest.approx(expected)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        (GLMUCB(parameter_bound=0.0), "parameter_bound is 0.0"),
        (GLMUCB(regularization=-1.0), "regularization is -1.0"),
        (GLMUCB(delta=1.0), "GLMUCB: delta is 1.0"),
    ],
)
def test_bad_hyper_parameters_are_refused(params, message):
    with pytest.raises(InvalidInput, match=message):
        module.allocate(params, LinearProblem(1, 2, 2, 10))


def test_contexts_are_refused():
    with pytest.raises(InvalidInput, match="2 contexts"):
        module.allocate(GLMUCB(), LinearProblem(2, 2, 2, 10))
