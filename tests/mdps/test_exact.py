"""Exact quantities of tabular models against closed forms, enumeration and independent recursions."""

from __future__ import annotations

import math
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mdps import exact
from mdps.model import MDP
from mdps.planning import average, discounted, finite_horizon
from mdps.planning.chains import NotWeaklyCommunicating, SeveralRecurrentClasses
from theory.errors import InvalidInput


def river_swim(n: int = 6, **options) -> MDP:
    p = np.zeros((n, 2, n))
    r = np.zeros((n, 2))
    for s in range(n):
        p[s, 0, max(s - 1, 0)] = 1.0
    p[0, 1, [0, 1]] = 0.4, 0.6
    for s in range(1, n - 1):
        p[s, 1, [s - 1, s, s + 1]] = 0.05, 0.6, 0.35
    p[n - 1, 1, [n - 2, n - 1]] = 0.4, 0.6
    r[0, 0], r[n - 1, 1] = 0.005, 1.0
    return MDP.from_dense(p, r, **options)


def two_state(up: float, extra: float) -> MDP:
    """Jaksch, Ortner, Auer 2010, figure 3: both states are left with probability ``up``, but action 1 in state 0 adds
    ``extra``; reward 1 in state 1."""
    p = np.array([[[1 - up, up], [1 - up - extra, up + extra]], [[up, 1 - up], [up, 1 - up]]])
    return MDP.from_dense(p, [[0.0, 0.0], [1.0, 1.0]])


def random_mdp(seed: int, n_states: int, n_actions: int, *, stages: int | None = None, **options) -> MDP:
    rng = np.random.default_rng(seed)
    shape = (n_states, n_actions) if stages is None else (stages, n_states, n_actions)
    p = rng.dirichlet(np.full(n_states, 0.5), size=shape) * (rng.random((*shape, n_states)) < 0.7)
    p[..., 0] += 1e-2
    p /= p.sum(axis=-1, keepdims=True)
    return MDP.from_dense(p, rng.random(shape), initial=rng.dirichlet(np.ones(n_states)), **options)


# ---------------------------------------------------------------------------------------------- gaps, gain, bias, span
def test_gaps_of_each_criterion():
    episodic = random_mdp(0, 4, 3, horizon=3)
    v, q, _ = finite_horizon.backward_induction(episodic)
    np.testing.assert_allclose(exact.gaps(episodic), v[:-1, :, None] - q, atol=1e-11)

    mdp = random_mdp(0, 4, 3, discount=0.9)
    solution = discounted.policy_iteration(mdp)
    g = exact.gaps(mdp)
    p, r = mdp.dense()
    np.testing.assert_allclose(g, solution.values[:, None] - r - 0.9 * p @ solution.values, atol=1e-10)
    np.testing.assert_array_equal(g.argmin(axis=1), solution.policy)
    assert (g.min(axis=1) == 0.0).all()

    mdp = random_mdp(0, 4, 3)
    p, r = mdp.dense()
    h = exact.bias(mdp)
    np.testing.assert_allclose(exact.gaps(mdp), exact.gain(mdp) + h[:, None] - r - p @ h, atol=1e-10)


def test_minimal_gap():
    mdp = MDP.from_dense(np.ones((1, 4, 1)), [[0.5, 0.9, 0.9, 0.6]], horizon=1)
    assert exact.minimal_gap(mdp) == pytest.approx(0.3, abs=1e-15)
    assert exact.minimal_gap(MDP.from_dense(np.ones((1, 2, 1)), [[0.5, 0.5]], horizon=3)) == math.inf


def test_rounding_is_not_a_gap():
    """Two actions with the same law, written with different roundings: 0.1 + 0.2 against 0.3."""
    p = np.zeros((3, 2, 3))
    p[0, 0], p[0, 1] = [0.1 + 0.2, 0.35, 0.35], [0.3, 0.35, 0.35]
    p[1:, :, 0] = 1.0
    p /= p.sum(axis=2, keepdims=True)
    mdp = MDP.from_dense(p, [[0.3, 0.3], [1.0, 0.5], [0.2, 0.2]], discount=0.9)
    assert exact.gaps(mdp)[0].tolist() == [0.0, 0.0]
    assert exact.minimal_gap(mdp) == pytest.approx(0.5, abs=1e-12)


def test_river_swim_quantities():
    mdp = river_swim()
    assert abs(exact.gain(mdp) - 0.4286224339) < 1e-9
    assert abs(exact.span(mdp) - 6.310324) < 1e-6
    assert abs(exact.diameter(mdp) - 14.722338) < 1e-6
    assert exact.farthest_pair(mdp)[1:] == (0, 5)


