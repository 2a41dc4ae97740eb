"""UCRL-VTR: its plans against plain least squares, exact planning at radius zero, bad input."""

from __future__ import annotations

import numpy as np
import pytest

from kernels.engine import simulate
from mdps.algorithms.ucrl_vtr import UCRLVTR, plan, play
from mdps.instances.linear import kernel_mixture
from mdps.linear import LinearMixtureMDP
from mdps.mixture import mixture_episodes
from mdps.planning.finite_horizon import backward_induction
from mdps.value_regression import Ridge
from proofs_check.value_targeted import hard, mixed
from tests.reference.ucrl_vtr import plan as plain_plan
from theory.errors import InvalidInput
from theory.theorems import theorem

INSTANCE = mixed()


def test_plans_as_the_reference():
    problem, history = INSTANCE.problem(20), [[] for _ in range(INSTANCE.horizon)]
    for moment in play(UCRLVTR(scale=1.0), problem, INSTANCE.world(3, 0), 20):
        q, _ = plain_plan(problem.mixture, problem.rewards, history, problem.parameter_bound, 0.05, 1.0)
        assert np.allclose(q, moment.q, atol=1e-8)
        for h in range(INSTANCE.horizon):
            s, a, y = moment.walk.states[h], moment.walk.actions[h], moment.walk.states[h + 1]
            x = sum(problem.mixture[s, a, z] * moment.values[h + 1, z] for z in range(INSTANCE.n_states))
            history[h].append((x, moment.values[h + 1, y]))


def test_known_parameters_and_no_radius_plan_exactly():  # acceptance check 7
    stages = [Ridge(INSTANCE.dimension, 1e-9) for _ in range(INSTANCE.horizon)]
    for stage, theta in zip(stages, INSTANCE.parameters):
        stage.targets = stage.sigma @ theta
    planned = plan(INSTANCE.problem(1), stages, np.zeros(INSTANCE.horizon), 1.0)
    assert np.allclose(planned.values, backward_induction(INSTANCE.mdp)[0], atol=1e-9)


def test_one_stage_is_planning():  # acceptance check 8
    one = mixed(horizon=1)
    assert simulate(UCRLVTR(), one, 30, 3).regret.max() == pytest.approx(0.0, abs=1e-12)


def test_the_bound_by_hand():
    d, h, k = INSTANCE.dimension, INSTANCE.horizon, 100.0
    logs = d * np.log1p(k * h**2 / d)
    beta = h / 2 * np.sqrt(logs + 2 * np.log(2 * h / 0.05)) + INSTANCE.parameter_bound
    by_hand = 2 * beta * h * np.sqrt(2 * k * logs) + 2 * h * np.sqrt(h * k / 2 * np.log(40))
    assert float(theorem("ucrl-vtr/regret").bound(INSTANCE, UCRLVTR(), np.array([k]))[0]) == pytest.approx(by_hand)


def test_the_hard_instance_is_the_mixture_it_says():
    instance = hard(3, 3, 100)
    kernels = np.einsum("sayd,hd->hsay", instance.mixture, instance.parameters)
    assert np.allclose(kernels, instance.mdp.dense()[0], atol=1e-12)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        (UCRLVTR(delta=0.0), "delta of UCRLVTR is 0"),
        (UCRLVTR(ridge=0.0), "ridge of UCRLVTR"),
        (UCRLVTR(scale=-1.0), "scale of UCRLVTR"),
    ],
)
def test_refuses_bad_parameters(params, message):
    with pytest.raises(InvalidInput, match=message):
        simulate(params, INSTANCE, 5, 1)


def test_refuses_features_that_are_too_long():
    model = kernel_mixture(4, 2, 3, 3, 0)
    longer = LinearMixtureMDP(model.features * 2.0, model.parameters / 2.0, model.rewards)
    with pytest.raises(InvalidInput, match="expected at most 1"):
        mixture_episodes(longer)
