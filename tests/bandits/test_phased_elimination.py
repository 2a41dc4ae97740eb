"""Phased elimination against its reference where the design is known exactly, and its schedule in numbers."""

from __future__ import annotations

import math

import numpy as np
import pytest

from bandits.algorithms import phased_elimination as module
from bandits.algorithms.phased_elimination import PhasedElimination
from bandits.linear import LinearBandit, LinearProblem
from kernels.engine import simulate
from proofs_check.claims import phased_elimination as claim
from tests.bandits.linear_stacks import stacked
from tests.reference.phased_elimination import phased_elimination
from theory.design import Design
from theory.errors import HypothesisViolated, InvalidInput
from theory.theorems import theorem

SEED, RUNS = 31, 10


def _bandit(actions, theta):
    return LinearBandit.fixed(actions, theta, noise="uniform", scale=0.6)


@pytest.mark.parametrize(
    "bandit",
    [_bandit(np.eye(4), [0.2, 0.9, 0.8, -0.3]), _bandit([[1, 0], [0, 1], [1, 1]], [0.4, -0.3])],
    ids=["orthonormal", "axes and sum"],
)
def test_1_decides_as_the_reference_where_uniform_designs_are_optimal(bandit):
    horizon, delta = 900, 0.1
    params = PhasedElimination(bandit.noise_subgaussian, delta)
    trace = simulate(params, bandit, horizon, RUNS, seed=SEED, n_decisions=horizon)
    for run in range(RUNS):
        expected = phased_elimination(
            bandit.features[0], lambda active: [1.0 / len(active)] * len(active),
            stacked(bandit, SEED, run, horizon)[1], horizon, bandit.noise_subgaussian, delta,
        )  # fmt: skip
        assert trace.extra["decisions"][run].tolist() == expected


def test_the_schedule_in_numbers():
    """Value 2, weights 1/2, R = 1, k = 3, delta = 0.1, phase 2: ceil(2 * 2 * 16 / 2 * log(180)) = ceil(166.17...)."""
    counts = module.pulls(PhasedElimination(1.0, 0.1), Design(np.array([0.5, 0.5, 0.0]), 2.0, 2), 2, 3)
    assert counts.tolist() == [math.ceil(32 * math.log(180))] * 2 + [0]


def test_elimination_keeps_exactly_those_within_two_epsilon():
    kept = module.survivors(np.array([4, 7, 9]), np.array([0.0, 0.5, 0.51]), 0.25)
    assert kept.tolist() == [7, 9]


def test_actions_that_are_all_zero_are_played_all_the_same():
    bandit = _bandit(np.zeros((2, 2)), [0.5, 0.5])
    assert simulate(PhasedElimination(), bandit, 10, 1).regret[0, -1] == 0.0


def test_the_fit_recovers_noiseless_means_on_a_line():
    actions = np.outer([1.0, -2.0, 0.5], [0.6, 0.8])
    means = actions @ np.array([0.3, -1.0])
    counts = np.array([3, 1, 0])
    data = module.Data((actions * counts[:, None]).T @ actions, actions.T @ (counts * means))
    np.testing.assert_allclose(module.fit(data, actions), means, atol=1e-12)
    module.forget(data)
    assert not data.gram.any() and not data.moment.any()


def test_the_bound_fills_the_phases_in_order():
    bandit = _bandit(np.eye(2), [0.5, -0.5])
    params = PhasedElimination(0.5, 0.1, 1e-3)
    first = 2 + 2 * 0.25 * 2 * 1.001 * 4 * math.log(2 * 2 / 0.1)
    second = 2 + 2 * 0.25 * 2 * 1.001 * 16 * math.log(2 * 6 / 0.1)
    third = 2 + 2 * 0.25 * 2 * 1.001 * 64 * math.log(2 * 12 / 0.1)
    t = np.array([1.0, first, first + second, first + second + third, first + second + third + 10.0])
    # Gaps are at most 1, so phases 2 (8 eps = 2) and 3 (8 eps = 1) cost at most 1 a round as well, phase 4 a half.
    expected = np.array([1.0, first, first + second, first + second + third, first + second + third + 5.0])
    np.testing.assert_allclose(theorem("phased-elimination/regret").bound(bandit, params, t), expected, rtol=1e-11)


def test_invariants_hold_and_accuracy_has_slack():
    case = claim.CLAIM.cases[1]
    bandit = case.build()
    records = simulate(claim.theorem_parameters(bandit, 400), bandit, 400, 40, seed=2, watch=claim).records
    assert (records.checks > 0).all() and records.violations.sum() == 0


def test_contexts_are_outside_the_theorem_and_the_algorithm():
    bandit = LinearBandit.contextual(np.ones((2, 2, 1)), [0.5])
    with pytest.raises(HypothesisViolated, match="there are 2 contexts"):
        theorem("phased-elimination/regret").require(bandit, PhasedElimination(), 10)
    with pytest.raises(InvalidInput, match="2 contexts"):
        simulate(PhasedElimination(), bandit, 10, 1)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        (PhasedElimination(noise=0.0), "noise is 0.0"),
        (PhasedElimination(delta=1.0), "delta is 1.0"),
        (PhasedElimination(tolerance=0.0), "tolerance is 0.0"),
    ],
)
def test_bad_hyper_parameters_are_refused(params, message):
    with pytest.raises(InvalidInput, match=message):
        module.allocate(params, LinearProblem(1, 2, 2, 10))
