"""OFULog against its reference, the relaxed set, and the radius in numbers."""

from __future__ import annotations

import math

import numpy as np
import pytest

from bandits.algorithms import logistic_ofu as module
from bandits.algorithms.logistic_ofu import OFULog, OFULogRelaxed
from bandits.generalised import LogisticBandit
from bandits.linear import LinearProblem
from kernels.engine import simulate
from tests.reference.logistic_ofu import logistic_ofu
from tests.reference.stacks import REWARD, key_of, uniform_at
from theory.errors import HypothesisViolated, InvalidInput
from theory.theorems import theorem
from theory.theorems.logistic_ofu import score_radius

SEED = 37


def _bandit() -> LogisticBandit:
    x = np.random.default_rng(5).standard_normal((5, 2))
    x *= (np.linspace(0.6, 1.0, 5) / np.linalg.norm(x, axis=1))[:, None]
    return LogisticBandit.of_actions(x, [1.5, 0.0])


@pytest.mark.parametrize("scale", [0.05, 0.3])
def test_decides_as_the_reference_on_shared_stacks(scale):
    bandit, horizon = _bandit(), 12
    params = OFULog(1.5, 1.0, 0.7, 0.1, scale, 4, 7)
    trace = simulate(params, bandit, horizon, 3, seed=SEED, n_decisions=horizon)
    for run in range(3):

        def reward(t, action, run=run):
            u = uniform_at(key_of(SEED, REWARD, run, 0), t)
            return float(u < 1 / (1 + math.exp(-float(bandit.features[0, action] @ bandit.theta))))

        expected = logistic_ofu(bandit.features[0], reward, horizon, 1.5, 0.7, 0.1, scale, 4, 7)
        assert trace.extra["decisions"][run].tolist() == expected


def test_the_radius_in_numbers():
    """lam = 4, S = 2, delta = 0.1, d = 2, log det = 1: 2 * 2.5 + log 10 + 1/2 + 2 log 2."""
    assert float(score_radius(1.0, 2, 0.1, 4.0, 2.0)) == pytest.approx(5.5 + math.log(10) + 2 * math.log(2), rel=1e-14)


def test_the_relaxed_set_contains_the_set():
    bandit = _bandit()
    exact, relaxed = OFULog(1.5), OFULogRelaxed(1.5)
    grid = module.polar_grid(exact, bandit.features[0])
    rng = np.random.default_rng(1)
    for n in (0, 10, 100, 1000):
        counts = rng.multinomial(n, np.full(5, 0.2)).astype(float)
        sums = rng.binomial(counts.astype(int), bandit.means[0]).astype(float)
        inside = exact.excess(grid, counts, sums) <= 1.0
        assert inside.any() and (relaxed.excess(grid, counts, sums)[inside] <= 1.0).all()


def test_the_grid_holds_the_ball_and_the_axis():
    grid = module.polar_grid(OFULog(2.0, radii=3, angles=8), np.eye(2))
    assert grid.theta.shape == (25, 2) and np.linalg.norm(grid.theta, axis=1).max() == pytest.approx(2.0)
    assert (np.abs(grid.theta - [2.0, 0.0]).sum(axis=1) < 1e-12).any()


def test_an_empty_set_falls_back_on_the_least_excess():
    grid = module.polar_grid(OFULog(2.0, radii=1, angles=4), np.eye(2))
    assert module.optimistic(grid, np.array([5.0, 4.0, 3.0, 9.0, 9.0])) == (2, 1)
    # With (2, 0) and (0, 2) inside, ties go to the first parameter.
    assert module.optimistic(grid, np.array([1.0, 0.5, 0.5, 2.0, 2.0])) == (1, 0)


def test_the_relaxed_rule_runs_and_learns():
    bandit = _bandit()
    trace = simulate(OFULogRelaxed(1.5, scale=0.02, radii=6, angles=16), bandit, 300, 5, seed=1)
    assert trace.regret[:, -1].mean() < 0.5 * bandit.trivial_regret(np.array([300.0]))[0]


@pytest.mark.parametrize(
    ("params", "message"),
    [
        (OFULog(parameter_bound=0.0), "parameter_bound is 0.0"),
        (OFULog(radii=0), "radii is 0"),
        (OFULogRelaxed(delta=0.0), "OFULogRelaxed: delta is 0.0"),
    ],
)
def test_bad_hyper_parameters_are_refused(params, message):
    with pytest.raises(InvalidInput, match=message):
        module.allocate(params, LinearProblem(1, 2, 2, 10))


def test_only_the_plane():
    with pytest.raises(InvalidInput, match="dimension is 3"):
        module.allocate(OFULog(), LinearProblem(1, 2, 3, 10))
    with pytest.raises(HypothesisViolated, match="dimension 3"):
        theorem("logistic-ofu/regret").require(LogisticBandit.of_actions(np.eye(3), [0.5, 0, 0]), OFULog(), 10)
