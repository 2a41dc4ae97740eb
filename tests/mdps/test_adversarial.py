"""Adversarial MDPs: values, occupancies and the best policy by enumeration; the world draws the model; bad input."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from mdps.adversarial import AdversarialMDP
from mdps.instances.adversarial import (
    NAMED,
    armed,
    blocks,
    from_losses,
    layered,
    named_adversarial_mdp,
    shuffled,
    simplex_layered,
)
from mdps.planning.layered import deterministic, second_moment
from theory.errors import InvalidInput, UnknownName

SMALL = layered(2, 2, 3, 12, n_tables=3, n_blocks=5, seed=3)


def random_policy(mdp, seed=0):
    return np.random.default_rng(seed).dirichlet(
        np.ones(mdp.n_actions), size=(mdp.horizon, mdp.n_states)
    )  # fmt: skip


def paths(mdp, policy):
    """(probability, states, actions) of every trajectory."""
    for states in itertools.product(range(mdp.n_states), repeat=mdp.horizon):
        for actions in itertools.product(range(mdp.n_actions), repeat=mdp.horizon):
            chance = mdp.initial[states[0]]
            for h in range(mdp.horizon):
                chance *= policy[h, states[h], actions[h]]
                if h < mdp.horizon - 1:
                    chance *= mdp.transitions[h, states[h], actions[h], states[h + 1]]
            yield chance, states, actions


def policies(mdp):
    cells = mdp.horizon * mdp.n_states
    for actions in itertools.product(range(mdp.n_actions), repeat=cells):
        yield deterministic(np.reshape(actions, (mdp.horizon, mdp.n_states)), mdp.n_actions)


def test_values_occupancies_and_moments_by_enumeration():
    policy, losses = random_policy(SMALL), SMALL.losses(1)
    v, q = SMALL.values(policy, losses)
    occupancy = np.zeros_like(losses)
    value, squares = 0.0, np.zeros_like(losses)
    sums = np.zeros_like(losses)
    for chance, states, actions in paths(SMALL, policy):
        seen = [losses[h, states[h], actions[h]] for h in range(3)]
        value += chance * sum(seen)
        for h in range(3):
            occupancy[h, states[h], actions[h]] += chance
            sums[h, states[h], actions[h]] += chance * sum(seen[h:])
            squares[h, states[h], actions[h]] += chance * sum(seen[h:]) ** 2
    assert np.isclose(SMALL.initial @ v[0], value, atol=1e-13)
    assert np.allclose(SMALL.occupancy(policy), occupancy, atol=1e-13)
    assert np.allclose(q, sums / occupancy, atol=1e-12)
    assert np.allclose(second_moment(SMALL.transitions, policy, losses), squares / occupancy, atol=1e-12)


@pytest.mark.parametrize("n_episodes", [1, 3, 7, 12])
def test_the_best_fixed_policy_and_the_limits_of_regret_by_enumeration(n_episodes):
    values = np.array(
        [[SMALL.initial @ SMALL.values(p, SMALL.losses(k))[0][0] for k in range(1, n_episodes + 1)]
         for p in policies(SMALL)]
    )  # fmt: skip
    best, actions = SMALL.best(n_episodes)
    assert np.isclose(best, values.sum(axis=1).min(), atol=1e-12)
    own = [SMALL.initial @ SMALL.values(deterministic(actions, 2), SMALL.losses(k))[0][0]
           for k in range(1, n_episodes + 1)]  # fmt: skip
    assert np.isclose(sum(own), best, atol=1e-12)
    assert np.isclose(SMALL.trivial_regret(n_episodes)[0], values.max(axis=0).sum() - best, atol=1e-12)
    assert np.isclose(SMALL.least_regret(n_episodes), values.min(axis=0).sum() - best, atol=1e-12)


def test_the_world_counts_exact_regret_and_draws_the_model():
    mdp = layered(2, 2, 3, 3000, seed=3)
    policy = random_policy(mdp)
    world = mdp.world(1, 0)
    walks = [world.episode(policy) for _ in range(3000)]
    exact = sum(mdp.initial @ mdp.values(policy, mdp.losses(k))[0][0] for k in range(1, 3001))
    assert np.isclose(world.regret(), exact - mdp.best(3000)[0], atol=1e-8)
    visits = np.zeros((3, 2, 2))
    for k, walk in enumerate(walks, 1):
        assert np.array_equal(walk.losses, mdp.losses(k)[np.arange(3), walk.states, walk.actions])
        assert np.isclose(walk.to_go[0], walk.losses.sum()) and walk.to_go[2] == walk.losses[2]
        visits[np.arange(3), walk.states, walk.actions] += 1
    q = mdp.occupancy(policy)
    limit = 5 * np.sqrt(q * (1 - q) / 3000)
    assert (np.abs(visits / 3000 - q) < limit).all()
    assert (np.abs(world.counts(policy, 3000) / 3000 - q) < limit).all()
    pairs = world.trajectories(policy, 3000)
    for h in range(3):
        assert (np.abs(np.bincount(pairs[:, h], minlength=4) / 3000 - q[h].ravel()) < limit[h].ravel()).all()
    successors = np.bincount([world.successor(0, 1, 1) for _ in range(3000)], minlength=2) / 3000
    assert np.abs(successors - mdp.transitions[0, 1, 1]).max() < 5 * 0.5 / np.sqrt(3000)
    assert np.array_equal(world.revealed(), mdp.losses(3000))
    with pytest.raises(InvalidInput, match="episode 3001"):
        world.episode(policy)


def test_runs_are_functions_of_seed_and_run():
    policy = random_policy(SMALL)
    same = [SMALL.world(4, 2).episode(policy) for _ in range(2)]
    assert np.array_equal(same[0].states, same[1].states)
    assert SMALL.world(4, 2).chance.random() != SMALL.world(4, 3).chance.random()
    assert SMALL.world(4, 2).simulator.random() not in (
        SMALL.world(4, 2).chance.random(), SMALL.world(4, 2).private.random()
    )  # fmt: skip


def test_every_policy_has_a_linear_q_function():
    mdp = simplex_layered(4, 3, 3, 2, 10, seed=5)
    for seed in range(5):
        _, q = mdp.values(random_policy(mdp, seed), mdp.losses(1))
        for h in range(3):
            phi = mdp.features[h].reshape(-1, 2)
            theta = np.linalg.lstsq(phi, q[h].ravel(), rcond=None)[0]
            assert np.allclose(phi @ theta, q[h].ravel(), atol=1e-10)
            assert np.linalg.norm(theta) <= np.sqrt(2) * 3


def test_schedules():
    assert blocks(10, 2, 4).tolist() == [0, 0, 0, 1, 1, 1, 0, 0, 0, 1]
    assert np.array_equal(shuffled(20, 3, 1), shuffled(20, 3, 1)) and set(shuffled(50, 3)) == {0, 1, 2}
    own = from_losses(SMALL.transitions, np.stack([SMALL.losses(k) for k in range(1, 13)]), SMALL.initial)
    assert np.isclose(own.best(12)[0], SMALL.best(12)[0])


def test_named_instances():
    for name in NAMED:
        mdp = named_adversarial_mdp(name, 8)
        assert mdp.n_rounds == 8 and mdp.trivial_regret(8)[0] > 0.0
    assert named_adversarial_mdp("contextual", 4).horizon == 1
    with pytest.raises(UnknownName, match="layered"):
        named_adversarial_mdp("layerd", 8)
    with pytest.raises(InvalidInput, match="n_episodes is 0"):
        named_adversarial_mdp("layered", 0)


def broken(**changes):
    parts = {
        "transitions": np.full((1, 2, 2, 2), 0.5), "tables": np.zeros((1, 2, 2, 2)), "schedule": [0, 0],
        "initial": 0, "features": None,
    }  # fmt: skip
    return AdversarialMDP(**{**parts, **changes})


def row_off():
    rows = np.full((1, 2, 2, 2), 0.5)
    rows[0, 1, 0] = 0.5, 0.4
    return rows


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"transitions": row_off()}, r"\(0, 1, 0\) sum to 0.9; expected 1"),
        ({"transitions": np.full((2, 2, 2, 2), 0.5)}, r"expected \(1, 2, 2, 2\)"),
        ({"transitions": np.array([[[[2.0, -1.0]] * 2] * 2])}, r"\(0, 0, 0, 1\) is -1; expected a probability"),
        ({"tables": np.full((1, 2, 2, 2), 1.5)}, r"\(0, 0, 0, 0\) is 1.5; expected in \[0, 1\]"),
        ({"tables": np.full((1, 2, 2, 2), np.nan)}, "finite"),
        ({"tables": np.zeros((2, 2))}, "expected"),
        ({"schedule": [0, 1]}, r"episode 1 is table 1; expected 0 \.\. 0"),
        ({"schedule": []}, "K >= 1"),
        ({"schedule": ["a"]}, "cannot be read"),
        ({"initial": 5}, "initial state is 5"),
        ({"initial": [0.5, 0.4]}, "expected 1"),
        ({"initial": [1.0]}, "expected"),
        ({"features": np.full((2, 2, 2, 4), 0.6)}, "norm 1.2; expected <= 1"),
        ({"features": np.zeros((2, 2, 2, 0))}, "d >= 1"),
        ({"features": np.full((2, 2, 2, 1), 0.5), "tables": np.eye(4).reshape(1, 4, 2, 2)[:, :2]}, "off the best"),
        ({"features": np.full((2, 2, 2, 1), 0.1), "tables": np.ones((1, 2, 2, 2))}, "may reach norm"),
    ],
)
def test_malformed_instances_are_refused(changes, message):
    with pytest.raises(InvalidInput, match=message):
        broken(**changes)


def test_bad_policies_and_lengths_are_refused():
    mdp = armed(2, 3)
    with pytest.raises(InvalidInput, match="expected \\(1, 1, 2\\)"):
        mdp.world(0, 0).episode(np.ones((1, 2)) / 2)
    with pytest.raises(InvalidInput, match="expected probabilities"):
        mdp.world(0, 0).episode(np.array([[[0.7, 0.7]]]))
    with pytest.raises(InvalidInput, match="expected probabilities"):
        mdp.world(0, 0).episode(np.array([[[1.5, -0.5]]]))
    with pytest.raises(InvalidInput, match="its schedule has 3"):
        mdp.problem(4)
    with pytest.raises(RuntimeError, match="before the first episode"):
        mdp.world(0, 0).revealed()
    with pytest.raises(InvalidInput, match="expected \\(K, H, S, A\\)"):
        from_losses(mdp.transitions, np.zeros((2, 2)))