@pytest.mark.parametrize("up, extra", [(0.2, 0.05), (0.05, 0.02), (0.5, 0.1)])
def test_two_state_closed_forms(up, extra):
    """g = (d + e) / (2 d + e); D = 1 / d (down; up takes the better action); h(1) - h(0) = 1 / (2 d + e)."""
    mdp = two_state(up, extra)
    assert exact.gain(mdp) == pytest.approx((up + extra) / (2 * up + extra), abs=1e-13)
    assert exact.diameter(mdp) == pytest.approx(1 / up, rel=1e-12)
    assert exact.span(mdp) == pytest.approx(1 / (2 * up + extra), rel=1e-12)
    # the worse action of state 0 moves up with probability d instead of d + e
    assert exact.minimal_gap(mdp) == pytest.approx(extra / (2 * up + extra), rel=1e-10)


@given(seed=st.integers(0, 10**6))
@settings(max_examples=20, deadline=None)
def test_span_is_at_most_the_diameter(seed):
    """Jaksch, Ortner, Auer 2010, section 4.3.1 (rewards in [0, 1])."""
    mdp = random_mdp(seed, 5, 2)
    assert exact.span(mdp) <= exact.diameter(mdp) + 1e-9


# ------------------------------------------------------------------------------------------------------------ diameter
@given(seed=st.integers(0, 10**6), n_states=st.integers(2, 4))
@settings(max_examples=20, deadline=None)
def test_hitting_times_are_the_best_over_all_policies(seed, n_states):
    mdp = random_mdp(seed, n_states, 2)
    p, _ = mdp.dense()
    target = seed % n_states
    others = [s for s in range(n_states) if s != target]
    best = np.full(n_states, math.inf)
    best[target] = 0.0
    for actions in product(range(2), repeat=n_states):
        chain = p[np.arange(n_states), actions]
        system = np.eye(len(others)) - chain[np.ix_(others, others)]
        if np.linalg.cond(system) < 1e12:
            best[others] = np.minimum(best[others], np.linalg.solve(system, np.ones(len(others))))
    np.testing.assert_allclose(exact.hitting_times(mdp, target), best, rtol=1e-9)


def test_diameter_of_a_directed_cycle():
    p = np.zeros((5, 1, 5))
    p[np.arange(5), 0, (np.arange(5) + 1) % 5] = 1.0
    assert exact.farthest_pair(MDP.from_dense(p, np.zeros((5, 1)))) == (4.0, 1, 0)


def test_diameter_of_a_model_that_does_not_communicate():
    p = np.zeros((3, 1, 3))
    p[0, 0, 1] = p[1, 0, 2] = p[2, 0, 1] = 1.0
    pair = exact.farthest_pair(MDP.from_dense(p, np.zeros((3, 1))))
    assert pair.distance == math.inf and (pair.source, pair.target) == (1, 0)
    assert exact.diameter(MDP.from_dense(np.ones((1, 1, 1)), [[0.0]])) == 0.0


def test_a_target_reached_only_with_luck_is_infinitely_far():
    """From 0 the only action leads to 1 or to the trap 2; state 3 can reach 1 surely, or go to 0."""
    p = np.zeros((4, 2, 4))
    p[0, :, [1, 2]] = 0.5
    p[1, :, 1] = p[2, :, 2] = 1.0
    p[3, 0, 0] = 1.0
    p[3, 1, [1, 3]] = 0.25, 0.75
    steps = exact.hitting_times(MDP.from_dense(p, np.zeros((4, 2))), 1)
    np.testing.assert_allclose(steps, [math.inf, 0.0, math.inf, 4.0])


def test_hitting_times_refuse_unknown_states():
    with pytest.raises(InvalidInput, match="target is 6"):
        exact.hitting_times(river_swim(), 6)
    with pytest.raises(InvalidInput, match="stage-dependent"):
        exact.diameter(random_mdp(0, 3, 2, stages=2))


# ------------------------------------------------------------------------------------- reachability and coverability
@pytest.mark.parametrize("stages", [None, 3])
def test_reach_probabilities_are_the_best_over_all_policies(stages):
    mdp = random_mdp(1, 2, 2, stages=stages, horizon=3)
    best = np.zeros((3, 2))
    for actions in product(range(2), repeat=6):
        best = np.maximum(best, finite_horizon.occupancies(mdp, np.reshape(actions, (3, 2))).sum(axis=2))
    np.testing.assert_allclose(exact.reach_probabilities(mdp), best, atol=1e-14)
    assert exact.coverability(mdp) == pytest.approx(2 * best.sum(axis=1).max(), abs=1e-13)


