"""Reward-free linear mixture instances: their definition, exact suboptimality, and the classes of policies."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from mdps.instances.random import random_mdp
from mdps.instances.reward_free import JUMP, hard_gap, river_mixture, tabular_embedding, three_state_hard
from mdps.linear import LinearMixtureMDP
from mdps.reward_free import RewardFreeMDP, deterministic_policies, kernels_of, optimal_policy, policy_values
from theory.errors import InvalidInput


@pytest.mark.parametrize(("d", "horizon"), [(2, 2), (4, 5), (6, 8)])
def test_acceptance_1_the_hard_instance(d, horizon):
    """V* = (delta + (d-1) Delta)(H-1)/H, the uniform action has delta (H-1)/H; features reproduce P; the norm."""
    instance = three_state_hard(d, horizon, 400, seed=3)
    gap = hard_gap(400)
    actions = np.array(list(itertools.product((-1.0, 1.0), repeat=d - 1)))
    mu = gap * actions[instance.meta["best_action"]]
    kernel = np.zeros((3, len(actions), 3))
    kernel[0, :, 2] = JUMP + actions @ mu
    kernel[0, :, 1] = 1.0 - kernel[0, :, 2]
    kernel[1, :, 1] = kernel[2, :, 2] = 1.0
    assert np.abs(kernels_of(instance.model.features, instance.parameter) - kernel).max() < 1e-12
    assert np.linalg.norm(instance.parameter) == pytest.approx(1.0 + (d - 1) * gap, abs=1e-12)
    assert instance.parameter_bound == pytest.approx(1.0 + (d - 1) * gap, abs=1e-12)
    assert instance.optimal_values[0] == pytest.approx((JUMP + (d - 1) * gap) * (horizon - 1) / horizon, abs=1e-12)
    values = [policy_values(kernel, instance.rewards[0], np.full((horizon, 3), a))[0, 0] for a in range(len(actions))]
    assert np.mean(values) == pytest.approx(JUMP * (horizon - 1) / horizon, abs=1e-12)
    assert instance.total_reward == pytest.approx(1.0)


@pytest.mark.parametrize(
    "instance", [three_state_hard(4, 4), river_mixture(3, 3, 3)], ids=lambda instance: instance.name
)
def test_the_norm_of_phi_v_is_at_most_one(instance):
    phi = instance.model.features
    for corner in itertools.product((0.0, 1.0), repeat=instance.n_states):
        assert np.linalg.norm(np.einsum("sayd,y->sad", phi, np.array(corner)), axis=2).max() <= 1.0 + 1e-12


def test_the_tabular_embedding_is_the_model():
    mdp = random_mdp(3, 2, horizon=3, seed=5)
    reward = np.broadcast_to(mdp.dense()[1], (3, 3, 2))
    instance = tabular_embedding(mdp, reward[None])
    assert instance.dimension == 18
    assert np.abs(instance.kernel - mdp.dense()[0]).max() < 1e-12
    assert np.linalg.norm(instance.parameter) <= math.sqrt(3 * 3 * 2) + 1e-12
    assert instance.model.feature_bound == pytest.approx(1.0)


def test_the_classes_of_policies_are_all_there_is():
    """The values of one policy of each class are the values of all 2^(S H) policies."""
    instance = river_mixture(3, 3, 2)
    problem = instance.problem(10)
    few = deterministic_policies(problem)
    assert len(few) == 2**3  # one action at stage 0, two at stage 1; none matters at the last stage
    everything = np.array(list(itertools.product(range(2), repeat=9))).reshape(-1, 3, 3)
    for theta in instance.candidates[::3]:
        kernel = kernels_of(instance.model.features, theta)
        for reward in instance.rewards:
            values = {round(float(policy_values(kernel, reward, p)[0, 0]), 12) for p in few}
            assert values == {round(float(policy_values(kernel, reward, p)[0, 0]), 12) for p in everything}


def test_hard_instance_policies_are_its_actions():
    assert len(deterministic_policies(three_state_hard(4, 16).problem(10))) == 8


def test_losses_are_exact_and_the_largest_is_attained():
    instance = river_mixture(3, 3, 2)
    policies = deterministic_policies(instance.problem(1))
    table = np.array([[policy_values(instance.kernel, r, p)[0, 0] for p in policies] for r in instance.rewards])
    assert np.allclose(instance.optimal_values, table.max(axis=1), atol=1e-12)
    assert instance.largest_loss == pytest.approx((table.max(axis=1) - table.min(axis=1)).max(), abs=1e-12)
    world = instance.world(1, 0)
    with pytest.raises(InvalidInput, match="no planner was offered"):
        world.regret()
    world.offer(lambda reward: optimal_policy(instance.kernel, reward)[1])
    assert world.regret() == 0.0
    world.offer(lambda reward: policies[0])
    assert world.regret() == pytest.approx((table.max(axis=1) - table[:, 0]).max(), abs=1e-12)


def test_walks_follow_the_kernel():
    instance = river_mixture(3, 3, 2)
    world = instance.world(7, 0)
    policy = np.ones((3, 3), np.int64)
    ends = np.bincount([int(world.explore_with(policy).states[-1]) for _ in range(4000)], minlength=3) / 4000
    exact = np.linalg.matrix_power(instance.kernel[:, 1], 3)[0]
    assert np.abs(ends - exact).max() < 5 * 0.5 / math.sqrt(4000)


def test_malformed_instances_are_refused():
    good = river_mixture(3, 3, 2)
    model = good.model
    with pytest.raises(InvalidInput, match="true parameter is not among"):
        RewardFreeMDP(model, good.rewards, good.candidates[:1])
    with pytest.raises(InvalidInput, match=r"reward 1 of stage 2, state 0, action 1 is 1\.5"):
        bad = good.rewards.copy()
        bad[1, 2, 0, 1] = 1.5
        RewardFreeMDP(model, bad, good.candidates)
    with pytest.raises(InvalidInput, match="candidate 0 gives"):
        RewardFreeMDP(model, good.rewards, np.concatenate([-good.candidates[:1], good.candidates]))
    with pytest.raises(InvalidInput, match="expected at most 1"):
        wide = LinearMixtureMDP(2.0 * model.features, 0.5 * model.parameters, good.rewards[0])
        RewardFreeMDP(wide, good.rewards, 0.5 * good.candidates)
    with pytest.raises(InvalidInput, match="dimension is 12"):
        three_state_hard(12)
    with pytest.raises(InvalidInput, match="not a stationary episodic model"):
        tabular_embedding(random_mdp(2, 2, horizon=2, stage_dependent=True), good.rewards)
