"""Exact planners against closed forms, against each other and against independent oracles."""

from __future__ import annotations

from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numba import njit

from mdps.model import MDP
from mdps.planning import finite_horizon
from theory.errors import InvalidInput


def river_swim(n: int = 6, **options) -> MDP:
    """RiverSwim (Strehl and Littman 2008) with the usual probabilities: 0 is left, 1 is right."""
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


def random_mdp(seed: int, n_states: int, n_actions: int, *, stages: int | None = None, **options) -> MDP:
    """Dirichlet rows in which some successors are missing, random rewards and initial distribution."""
    rng = np.random.default_rng(seed)
    shape = (n_states, n_actions) if stages is None else (stages, n_states, n_actions)
    p = rng.dirichlet(np.full(n_states, 0.5), size=shape) * (rng.random((*shape, n_states)) < 0.7)
    p[..., 0] += 1e-2
    p /= p.sum(axis=-1, keepdims=True)
    return MDP.from_dense(p, rng.random(shape), initial=rng.dirichlet(np.ones(n_states)), **options)


# ------------------------------------------------------------------------------------------------------ finite horizon
@pytest.mark.parametrize("horizon, value", [(10, 0.352384), (20, 3.397264), (50, 16.072108)])
def test_river_swim_episodic_values(horizon, value):
    v, q, policy = finite_horizon.backward_induction(river_swim(horizon=horizon))
    assert v.shape == (horizon + 1, 6) and q.shape == (horizon, 6, 2) and policy.shape == (horizon, 6)
    assert abs(v[0, 0] - value) < 1e-6


@pytest.mark.parametrize("stages", [None, 3])
def test_backward_induction_is_the_best_of_all_policies(stages):
    mdp = random_mdp(1, 2, 2, stages=stages, horizon=3)
    v, _, policy = finite_horizon.backward_induction(mdp)
    best = -np.inf
    for actions in product(range(2), repeat=6):
        best = max(best, float(mdp.initial @ finite_horizon.evaluate_policy(mdp, np.reshape(actions, (3, 2)))[0]))
    assert best == pytest.approx(mdp.initial @ v[0], abs=1e-13)
    np.testing.assert_allclose(finite_horizon.evaluate_policy(mdp, policy), v, atol=1e-13)


def test_backward_induction_in_rational_arithmetic():
    half, third = Fraction(1, 2), Fraction(1, 3)
    p = [[[half, half], [Fraction(0), Fraction(1)]], [[third, 2 * third], [Fraction(1), Fraction(0)]]]
    r = [[third, Fraction(0)], [Fraction(1, 7), half]]
    values = [Fraction(0), Fraction(0)]
    for _ in range(5):
        values = [max(r[s][a] + sum(p[s][a][y] * values[y] for y in range(2)) for a in range(2)) for s in range(2)]
    mdp = MDP.from_dense(np.array(p, dtype=float), np.array(r, dtype=float), horizon=5)
    np.testing.assert_allclose(
        finite_horizon.backward_induction(mdp)[0][0], [float(x) for x in values], rtol=1e-15, atol=0
    )


@given(seed=st.integers(0, 10**6), n_states=st.integers(1, 6), n_actions=st.integers(1, 4), horizon=st.integers(1, 6))
@settings(max_examples=40, deadline=None)
def test_forward_and_backward_evaluation_agree(seed, n_states, n_actions, horizon):
    stages = horizon if seed % 2 else None
    mdp = random_mdp(seed, n_states, n_actions, stages=stages, horizon=horizon)
    rng = np.random.default_rng(seed + 1)
    actions = rng.integers(n_actions, size=(horizon, n_states))
    forward = finite_horizon.policy_value(mdp.arrays(), actions, np.full(n_states, 7.0), np.full(n_states, 9.0))
    v = finite_horizon.evaluate_policy(mdp, actions)
    assert forward == pytest.approx(mdp.initial @ v[0], abs=1e-12)
    # a stochastic policy: dense matrix products as the oracle
    stochastic = rng.dirichlet(np.ones(n_actions), size=(horizon, n_states))
    p, r = mdp.dense()
    p, r = (
        np.broadcast_to(p, (horizon, n_states, n_actions, n_states)),
        np.broadcast_to(r, (horizon, n_states, n_actions)),
    )
    expected = np.zeros((horizon + 1, n_states))
    for h in reversed(range(horizon)):
        expected[h] = np.einsum("sa,sa->s", stochastic[h], r[h] + p[h] @ expected[h + 1])
    np.testing.assert_allclose(finite_horizon.evaluate_policy(mdp, stochastic), expected, atol=1e-12)
    d = finite_horizon.occupancies(mdp, stochastic)
    np.testing.assert_allclose(d.sum(axis=(1, 2)), 1.0, atol=1e-12)
    assert (d * r).sum() == pytest.approx(mdp.initial @ expected[0], abs=1e-12)


def test_optimal_value_kernel_fills_its_buffers():
    mdp = random_mdp(3, 5, 3, stages=4)
    values, policy = np.full((5, 5), np.nan), np.full((4, 5), -1)
    start = finite_horizon.optimal_value(mdp.arrays(), values, policy)
    v, _, best = finite_horizon.backward_induction(mdp)
    np.testing.assert_array_equal(values, v)
    np.testing.assert_array_equal(policy, best)
    assert start == pytest.approx(mdp.initial @ v[0], abs=1e-14)


def test_kernels_are_callable_from_compiled_code():
    mdp = random_mdp(4, 4, 2, stages=3)

    @njit(nogil=True)
    def suboptimality(arrays, values, policy, now, ahead):
        best = finite_horizon.optimal_value(arrays, values, policy)
        return best - finite_horizon.policy_value(arrays, policy, now, ahead)

    loss = suboptimality(mdp.arrays(), np.empty((4, 4)), np.empty((3, 4), np.int64), np.empty(4), np.empty(4))
    assert abs(loss) < 1e-14


def test_ties_go_to_the_lowest_action():
    mdp = MDP.from_dense(np.ones((1, 3, 1)), [[0.2, 0.5, 0.5]], horizon=2)
    np.testing.assert_array_equal(finite_horizon.backward_induction(mdp)[2], [[1], [1]])


@pytest.mark.parametrize(
    "policy, message",
    [
        (np.zeros((2, 6), dtype=int), "shape"),
        (np.full((3, 6), 2), "action at index"),
        (np.zeros((3, 6)), "integer"),
        (np.full((3, 6, 2), 0.4), "sums to 0.8"),
        (np.stack([np.full((3, 6), 1.5), np.full((3, 6), -0.5)], axis=-1), "is -0.5"),
    ],
)
def test_malformed_policies_are_refused(policy, message):
    with pytest.raises(InvalidInput, match=message):
        finite_horizon.evaluate_policy(river_swim(horizon=3), policy)


def test_a_model_without_horizon_is_refused():
    with pytest.raises(InvalidInput, match="horizon"):
        finite_horizon.backward_induction(river_swim())
