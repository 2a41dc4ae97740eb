"""Linear Thompson sampling against its reference, in one dimension, and the numbers of its theorem."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import norm

from bandits.algorithms import lin_ts as module
from bandits.algorithms.lin_ts import LinTS, uninflated
from bandits.linear import LinearBandit, LinearProblem
from kernels.engine import simulate
from tests.bandits.linear_stacks import instances, stacked
from tests.reference.lin_ts import lin_ts
from tests.reference.normal import words
from tests.reference.stacks import POLICY
from theory.errors import HypothesisViolated, InvalidInput
from theory.theorems import theorem
from theory.theorems.lin_ts import ANTI_CONCENTRATION

SEED, RUNS, HORIZON = 23, 10, 150


@pytest.mark.parametrize("bandit", instances(), ids=["fixed", "contexts", "table"])
def test_decides_as_the_reference_on_shared_stacks(bandit):
    params = LinTS(bandit.noise_subgaussian, 0.7, 1.0, 0.5, 0.1, 0.4)
    trace = simulate(params, bandit, HORIZON, RUNS, seed=SEED, n_decisions=HORIZON)
    for run in range(RUNS):
        expected = lin_ts(
            *stacked(bandit, SEED, run, HORIZON), words(SEED, POLICY, run, 0),
            params.noise, params.parameter_bound, params.regularization, params.delta, params.scale,
        )  # fmt: skip
        assert trace.extra["decisions"][run].tolist() == expected


def test_the_first_action_in_one_dimension_is_a_fair_coin():
    """d = 1, actions 1 and -1, thh_0 = 0: the sign of one normal variate."""
    bandit = LinearBandit.fixed([[1.0], [-1.0]], [0.5], noise="uniform", scale=0.5)
    first = simulate(LinTS(), bandit, 1, 4000, seed=3, n_decisions=1).extra["decisions"][:, 0]
    assert abs(first.mean() - 0.5) < 4.0 * 0.5 / math.sqrt(4000)


def test_without_perturbation_it_is_greedy_ridge_regression():
    bandit = instances()[0]
    trace = simulate(LinTS(scale=0.0), bandit, 60, 3, seed=SEED, n_decisions=60)
    for run in range(3):
        sets, reward = stacked(bandit, SEED, run, 60)
        v, b = np.eye(3), np.zeros(3)
        for t, actions in enumerate(sets):
            action = int(trace.extra["decisions"][run, t])
            values = actions @ np.linalg.solve(v, b)
            assert values[action] >= values.max() - 1e-12
            v += np.outer(actions[action], actions[action])
            b += reward(t, action) * actions[action]


def test_anti_concentration_is_below_the_gaussian_tail_at_one():
    assert ANTI_CONCENTRATION == pytest.approx(0.0855, abs=1e-4)
    assert norm.sf(1.0) > ANTI_CONCENTRATION


def test_the_bound_in_numbers():
    """d = 1, R = S = lam = 1, T = 100, delta = 0.04: delta' = 1e-4, beta = sqrt(2 log 1e4 + log 101) + 1."""
    bandit = LinearBandit.fixed([[1.0], [-1.0]], [0.5])
    beta = math.sqrt(2 * math.log(1e4) + math.log(101)) + 1
    gamma = beta * math.sqrt(2 * math.log(2e4))
    slope = 16 * math.sqrt(math.e * math.pi)
    expected = (beta + gamma * (1 + slope)) * math.sqrt(200 * math.log(101))
    expected += slope * gamma * math.sqrt(800 * math.log(100))
    params = LinTS(delta=0.04)
    assert theorem("lin-ts/regret").bound(bandit, params, np.array([100.0]))[0] == pytest.approx(expected, rel=1e-12)


def test_the_theorem_is_about_the_inflated_radius():
    bandit = instances()[1]
    params = uninflated(LinTS(parameter_bound=2.0), 4)
    assert params.scale == 0.5
    with pytest.raises(HypothesisViolated, match=r"scale is 1: it is 0\.5"):
        theorem("lin-ts/regret").require(bandit, params, 100)


@pytest.mark.parametrize(
    ("params", "message"),
    [(LinTS(scale=-1.0), "scale is -1.0"), (LinTS(scale=math.inf), "scale is inf"), (LinTS(delta=2.0), "LinTS: delta")],
)
def test_bad_hyper_parameters_are_refused(params, message):
    with pytest.raises(InvalidInput, match=message):
        module.allocate(params, LinearProblem(1, 2, 2, 10))
