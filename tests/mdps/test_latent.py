"""Latent MDPs: instances, exact planning against closed forms and brute force, total variance, and the world."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from mdps.files.latent import load_latent, save_latent
from mdps.instances import latent as families
from mdps.instances.latent import latent_bandit, permutation, random_latent, revealed, two_state
from mdps.latent import LatentMDP
from mdps.planning import latent as planning
from mdps.planning.latent import (
    alpha_vectors,
    belief_tree,
    best_of,
    check_controller,
    evaluate,
    exact_backup,
    hull,
    memoryless,
    memoryless_policies,
    pareto,
    policy_value,
    return_variance,
    stationary_policies,
    total_variance,
)
from tests.reference.lmdp import all_histories, policy_of_history, random_controller, returns_of
from theory.errors import DamagedFile, InvalidInput

SMALL = [
    random_latent(2, 2, 2, 3, seed=4),
    random_latent(2, 2, 2, 3, shared_rewards=False, seed=5),
    random_latent(3, 2, 2, 2, shared_rewards=False, seed=6),
    two_state(0.7, 3),
    latent_bandit(3, 3),
]


# ------------------------------------------------------------------------------- acceptance checks 1, 2, 4, 5 and 8
def test_1_latent_bandit():
    for h in (1, 2, 5):
        instance = latent_bandit(h)
        assert instance.optimal_value == pytest.approx(1 - 1 / (2 * h), abs=1e-14)
        best = best_of(instance.model, memoryless_policies(instance.model), exact_backup(instance.model))
        assert best.objective == pytest.approx(0.5, abs=1e-14)
        optimum = instance.optimum
        assert total_variance(instance.model, optimum.controller, optimum.values) == pytest.approx(1 / (4 * h * h))


def test_2_two_states():
    assert two_state(0.8, 3).optimal_value == pytest.approx(0.3933333333333333, abs=1e-12)
    for q in (0.5, 0.65, 1.0):
        assert two_state(q, 3).optimal_value == pytest.approx((0.5 + q**2 + (1 - q) ** 2) / 3, abs=1e-12)


def test_4_a_revealed_context_is_worth_every_contexts_own_optimum():
    for instance in SMALL[:4]:
        shown = revealed(instance)
        assert shown.optimal_value == pytest.approx(instance.informed_value, abs=1e-12)
        assert instance.optimal_value <= instance.informed_value + 1e-12
        found = alpha_vectors(shown.model, exact_backup(shown.model)).objective
        assert found == pytest.approx(instance.informed_value, abs=1e-12)


@pytest.mark.parametrize("instance", SMALL, ids=lambda x: x.name)
def test_5_the_law_of_total_variance(instance):
    rng = np.random.default_rng(3)
    for _ in range(5):
        controller = random_controller(instance, rng)
        values = evaluate(instance.model, controller, exact_backup(instance.model))
        chances, returns = returns_of(instance, controller)
        mean = chances @ returns
        by_enumeration = chances @ (returns - mean) ** 2
        assert chances.sum() == pytest.approx(1.0)
        assert policy_value(instance.model, controller) == pytest.approx(mean, abs=1e-12)
        assert total_variance(instance.model, controller, values) == pytest.approx(by_enumeration, abs=1e-10)
        assert return_variance(instance.model, controller, values) == pytest.approx(by_enumeration, abs=1e-10)


def test_8_the_hard_instance():
    # One leaf, secrets (0, 1): a memoryless policy arrives at the leaf without a memory and is right in one context.
    instance = permutation(2, 2, base=0.5, epsilon=0.2, secrets=[0, 1])
    assert (instance.n_states, instance.horizon, instance.degree) == (6, 5, 2)
    assert instance.largest_return == 1.0
    assert instance.optimal_value == pytest.approx(0.7, abs=1e-12)
    best = best_of(instance.model, memoryless_policies(instance.model), exact_backup(instance.model))
    assert best.objective == pytest.approx(0.5 + 0.2 / 2, abs=1e-12)
    # Three contexts, two of them with the same secret: 2/3 of the gap is won.
    three = permutation(3, 2, base=0.5, epsilon=0.3, secrets=[1, 0, 1])
    best = best_of(three.model, stationary_policies(three.model), exact_backup(three.model))
    assert best.objective == pytest.approx(0.5 + 0.3 * 2 / 3, abs=1e-12)
    # With a tree of two leaves.
    deep = permutation(2, 2, depth=1, base=0.4, epsilon=0.1, secrets=[0, 3])
    assert (deep.n_states, deep.horizon) == (10, 8)
    assert deep.optimal_value == pytest.approx(0.5, abs=1e-12)
    assert alpha_vectors(deep.model, exact_backup(deep.model)).objective == pytest.approx(0.5, abs=1e-12)


# ------------------------------------------------------------------------------------------------------- planning
@pytest.mark.parametrize("instance", SMALL, ids=lambda x: x.name)
def test_three_planners_agree(instance):
    value, tree = belief_tree(instance.model)
    plan = alpha_vectors(instance.model, exact_backup(instance.model))
    assert plan.objective == pytest.approx(value, abs=1e-12)
    assert policy_value(instance.model, tree) == pytest.approx(value, abs=1e-12)
    assert policy_value(instance.model, plan.controller) == pytest.approx(value, abs=1e-12)
    check_controller(instance.model, tree)
    check_controller(instance.model, plan.controller)
    rng = np.random.default_rng(0)
    assert all(policy_value(instance.model, random_controller(instance, rng)) <= value + 1e-12 for _ in range(30))


@pytest.mark.parametrize("instance", [random_latent(2, 2, 2, 2, seed=9), latent_bandit(2)], ids=lambda x: x.name)
def test_the_belief_tree_is_the_best_of_all_history_policies(instance):
    # H = 2: every history policy is an action at each of S first histories and at each longer one; enumerate them.
    histories = all_histories(instance)
    values = []
    for choice in itertools.product(range(2), repeat=len(histories)):
        chances, returns = returns_of(instance, policy_of_history(instance, dict(zip(histories, choice))))
        values.append((chances @ returns, chances @ (returns - chances @ returns) ** 2))
    best, most_spread = np.array(values).max(axis=0)
    assert instance.optimal_value == pytest.approx(best, abs=1e-12)
    assert instance.variance >= most_spread - 1e-9
    assert min(v for v, _ in values) == pytest.approx(instance.least_value, abs=1e-12)


def test_the_largest_variance_is_that_of_a_fair_choice():
    # Returns 0 or 1 at will: a coin flip has variance 1/4, which no deterministic policy reaches.
    free = LatentMDP([1.0], [[1.0]], np.ones((1, 1, 2, 1)), [[[0.0, 1.0]]], 1)
    assert free.variance == pytest.approx(0.25, abs=1e-4)
    assert families.deterministic(horizon=2, seed=1).optimum.objective > 0


def test_pareto_and_hull():
    values = np.array([[1.0, 0.0], [0.4, 0.4], [0.0, 1.0], [0.4, 0.4], [0.3, 0.4], [0.6, 0.6]])
    assert pareto(values).tolist() == [0, 2, 5]
    assert pareto(values[:5]).tolist() == [0, 1, 2]
    assert hull(values[:5]).tolist() == [0, 2]  # (0.4, 0.4) lies below the segment
    assert hull(values).tolist() == [0, 2, 5]
    rng = np.random.default_rng(0)
    for dimension in (1, 2, 3):
        points = rng.integers(0, 6, size=(200, dimension)).astype(float)
        kept = pareto(points)
        for i, point in enumerate(points):
            above = (points >= point).all(axis=1)
            twins = np.flatnonzero((points == point).all(axis=1))
            assert (i in kept) == (above.sum() == len(twins) and i == twins[0])


def test_hull_pruning_keeps_the_optimum_of_every_belief():
    instance = two_state(0.7, 4)
    plan = alpha_vectors(instance.model, exact_backup(instance.model))
    first = plan.values[(plan.controller.stage == 0) & (plan.controller.state == 0)]
    kept = hull(first)
    assert len(kept) < len(first)
    for b in np.linspace(0, 1, 21):
        weights = np.array([b, 1 - b])
        assert (first[kept] @ weights).max() == pytest.approx((first @ weights).max(), abs=1e-9)


def test_sizes_of_the_alpha_sets():
    sizes = []
    for h in (2, 3, 4, 5):
        instance = two_state(0.7, h)
        plan = alpha_vectors(instance.model, exact_backup(instance.model))
        sizes.append(int(((plan.controller.stage == 0) & (plan.controller.state == 0)).sum()))
        assert plan.objective == pytest.approx(instance.optimal_value, abs=1e-12)
    assert sizes == sorted(sizes) and sizes[-1] > 2 * sizes[0]
    with pytest.raises(InvalidInput, match="choices of successors"):
        alpha_vectors(instance.model, exact_backup(instance.model), limit=1)


def test_memoryless_policies():
    instance = two_state(0.8, 2)
    every = list(memoryless_policies(instance.model))
    assert len(every) == 2 ** (1 + 2)  # one place at the first stage, two at the second
    assert len(stationary_policies(instance.model)) == 4
    stay = memoryless(instance.model, [0, 0])
    assert policy_value(instance.model, stay) == pytest.approx(0.5 * (0.8 + 0.2) / 2)
    with pytest.raises(InvalidInput, match="expected at most 3"):
        next(memoryless_policies(instance.model, limit=3))
    with pytest.raises(InvalidInput, match="expected \\(2, 2\\)"):
        memoryless(instance.model, [0, 0, 0])
    with pytest.raises(InvalidInput, match="empty"):
        best_of(instance.model, (), exact_backup(instance.model))


# ------------------------------------------------------------------------------------------------- bad input
@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"weights": [0.5, 0.6]}, "weights sum to 1.1"),
        ({"weights": [1.0, 0.0]}, r"weights\[1\] is 0"),
        ({"weights": [1.0]}, r"weights have shape \(1,\); expected \(2,\)"),
        ({"initial": [[1.0, 0.0], [0.5, 0.4]]}, r"initial\[1\] sum to 0.9"),
        ({"rewards": np.full((2, 2, 2), 1.5)}, r"rewards\[0, 0, 0\] is 1.5"),
        ({"rewards": np.zeros((2, 2))}, "expected \\(n_contexts, n_states, n_actions\\)"),
        ({"transitions": np.full((2, 2, 2, 2), 0.4)}, r"transitions\[0, 0, 0\] sum to 0.8"),
        ({"transitions": np.full((2, 2, 2, 2), np.nan)}, r"transitions\[0, 0, 0, 0\] is nan"),
        ({"horizon": 0}, "horizon is 0"),
    ],
)
def test_malformed_instances_are_refused(change, message):
    good = two_state(0.8, 3)
    fields = {f: getattr(good, f) for f in ("weights", "initial", "transitions", "rewards", "horizon")}
    with pytest.raises(InvalidInput, match=message):
        LatentMDP(**{**fields, **change})


def test_malformed_families_and_controllers_are_refused():
    with pytest.raises(InvalidInput, match=r"at most \(S/2\)! = 6"):
        permutation(7)
    with pytest.raises(InvalidInput, match="secrets"):
        permutation(1, secrets=[2])
    with pytest.raises(InvalidInput, match="success"):
        families.gamble([0.5, 0.2])
    instance = two_state(0.8, 3)
    good = memoryless(instance.model, [0, 1])
    for change, message in (
        ({"action": good.action + 2}, "action must be"),
        ({"first": np.array([-1, 5])}, "may start in state 0"),
        ({"first": np.array([0, 5])}, "no node of stage 0"),
        ({"child": good.child + 1}, "does not come before it"),
        ({"child": good.child[:, :2]}, "child \\(6, 2\\)"),
        ({"state": good.state[::-1].copy()}, "another stage or state"),
    ):
        with pytest.raises(InvalidInput, match=message):
            check_controller(instance.model, good._replace(**change))


# ------------------------------------------------------------------------------------------------------- the world
def test_the_world_draws_the_model_and_stops_at_the_alarm():
    instance = two_state(0.8, 3)
    model = instance.model
    controller = memoryless(model, [0, 1])
    world = instance.world(0, 0)
    never = np.full((2, 2, 2), 10**9)
    counts = np.zeros((2, 2, 2, 2))
    n = 0
    while n < 20_000:
        batch = world.episodes(controller, 20_000 - n, never)
        counts += batch.transitions
        for t in range(3):
            counts[batch.context, batch.states[t], batch.actions[t], batch.states[t + 1]] += 1
        for _ in range(batch.n_episodes):
            world.book()
        n += batch.n_episodes
    assert counts.sum() == 60_000
    for m, s, a in itertools.product(range(2), range(2), range(2)):
        visits = counts[m, s, a].sum()
        assert (visits > 0) == (a == (0, 1)[s])
        if visits:
            assert abs(counts[m, s, a, 1] / visits - instance.transitions[m, s, a, 1]) < 5 * 0.5 / np.sqrt(visits)
    gap = instance.optimal_value - policy_value(model, controller)
    assert world.regret() == pytest.approx(20_000 * gap)
    batch = world.episodes(controller, 1_000, np.full((2, 2, 2), 5))
    visits = batch.transitions.sum(axis=3)
    assert (visits < 5).all()
    for t in range(3):
        visits[batch.context, batch.states[t], batch.actions[t]] += 1
    assert (visits >= 5).any()
    with pytest.raises(RuntimeError, match="not booked"):
        world.episodes(controller, 1, never)


def test_the_context_told_at_the_start():
    instance = two_state(0.8, 3)
    world = instance.world(0, 0)
    own = tuple(memoryless(instance.model, [m, m]) for m in range(2))
    batch = world.told(own, 100, np.full((2, 2, 2), 10**9))
    for _ in range(batch.n_episodes):
        world.book()
    assert world.regret() == pytest.approx(0.0, abs=1e-12)
    visits = batch.transitions.sum(axis=(1, 3))
    assert visits[0, 1] == 0 and visits[1, 0] == 0  # each context its own controller
    with pytest.raises(InvalidInput, match="expected 2"):
        world.told(own[:1], 100, np.full((2, 2, 2), 1))
    with pytest.raises(RuntimeError, match="more often"):
        world.book()


def test_episodes_do_not_depend_on_how_they_are_cut():
    instance = two_state(0.8, 3)
    controller = memoryless(instance.model, [0, 1])
    totals = []
    for limit in (1, 7, 300):
        world = instance.world(3, 1)
        counts = np.zeros((2, 2, 2, 2), np.int64)
        n = 0
        while n < 300:
            batch = world.episodes(controller, min(limit, 300 - n), np.full((2, 2, 2), 10**9))
            n += batch.n_episodes
            counts += batch.transitions
            for t in range(3):
                counts[batch.context, batch.states[t], batch.actions[t], batch.states[t + 1]] += 1
            for _ in range(batch.n_episodes):
                world.book()
        totals.append(counts)
    assert np.array_equal(totals[0], totals[1]) and np.array_equal(totals[0], totals[2])


def test_a_controller_that_stops_too_early_is_refused():
    instance = two_state(0.8, 3)
    full = memoryless(instance.model, [0, 1])
    short = full._replace(child=np.where(full.stage[:, None] == 1, -1, full.child))
    with pytest.raises(InvalidInput, match="no node for stage 2"):
        instance.world(0, 0).episodes(short, 10, np.full((2, 2, 2), 10**9))


def test_a_class_of_policies_is_part_of_the_instance():
    base = two_state(0.8, 3)
    fields = {f: getattr(base, f) for f in ("weights", "initial", "transitions", "rewards", "horizon")}
    instance = LatentMDP(**fields, policies=stationary_policies(base.model))
    assert instance.optimal_value < base.optimal_value
    assert instance.optimal_value == max(policy_value(base.model, c) for c in instance.policies)
    assert instance.variance <= base.variance + 1e-6
    assert np.isnan(instance.problem(5).known.transitions).all()
    assert planning.root_value(base.model, instance.optimum.controller, instance.optimum.values) == pytest.approx(
        instance.optimal_value
    )


# ------------------------------------------------------------------------------------------------------- files
def test_files_give_the_instance_back(tmp_path):
    for i, instance in enumerate(SMALL):
        path = tmp_path / f"{i}.npz"
        save_latent(instance, path)
        again = load_latent(path)
        assert (again.name, again.horizon) == (instance.name, instance.horizon)
        for field in ("weights", "initial", "transitions", "rewards"):
            assert np.array_equal(getattr(again, field), getattr(instance, field))


def test_damaged_files_are_refused(tmp_path):
    good = tmp_path / "good.npz"
    save_latent(SMALL[0], good)
    content = dict(np.load(good))
    cut = tmp_path / "cut.npz"
    cut.write_bytes(good.read_bytes()[:300])
    with pytest.raises(DamagedFile, match=r"cut\.npz"):
        load_latent(cut)
    np.save(tmp_path / "one.npy", np.zeros(3))
    with pytest.raises(DamagedFile, match="single array"):
        load_latent(tmp_path / "one.npy")
    for change, message in (
        ({"wights": np.ones(2)}, "did you mean weights"),
        ({"weights": np.array(["a", "b"])}, "expected numbers"),
        ({"weights": np.array([0.5, 0.6])}, "sum to"),
        ({"horizon": np.array(2.5)}, "expected an integer"),
    ):
        np.savez(tmp_path / "bad.npz", **{**content, **change})
        with pytest.raises(InvalidInput, match=message):
            load_latent(tmp_path / "bad.npz")
    np.savez(tmp_path / "bad.npz", **{key: value for key, value in content.items() if key != "rewards"})
    with pytest.raises(InvalidInput, match="no array 'rewards'"):
        load_latent(tmp_path / "bad.npz")
    np.savez(tmp_path / "bad.npz", **{**content, "name": np.array([{}])})
    with pytest.raises(DamagedFile, match="plain arrays"):
        load_latent(tmp_path / "bad.npz")
