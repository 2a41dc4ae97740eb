"""Rarely switching OFUL against its reference, against OFUL, and its count of switches."""

from __future__ import annotations

import math

import numpy as np
import pytest

from bandits.algorithms import rare_switching_oful as module
from bandits.algorithms.oful import OFUL
from bandits.algorithms.rare_switching_oful import RareSwitchingOFUL
from bandits.linear import LinearBandit, LinearProblem
from kernels.engine import simulate
from tests.bandits.linear_stacks import instances, stacked
from tests.reference.rare_switching_oful import rare_switching_oful
from theory.errors import HypothesisViolated, InvalidInput
from theory.theorems import theorem

SEED, RUNS, HORIZON = 17, 10, 150


@pytest.mark.parametrize("bandit", instances(), ids=["fixed", "contexts", "table"])
@pytest.mark.parametrize("growth", [0.1, 2.0])
def test_decides_as_the_reference_on_shared_stacks(bandit, growth):
    params = RareSwitchingOFUL(bandit.noise_subgaussian, 0.7, 1.0, 0.5, 0.1, growth)
    trace = simulate(params, bandit, HORIZON, RUNS, seed=SEED, n_decisions=HORIZON)
    for run in range(RUNS):
        expected, renewals = rare_switching_oful(
            *stacked(bandit, SEED, run, HORIZON),
            params.noise, params.parameter_bound, params.regularization, params.delta, growth,
        )  # fmt: skip
        assert trace.extra["decisions"][run].tolist() == expected
        assert trace.extra["summary"][run, 0] == renewals


@pytest.mark.parametrize("bandit", instances(), ids=["fixed", "contexts", "table"])
@pytest.mark.parametrize("growth", [0.0, 1e-12])
def test_7_without_growth_it_is_oful_run_for_run(bandit, growth):
    model = (bandit.noise_subgaussian, 0.7, 1.0, 0.5, 0.1)
    rare = simulate(RareSwitchingOFUL(*model, growth), bandit, HORIZON, RUNS, seed=SEED, n_decisions=HORIZON)
    full = simulate(OFUL(*model), bandit, HORIZON, RUNS, seed=SEED, n_decisions=HORIZON)
    np.testing.assert_array_equal(rare.extra["decisions"], full.extra["decisions"])
    assert (rare.extra["summary"][:, 0] == HORIZON - 1).all()


def test_one_dimension_switches_at_powers():
    """d = 1, x = 1, lam = 1: det V_t = 1 + t; with C = 0.9 the rule is renewed in the rounds 2, 4, 8, 16, ..."""
    bandit = LinearBandit.fixed([[1.0], [1.0]], [0.5], noise="uniform", scale=0.5)
    for rounds, renewals in ((1, 0), (2, 1), (3, 1), (4, 2), (7, 2), (8, 3), (100, 6)):
        trace = simulate(RareSwitchingOFUL(growth=0.9), bandit, rounds, 1)
        assert trace.extra["summary"][0, 0] == renewals


def test_the_switches_bound_refuses_no_growth_and_knows_its_numbers():
    bandit = instances()[0]
    item = theorem("rare-switching-oful/switches")
    params = RareSwitchingOFUL(growth=math.e - 1.0, feature_bound=bandit.feature_bound)
    expected = 3.0 * math.log(1.0 + 100.0 * bandit.feature_bound**2 / 3.0)
    assert item.bound(bandit, params, np.array([100.0]))[0] == pytest.approx(expected, rel=1e-12)
    with pytest.raises(HypothesisViolated, match="C = 0"):
        item.require(bandit, params._replace(growth=0.0), 100)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        (RareSwitchingOFUL(growth=-0.5), "growth is -0.5"),
        (RareSwitchingOFUL(growth=math.nan), "growth is nan"),
        (RareSwitchingOFUL(delta=0.0), "RareSwitchingOFUL: delta is 0.0"),
    ],
)
def test_bad_hyper_parameters_are_refused(params, message):
    with pytest.raises(InvalidInput, match=message):
        module.allocate(params, LinearProblem(1, 2, 2, 10))
