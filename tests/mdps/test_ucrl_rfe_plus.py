"""UCRL-RFE+ against its reference, its radii in closed form, and the steps of its proof."""

from __future__ import annotations

import math

import numpy as np
import pytest

from kernels.engine import simulate
from mdps.algorithms import ucrl_rfe_plus as module
from mdps.algorithms.ucrl_rfe_plus import UCRLRFEPlus
from mdps.instances.reward_free import river_mixture, three_state_hard
from proofs_check.claims import ucrl_rfe_plus as claim
from tests.reference.ucrl_rfe_plus import ucrl_rfe_plus
from theory.errors import InvalidInput
from theory.theorems.ucrl_rfe_plus import Radii, radii


@pytest.mark.parametrize(
    "instance", [three_state_hard(2, 3, gap=0.15), river_mixture(3, 3, 2)], ids=lambda instance: instance.name
)
@pytest.mark.parametrize("c_beta", [1.0, 0.01], ids=["theorem", "practical"])
def test_the_same_rewards_values_and_weights_as_the_reference(instance, c_beta):
    problem = instance.problem(8)
    for run in range(3):
        moments = list(module.play(UCRLRFEPlus(8, 0.1, c_beta), problem, instance.world(5, run), 8))
        walks = iter(moments)

        def episode(walks=walks):
            walk = next(walks).walk
            return list(zip(walk.states[:-1].tolist(), walk.actions.tolist(), walk.states[1:].tolist()))

        expected = ucrl_rfe_plus(problem.features, instance.horizon, problem.parameter_bound, episode, 8, 0.1, c_beta)
        for moment, (reward, values, variances) in zip(moments, expected):
            assert np.allclose(moment.reward, reward, atol=1e-9)
            assert np.allclose(moment.plan.values[0], values, atol=1e-9)
            assert np.allclose(moment.variances, variances, atol=1e-9)


def test_radii_in_closed_form():
    """K = 1, d = 1, H = 1, B = 1 and delta = 48/e: l1 = log 2, l2 = 1."""
    delta = 48.0 / math.e
    l1 = math.log(2.0)
    found = radii(1, 1, 1, 1.0, delta)
    assert found.exploration == pytest.approx(8 * math.sqrt(l1) + 5)
    assert found.rough == pytest.approx(8 * math.sqrt(l1) + 5)
    assert found.second == pytest.approx(8 * math.sqrt(l1) + 5)
    assert found.planning == pytest.approx(math.sqrt(math.log(24.0 / delta)) + 1.0)
    wide = radii(100, 4, 3, 1.5, 0.1)
    assert wide.rough > wide.exploration and wide.second > wide.exploration


def test_weights_of_a_certain_step_are_the_floor():
    """Exact means of a deterministic step and no uncertainty: Vbar + E = 0 and nu = H^2/d."""
    psi, square = np.array([2.0, 0.0]), np.array([4.0, 0.0])
    means = np.array([1.0, 0.0]), np.array([1.0, 0.0])
    whiteners = 1e-12 * np.eye(2), 1e-12 * np.eye(2)
    assert module.variance_bound(psi, square, means, whiteners, Radii(1.0, 1.0, 1.0, 1.0), 3) == 4.5
    wide = np.eye(2), np.eye(2)
    assert module.variance_bound(psi, square, means, wide, Radii(1.0, 1.0, 1.0, 1.0), 3) == 4.0 + 9.0


def test_every_step_of_the_proof_holds():
    trace = simulate(claim.theorem_parameters(claim.river(), 32), claim.river(), 32, 2, seed=2, watch=claim)
    assert (trace.records.checks > 0).all()
    assert trace.records.violations.sum() == 0


def test_bad_hyper_parameters_are_refused():
    with pytest.raises(InvalidInput, match="UCRLRFEPlus: delta is 2"):
        module.allocate(UCRLRFEPlus(10, delta=2.0), claim.short().problem(10))
    with pytest.raises(InvalidInput, match="n_episodes is 3"):
        module.allocate(UCRLRFEPlus(3), claim.short().problem(10))