def test_coverability_of_extreme_models():
    # a tree: every action leads to a state of its own, so all A^h leaves count
    p = np.zeros((7, 2, 7))
    for s in range(3):
        p[s, 0, 2 * s + 1] = p[s, 1, 2 * s + 2] = 1.0
    p[np.arange(3, 7), :, np.arange(3, 7)] = 1.0
    assert exact.coverability(MDP.from_dense(p, np.zeros((7, 2)), horizon=3)) == pytest.approx(8.0)
    # actions that change nothing: only the free last action counts
    rng = np.random.default_rng(0)
    same = np.repeat(rng.dirichlet(np.ones(5), size=(5, 1)), 3, axis=1)
    assert exact.coverability(MDP.from_dense(same, np.zeros((5, 3)), horizon=4)) == pytest.approx(3.0)


def test_reachable_states():
    p = np.zeros((4, 2, 4))
    p[0, 0, 1] = p[0, 1, 0] = p[1, :, 2] = p[2, :, 2] = p[3, :, 0] = 1.0
    r = np.zeros((4, 2))
    np.testing.assert_array_equal(exact.reachable_states(MDP.from_dense(p, r)), [True, True, True, False])
    by_stage = exact.reachable_states(MDP.from_dense(p, r, horizon=3))
    np.testing.assert_array_equal(by_stage, [[1, 0, 0, 0], [1, 1, 0, 0], [1, 1, 1, 0]])
    assert exact.unreachable_states(MDP.from_dense(p, r)).tolist() == [3]
    assert exact.unreachable_states(MDP.from_dense(p, r, horizon=2)).tolist() == [2, 3]
    assert exact.unreachable_states(MDP.from_dense(p, r, initial=3)).tolist() == []


@pytest.mark.parametrize("stages", [None, 4])
def test_reachable_means_positive_reach_probability(stages):
    mdp = random_mdp(2, 5, 2, stages=stages, horizon=4)
    np.testing.assert_array_equal(exact.reachable_states(mdp), exact.reach_probabilities(mdp) > 0)


# ------------------------------------------------------------------------------------------------------------- chains
@given(seed=st.integers(0, 10**6), n_states=st.integers(1, 8))
@settings(max_examples=20, deadline=None)
def test_stationary_distribution(seed, n_states):
    mdp = random_mdp(seed, n_states, 2)
    policy = np.random.default_rng(seed).dirichlet(np.ones(2), size=n_states)
    law = exact.stationary_distribution(mdp, policy)
    p, r = mdp.dense()
    chain = np.einsum("sa,say->sy", policy, p)
    np.testing.assert_allclose(law @ chain, law, atol=1e-14)
    assert law.sum() == pytest.approx(1.0, abs=1e-14) and (law >= 0).all()
    gain, _ = average.evaluate_policy(mdp, policy)
    np.testing.assert_allclose(gain, law @ (policy * r).sum(axis=1), atol=1e-13)


def test_stationary_distribution_with_transient_states_and_without_uniqueness():
    p = np.zeros((3, 1, 3))
    p[0, 0, 1] = p[1, 0, 2] = p[2, 0, 1] = 1.0
    np.testing.assert_allclose(
        exact.stationary_distribution(MDP.from_dense(p, np.zeros((3, 1))), [0, 0, 0]), [0, 0.5, 0.5]
    )
    with pytest.raises(SeveralRecurrentClasses, match=r"\{0\}; \{1\}"):
        exact.stationary_distribution(MDP.from_dense(np.eye(2)[:, None], np.zeros((2, 1))), [0, 0])


@pytest.mark.parametrize("flip, epsilon", [(0.1, 0.25), (0.01, 0.1), (0.37, 0.01)])
def test_mixing_time_of_a_symmetric_chain(flip, epsilon):
    """TV after t steps is (1 - 2 flip)^t / 2."""
    p = np.array([[[1 - flip, flip]], [[flip, 1 - flip]]])
    expected = math.ceil(math.log(2 * epsilon) / math.log(1 - 2 * flip))
    assert exact.mixing_time(MDP.from_dense(p, np.zeros((2, 1))), [0, 0], epsilon) == expected


def test_mixing_time_by_plain_powers():
    mdp = river_swim()
    p, _ = mdp.dense()
    law, power, t = exact.stationary_distribution(mdp, np.ones(6, int)), np.eye(6), 0
    while 0.5 * np.abs(power - law).sum(axis=1).max() > 0.05:
        power, t = power @ p[:, 1], t + 1
    assert exact.mixing_time(mdp, np.ones(6, int), 0.05) == t > 10


def test_periodic_chains_never_mix():
    p = np.zeros((2, 1, 2))
    p[0, 0, 1] = p[1, 0, 0] = 1.0
    assert exact.mixing_time(MDP.from_dense(p, np.zeros((2, 1))), [0, 0]) == math.inf
    assert exact.mixing_time(MDP.from_dense(np.ones((1, 1, 1)), [[0.0]]), [0]) == 0.0
    with pytest.raises(InvalidInput, match="epsilon"):
        exact.mixing_time(river_swim(), np.ones(6, int), 1.0)


