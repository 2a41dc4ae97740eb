"""Tabular policy optimisation: agreement with a plain reference, its place among the others, parameters, bad input."""

from __future__ import annotations

import math

import numpy as np
import pytest

from kernels.engine import simulate
from mdps.algorithms import luo_wei_lee, policy_optimisation
from mdps.algorithms.luo_wei_lee import DilatedEntropy
from mdps.algorithms.policy_optimisation import PolicyOptimisation, tuned
from mdps.instances.adversarial import armed, layered
from tests.reference.policy_optimisation import reference
from theory.errors import HypothesisViolated, InvalidInput
from theory.theorems import theorem


@pytest.mark.parametrize("instance", [layered(n_episodes=25, seed=7), layered(2, 3, 4, 25), armed(3, 25)])
def test_decisions_agree_with_the_reference(instance):
    for run in range(3):
        policies, paths = reference(instance, 0.05, 0.2, 25, 3, run)
        moments = policy_optimisation.play(
            PolicyOptimisation(0.05, 0.2), instance.problem(25), instance.world(3, run), 25
        )  # fmt: skip
        for moment, policy, path in zip(moments, policies, paths, strict=True):
            assert np.allclose(moment.policy, policy, atol=1e-10)
            assert list(zip(moment.walk.states, moment.walk.actions)) == path


def test_it_is_the_linear_algorithm_with_one_hot_features_and_a_bonus_of_the_state():
    mdp, gamma, eta = layered(n_episodes=3, seed=1), 0.1, 0.02
    mine = next(policy_optimisation.play(PolicyOptimisation(eta, gamma), mdp.problem(3), mdp.world(0, 0), 3))
    theirs = next(luo_wei_lee.play(DilatedEntropy(eta, 1.0, gamma), mdp.problem(3), mdp.world(0, 0), 3))
    assert np.allclose(mine.estimate, theirs.estimate)
    # b of the linear algorithm averaged over the policy is 2 beta E |phi|^2: here beta = gamma H.
    averaged = (theirs.policy * theirs.bonus).sum(axis=2)
    assert np.allclose(mine.bonus[:, :, 0], gamma * 3 * averaged)


def test_parameters_meet_the_conditions():
    for n_episodes in (1, 100, 10**6):
        mdp = layered(n_episodes=10)
        params = tuned(3, 2, 3, n_episodes)
        theorem("policy-optimisation/regret").require(mdp, params, n_episodes)
    value = float(theorem("policy-optimisation/regret").bound(mdp, params, np.array([1e6]))[0])
    assert value == pytest.approx(4 * math.sqrt(math.e * 3**3 * 18 * 1e6 * math.log(2)))
    for broken in (params._replace(implicit=0.5 * params.implicit), PolicyOptimisation(1.0, 10.0)):
        with pytest.raises(HypothesisViolated):
            theorem("policy-optimisation/regret").require(mdp, broken, 10)


@pytest.mark.parametrize("values", [(0.0, 0.1), (0.1, 0.0), (0.1, float("nan"))])
def test_bad_hyper_parameters_are_refused(values):
    with pytest.raises(InvalidInput, match="expected > 0"):
        simulate(PolicyOptimisation(*values), armed(2, 5), 5, 1)