def test_multichain_models_have_no_single_gain():
    with pytest.raises(NotWeaklyCommunicating):
        exact.gain(MDP.from_dense(np.eye(2)[:, None], [[0.0], [1.0]]))


# ---------------------------------------------------------------------------------------- variances and decompositions
@pytest.mark.parametrize("stages", [None, 4])
def test_total_variance_is_the_variance_of_the_return(stages):
    mdp = random_mdp(3, 4, 3, stages=stages, horizon=4)
    fixed = MDP.from_dense(*mdp.dense(), initial=2, horizon=4)
    policy = np.random.default_rng(3).integers(3, size=(4, 4))
    p, r = (np.broadcast_to(x, (4, *x.shape[-len(tail) :])) for x, tail in zip(mdp.dense(), ((4, 3, 4), (4, 3))))
    states = np.arange(4)
    first, second = np.zeros(4), np.zeros(4)  # moments of the return, from its own recursion
    for h in reversed(range(4)):
        rh, ph = r[h][states, policy[h]], p[h][states, policy[h]]
        first, second = rh + ph @ first, rh**2 + 2 * rh * (ph @ first) + ph @ second
    assert exact.total_variance(fixed, policy) == pytest.approx(second[2] - first[2] ** 2, abs=1e-13)


def test_total_variance_attains_a_quarter_of_the_squared_horizon():
    """The first step decides between all rewards and none: the return is 0 or H - 1 with equal chances."""
    p = np.zeros((3, 1, 3))
    p[0, 0, [1, 2]] = 0.5
    p[1, 0, 1] = p[2, 0, 2] = 1.0
    mdp = MDP.from_dense(p, [[0.0], [0.0], [1.0]], horizon=8)
    assert exact.total_variance(mdp, np.zeros((8, 3), int)) == pytest.approx(49 / 4, abs=1e-13)


@given(seed=st.integers(0, 10**6), stages=st.sampled_from([None, 3]))
@settings(max_examples=20, deadline=None)
def test_value_difference_identity(seed, stages):
    mdp = random_mdp(seed, 4, 2, stages=stages, horizon=3)
    rng = np.random.default_rng(seed)
    policy, q = rng.dirichlet(np.ones(2), size=(3, 4)), rng.normal(size=(3, 4, 2))
    claimed = mdp.initial @ (policy[0] * q[0]).sum(axis=1)
    actual = mdp.initial @ finite_horizon.evaluate_policy(mdp, policy)[0]
    assert exact.value_difference(mdp, policy, q) == pytest.approx(claimed - actual, abs=1e-12)


def test_simulation_lemma():
    """The policy's Q in another model makes the identity compare the two models."""
    mdp, other = random_mdp(5, 4, 2, horizon=3), random_mdp(6, 4, 2, horizon=3)
    policy = np.random.default_rng(5).integers(2, size=(3, 4))
    v = finite_horizon.evaluate_policy(other, policy)
    q = finite_horizon.action_values(other, v)
    expected = mdp.initial @ (v[0] - finite_horizon.evaluate_policy(mdp, policy)[0])
    assert exact.value_difference(mdp, policy, q) == pytest.approx(expected, abs=1e-12)
    (p, r), (p2, r2) = mdp.dense(), other.dense()
    terms = [(r2 - r + (p2 - p) @ v[h + 1]) for h in range(3)]
    assert (finite_horizon.occupancies(mdp, policy) * terms).sum() == pytest.approx(expected, abs=1e-12)


@given(seed=st.integers(0, 10**6))
@settings(max_examples=15, deadline=None)
def test_relabelling_states_and_actions_changes_nothing(seed):
    rng = np.random.default_rng(seed)
    mdp = random_mdp(seed, 5, 3)
    states, actions = rng.permutation(5), rng.permutation(3)
    p, r = mdp.dense()
    p2, r2, initial2 = p[states][:, actions][:, :, states], r[states][:, actions], mdp.initial[states]
    other = MDP.from_dense(p2, r2, initial=initial2)
    assert exact.diameter(other) == pytest.approx(exact.diameter(mdp), rel=1e-10)
    assert exact.span(other) == pytest.approx(exact.span(mdp), rel=1e-9, abs=1e-12)
    np.testing.assert_allclose(exact.gaps(other), exact.gaps(mdp)[states][:, actions], atol=1e-9)
    pair = [MDP.from_dense(a, b, initial=c, horizon=4) for a, b, c in ((p, r, mdp.initial), (p2, r2, initial2))]
    assert exact.coverability(pair[0]) == pytest.approx(exact.coverability(pair[1]), rel=1e-12)
