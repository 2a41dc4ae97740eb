"""Exact planners against closed forms, against each other and against independent oracles."""

from __future__ import annotations

from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numba import njit
from scipy.optimize import linprog

from mdps.model import MDP
from mdps.planning import average, discounted, extended, finite_horizon, lp
from mdps.planning.chains import (
    NotWeaklyCommunicating,
    is_communicating,
    is_weakly_communicating,
    maximal_end_components,
    recurrent_classes,
)
from mdps.planning.sweeps import NotConverged, Sweeps
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


def test_no_mass_is_too_small_to_follow():
    """Halving chain: the reward 1 at its end is reached with probability 2^-39, and is all there is."""
    n = 40
    p = np.zeros((n, 1, n))
    p[np.arange(n - 1), 0, np.arange(1, n)] = 0.5
    p[np.arange(n - 1), 0, 0] += 0.5
    p[n - 1, 0, 0] = 1.0
    mdp = MDP.from_dense(p, np.r_[np.zeros(n - 1), 1.0][:, None], horizon=n)
    policy = np.zeros((n, n), dtype=np.int64)
    assert finite_horizon.policy_value(mdp.arrays(), policy, np.empty(n), np.empty(n)) == 2.0**-39
    assert finite_horizon.occupancies(mdp, policy)[n - 1, n - 1, 0] == 2.0**-39


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
    endless = MDP.from_dense(np.ones((1, 3, 1)), [[0.2, 0.5, 0.5]], discount=0.5)
    for plan in PLANNERS.values():
        np.testing.assert_array_equal(plan(endless).policy, [1])


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


# ---------------------------------------------------------------------------------------------------------- discounted
PLANNERS = {
    "value iteration": lambda mdp: discounted.value_iteration(mdp, 1e-10),
    "Gauss-Seidel": lambda mdp: discounted.gauss_seidel_value_iteration(mdp, 1e-10),
    "modified policy iteration": lambda mdp: discounted.modified_policy_iteration(mdp, 1e-10),
    "policy iteration": discounted.policy_iteration,
}


@pytest.mark.parametrize("plan", PLANNERS.values(), ids=PLANNERS.keys())
def test_river_swim_discounted_value(plan):
    solution = plan(river_swim(discount=0.95))
    assert abs(solution.values[0] - 4.669300) < 1e-6
    assert solution.error_bound <= 1e-10
    assert (solution.policy == 1).all()


@given(
    seed=st.integers(0, 10**6),
    n_states=st.integers(1, 8),
    n_actions=st.integers(1, 4),
    discount=st.sampled_from([0.0, 0.3, 0.9, 0.99]),
)
@settings(max_examples=30, deadline=None)
def test_discounted_planners_and_programs_agree_and_their_bounds_hold(seed, n_states, n_actions, discount):
    mdp = random_mdp(seed, n_states, n_actions, discount=discount)
    exact = discounted.policy_iteration(mdp)
    for plan in PLANNERS.values():
        solution = plan(mdp)
        np.testing.assert_allclose(solution.values, exact.values, atol=1e-8)
        assert (solution.lower <= exact.upper).all() and (exact.lower <= solution.upper).all()
    np.testing.assert_allclose(lp.discounted_primal_lp(mdp), exact.values, atol=1e-8)
    dual = lp.discounted_occupancy_lp(mdp)
    assert dual.value == pytest.approx((1 - discount) * mdp.initial @ exact.values, abs=1e-8)
    played = discounted.evaluate_policy(mdp, dual.policy)
    assert mdp.initial @ played == pytest.approx(mdp.initial @ exact.values, abs=1e-7)


@given(seed=st.integers(0, 10**6), discount=st.sampled_from([0.5, 0.95]), epsilon=st.sampled_from([3.0, 0.3, 1e-2]))
@settings(max_examples=40, deadline=None)
def test_certified_bounds_bracket_the_optimum_at_loose_accuracy(seed, discount, epsilon):
    """Loose accuracies: there the bounds are far apart and a wrong one is seen."""
    mdp = random_mdp(seed, 6, 3, discount=discount)
    truth = discounted.policy_iteration(mdp).values
    for sweeps in (0, 1, 7):
        solution = discounted.modified_policy_iteration(mdp, epsilon, sweeps)
        assert (solution.lower <= truth).all() and (truth <= solution.upper).all()
        assert solution.error_bound <= epsilon
        of_policy = discounted.evaluate_policy(mdp, solution.policy)
        assert (of_policy >= solution.lower - 1e-12).all()


@given(seed=st.integers(0, 10**6))
@settings(max_examples=20, deadline=None)
def test_relabelling_states_and_actions_changes_nothing(seed):
    rng = np.random.default_rng(seed)
    mdp = random_mdp(seed, 5, 3, discount=0.9)
    states, actions = rng.permutation(5), rng.permutation(3)
    p, r = mdp.dense()
    relabelled = MDP.from_dense(p[states][:, actions][:, :, states], r[states][:, actions], discount=0.9)
    for plan in PLANNERS.values():
        np.testing.assert_allclose(plan(relabelled).values, plan(mdp).values[states], atol=1e-9)
    gains = [average.relative_value_iteration(m, 1e-10).gain for m in (mdp, relabelled)]
    assert gains[0] == pytest.approx(gains[1], abs=1e-9)


def test_policy_iteration_in_rational_arithmetic():
    f = Fraction
    p = [[[f(1, 2), f(1, 2)], [f(1, 7), f(6, 7)]], [[f(1, 3), f(2, 3)], [f(1), f(0)]]]
    r = [[f(1, 3), f(0)], [f(1, 7), f(1, 2)]]
    gamma = f(3, 4)
    best = [f(0), f(0)]
    for a, b in product(range(2), repeat=2):  # Cramer's rule on (I - gamma P) V = r, policy by policy
        m = [[1 - gamma * p[0][a][0], -gamma * p[0][a][1]], [-gamma * p[1][b][0], 1 - gamma * p[1][b][1]]]
        det = m[0][0] * m[1][1] - m[0][1] * m[1][0]
        v = [(r[0][a] * m[1][1] - m[0][1] * r[1][b]) / det, (m[0][0] * r[1][b] - m[1][0] * r[0][a]) / det]
        best = [max(x, y) for x, y in zip(best, v)]
    mdp = MDP.from_dense(np.array(p, dtype=float), np.array(r, dtype=float), discount=0.75)
    np.testing.assert_allclose(discounted.policy_iteration(mdp).values, [float(x) for x in best], rtol=1e-14)


def test_quantecon_agrees():
    quantecon = pytest.importorskip("quantecon")
    mdp = random_mdp(5, 12, 4, discount=0.97)
    p, r = mdp.dense()
    theirs = quantecon.markov.DiscreteDP(r, p, 0.97).solve(method="policy_iteration")
    ours = discounted.policy_iteration(mdp)
    np.testing.assert_allclose(ours.values, theirs.v, atol=1e-9)
    np.testing.assert_array_equal(ours.policy, theirs.sigma)


def test_large_models_are_evaluated_by_sweeps(monkeypatch):
    """The same numbers as by a direct solve, and to rounding."""
    mdp = random_mdp(8, 40, 3, discount=0.99)
    policy = np.random.default_rng(0).dirichlet(np.ones(3), size=40)
    direct, optimal = discounted.evaluate_policy(mdp, policy), discounted.policy_iteration(mdp)
    monkeypatch.setattr(discounted, "DIRECT_SIZE", 10)
    np.testing.assert_allclose(discounted.evaluate_policy(mdp, policy), direct, atol=1e-10)
    monkeypatch.setattr(discounted, "KRYLOV_STEPS", 1)  # a poor guess costs sweeps, not accuracy
    np.testing.assert_allclose(discounted.evaluate_policy(mdp, policy), direct, atol=1e-10)
    np.testing.assert_allclose(discounted.policy_iteration(mdp).values, optimal.values, atol=1e-10)


def test_threads_change_no_bit(monkeypatch):
    mdp = random_mdp(9, 50, 3, discount=0.95)
    alone = discounted.modified_policy_iteration(mdp, 1e-9)
    monkeypatch.setattr("mdps.planning.sweeps.SUCCESSORS_PER_THREAD", 10)
    monkeypatch.setattr("mdps.planning.sweeps._available_cores", lambda: 3)
    with Sweeps.of(mdp) as sweeps:
        assert len(sweeps._chunks) == 3
    together = discounted.modified_policy_iteration(mdp, 1e-9)
    np.testing.assert_array_equal(alone.values, together.values)
    np.testing.assert_array_equal(alone.policy, together.policy)
    assert alone.n_sweeps == together.n_sweeps


def test_span_stopping_saves_sweeps():
    """The span contracts faster than the discount; the sup norm cannot."""
    mdp = random_mdp(10, 30, 3, discount=0.99)
    by_span = discounted.value_iteration(mdp, 1e-8).n_sweeps
    by_norm = discounted.gauss_seidel_value_iteration(mdp, 1e-8).n_sweeps
    assert 20 * by_span < by_norm


def test_what_float64_cannot_certify_is_refused():
    with pytest.raises(InvalidInput, match="rounding"):
        discounted.value_iteration(random_mdp(2, 5, 2, discount=0.999), 1e-12)


@pytest.mark.parametrize("epsilon", [0.0, -1.0, np.nan, np.inf])
def test_bad_accuracy_is_refused(epsilon):
    with pytest.raises(InvalidInput, match="epsilon"):
        discounted.value_iteration(river_swim(discount=0.9), epsilon)


def test_discounted_planners_refuse_other_criteria():
    with pytest.raises(InvalidInput, match="discount"):
        discounted.value_iteration(river_swim(), 1e-3)
    with pytest.raises(InvalidInput, match="stage-dependent"):
        discounted.policy_iteration(random_mdp(0, 3, 2, stages=2, discount=0.9))


def test_discounted_occupancy_is_that_of_the_geometric_clock():
    mdp = random_mdp(6, 4, 3, discount=0.8)
    policy = np.random.default_rng(6).dirichlet(np.ones(3), size=4)
    p, r = mdp.dense()
    chain = np.einsum("sa,say->sy", policy, p)
    law, total = mdp.initial.copy(), np.zeros(4)
    for t in range(400):
        total += 0.2 * 0.8**t * law
        law = law @ chain
    d = discounted.occupancy(mdp, policy)
    np.testing.assert_allclose(d, total[:, None] * policy, atol=1e-13)
    assert (d * r).sum() == pytest.approx(0.2 * mdp.initial @ discounted.evaluate_policy(mdp, policy), abs=1e-13)


# ------------------------------------------------------------------------------------------------------ average reward
def test_river_swim_gain_by_three_methods():
    mdp = river_swim()
    by_policies = average.average_policy_iteration(mdp)
    by_values = average.relative_value_iteration(mdp, 1e-11)
    by_program = lp.average_occupancy_lp(mdp)
    for gain in (by_policies.gain, by_values.gain, by_program.value):
        assert abs(gain - 0.4286224339) < 1e-9
    assert abs(by_policies.span - 6.310324) < 1e-6
    assert abs(by_values.span - 6.310324) < 1e-6
    assert by_values.gain_lower <= by_policies.gain <= by_values.gain_upper


def test_long_river_swim_is_not_lost_to_ill_conditioning():
    """Policies that give up half-way leave the good end with probability about 7^-50 a step."""
    mdp = river_swim(100)
    exact, swept = average.average_policy_iteration(mdp), average.relative_value_iteration(mdp, 1e-10)
    assert exact.gain_upper - exact.gain_lower < 1e-9
    assert swept.gain_lower <= exact.gain_upper and exact.gain_lower <= swept.gain_upper


@pytest.mark.parametrize("first_sweeps", [1, 10_000])
@given(seed=st.integers(0, 10**6), n_states=st.integers(1, 7), n_actions=st.integers(1, 4))
@settings(max_examples=25, deadline=None)
def test_average_policy_iteration_from_any_start(first_sweeps, seed, n_states, n_actions):
    mdp = random_mdp(seed, n_states, n_actions)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(average, "FIRST_SWEEPS", first_sweeps)
        exact = average.average_policy_iteration(mdp)
    assert exact.gain_upper - exact.gain_lower < 1e-10
    program = lp.average_occupancy_lp(mdp)
    assert exact.gain == pytest.approx(program.value, abs=1e-8)


@given(seed=st.integers(0, 10**6), n_states=st.integers(1, 7), n_actions=st.integers(1, 4))
@settings(max_examples=25, deadline=None)
def test_average_planners_agree(seed, n_states, n_actions):
    mdp = random_mdp(seed, n_states, n_actions)
    exact = average.average_policy_iteration(mdp)
    for epsilon in (0.3, 1e-9):
        solution = average.relative_value_iteration(mdp, epsilon)
        assert solution.gain_lower <= exact.gain_upper and exact.gain_lower <= solution.gain_upper
        assert solution.gain_upper - solution.gain_lower <= epsilon
        gain, _ = average.evaluate_policy(mdp, solution.policy)
        assert gain.min() >= solution.gain_lower - 1e-12
    assert exact.gain_upper - exact.gain_lower < 1e-10
    assert lp.average_occupancy_lp(mdp).value == pytest.approx(exact.gain, abs=1e-8)
    p, r = mdp.dense()
    np.testing.assert_allclose((r + p @ exact.bias).max(axis=1), exact.gain + exact.bias, atol=1e-10)


def test_periodic_models_need_the_transform():
    p = np.zeros((2, 1, 2))
    p[0, 0, 1] = p[1, 0, 0] = 1.0
    mdp = MDP.from_dense(p, [[0.0], [1.0]])
    solution = average.relative_value_iteration(mdp, 1e-10)
    assert solution.gain == pytest.approx(0.5, abs=1e-10)
    assert solution.bias[1] - solution.bias[0] == pytest.approx(0.5, abs=1e-8)
    with pytest.raises(NotConverged):
        average.relative_value_iteration(mdp, 1e-10, aperiodicity=1.0, max_sweeps=1000)


def multichain() -> MDP:
    """State 0 chooses between two absorbing states."""
    p = np.zeros((3, 2, 3))
    p[0, 0, 1] = p[0, 1, 2] = p[1, :, 1] = p[2, :, 2] = 1.0
    return MDP.from_dense(p, [[0.0, 0.0], [0.2, 0.2], [0.9, 0.9]], name="fork")


@pytest.mark.parametrize(
    "plan",
    [average.average_policy_iteration, lambda m: average.relative_value_iteration(m, 1e-6), lp.average_occupancy_lp],
)
def test_multichain_models_are_refused_by_name(plan):
    with pytest.raises(NotWeaklyCommunicating, match=r"\{1\}; \{2\}") as refused:
        plan(multichain())
    assert [list(c) for c in refused.value.classes] == [[1], [2]]


def test_gain_and_bias_of_a_multichain_policy():
    gain, bias = average.evaluate_policy(multichain(), np.tile([0.25, 0.75], (3, 1)))
    np.testing.assert_allclose(gain, [0.725, 0.2, 0.9], atol=1e-15)
    np.testing.assert_allclose(bias, [-0.725, 0.0, 0.0], atol=1e-15)
    assert [list(c) for c in recurrent_classes(multichain(), [0, 0, 0])] == [[1], [2]]


@given(seed=st.integers(0, 10**6))
@settings(max_examples=20, deadline=None)
def test_gain_and_bias_solve_the_evaluation_equations(seed):
    """g = P g, g + h = r + P h and P* h = 0 (Puterman 1994, Theorem 8.2.6), with P* by averaging powers."""
    mdp = random_mdp(seed, 5, 2)
    policy = np.random.default_rng(seed).dirichlet(np.ones(2), size=5)
    gain, bias = average.evaluate_policy(mdp, policy)
    p, r = mdp.dense()
    chain, rewards = np.einsum("sa,say->sy", policy, p), (policy * r).sum(axis=1)
    np.testing.assert_allclose(chain @ gain, gain, atol=1e-13)
    np.testing.assert_allclose(gain + bias, rewards + chain @ bias, atol=1e-11)
    limit = np.linalg.matrix_power(0.5 * chain + 0.5 * np.eye(5), 2**14)
    np.testing.assert_allclose(limit @ bias, 0.0, atol=1e-9)


def test_policy_iteration_passes_through_multichain_policies(monkeypatch):
    """Communicating, but the policy greedy for the rewards alone stays put everywhere: three recurrent classes."""
    monkeypatch.setattr(average, "FIRST_SWEEPS", 1)
    p = np.zeros((3, 2, 3))
    for s in range(3):
        p[s, 0, s] = p[s, 1, (s + 1) % 3] = 1.0
    mdp = MDP.from_dense(p, [[0.3, 0.0], [0.2, 0.0], [0.5, 0.1]])
    assert is_communicating(mdp)
    assert average.average_policy_iteration(mdp).gain == pytest.approx(0.5, abs=1e-15)


def test_classes_of_states():
    p = np.zeros((4, 2, 4))
    p[0, :, 1] = 1.0  # transient under every policy
    p[1, 0, 2] = p[2, 0, 1] = p[1, 1, 1] = p[2, 1, 2] = 1.0
    p[3, :, 0] = 1.0
    mdp = MDP.from_dense(p, np.zeros((4, 2)))
    assert is_weakly_communicating(mdp) and not is_communicating(mdp)
    assert [list(c) for c in maximal_end_components(mdp)] == [[1, 2]]
    p[3, 1] = [0, 0, 0, 1.0]  # now state 3 may stay: a second class, though it is not closed under all actions
    assert [list(c) for c in maximal_end_components(MDP.from_dense(p, np.zeros((4, 2))))] == [[1, 2], [3]]


# ------------------------------------------------------------------------------------------- extended value iteration
def exact_radii(kind, p, size):
    return np.full(p.shape if kind == "box" else p.shape[:2], float(size))


EXTENDED = {
    "l1": extended.extended_value_iteration_l1,
    "box": extended.extended_value_iteration_box,
    "kl": extended.extended_value_iteration_kl,
}


@pytest.mark.parametrize("kind", EXTENDED)
def test_zero_radii_give_the_gain_of_the_model(kind):
    p, r = river_swim().dense()
    solution = EXTENDED[kind](r, p, exact_radii(kind, p, 0.0), 1e-11)
    assert abs(solution.gain - 0.4286224339) < 1e-9
    assert np.ptp(solution.values) == pytest.approx(6.310324, abs=1e-6)
    assert (solution.policy == 1).all()


@pytest.mark.parametrize("kind, size", [("l1", 2.0), ("box", 1.0)])
def test_full_radii_give_the_best_reward_everywhere(kind, size):
    p, r = river_swim().dense()
    solution = EXTENDED[kind](r, p, exact_radii(kind, p, size), 1e-11)
    assert solution.gain == pytest.approx(1.0, abs=1e-10)


@pytest.mark.parametrize("kind, radius", [("l1", 0.05), ("box", 0.02), ("kl", 0.03)])
def test_optimistic_gain_dominates_every_plausible_model(kind, radius):
    rng = np.random.default_rng(1)
    p, r = random_mdp(11, 4, 2).dense()
    best = EXTENDED[kind](r, p, exact_radii(kind, p, radius), 1e-10)
    n_plausible = 0
    for _ in range(60):
        other = 0.98 * p + 0.02 * rng.dirichlet(np.full(4, 0.3), size=(4, 2))
        with np.errstate(divide="ignore", invalid="ignore"):
            kl = np.where(p > 0, p * np.log(p / other), 0.0).sum(axis=2)
        distance = {"l1": np.abs(other - p).sum(axis=2), "box": np.abs(other - p), "kl": kl}[kind]
        if (distance <= radius).all():
            n_plausible += 1
            assert average.average_policy_iteration(MDP.from_dense(other, r)).gain <= best.gain_upper
    assert n_plausible >= 20
    assert best.gain > average.average_policy_iteration(MDP.from_dense(p, r)).gain


def test_extended_iteration_on_a_periodic_model():
    p = np.zeros((2, 1, 2))
    p[0, 0, 1] = p[1, 0, 0] = 1.0
    with pytest.raises(NotConverged):
        extended.extended_value_iteration_l1([[0.0], [1.0]], p, np.zeros((2, 1)), 1e-6, max_sweeps=500)
    calm = extended.extended_value_iteration_l1([[0.0], [1.0]], p, np.zeros((2, 1)), 1e-8, aperiodicity=0.9)
    assert calm.gain == pytest.approx(0.5, abs=1e-8)


distributions = st.integers(2, 6).flatmap(
    lambda n: st.tuples(
        st.lists(st.integers(0, 4), min_size=n, max_size=n).filter(any),
        st.lists(st.integers(-3, 3), min_size=n, max_size=n),
    )
)


@given(case=distributions, radius=st.integers(0, 25).map(lambda k: k / 10))  # HiGHS is not exact below 1e-7
@settings(max_examples=60, deadline=None)
def test_l1_maximum_is_that_of_the_linear_program(case, radius):
    p_hat, values = np.array(case[0]) / sum(case[0]), np.array(case[1], dtype=float)
    n = len(p_hat)
    order, p = np.arange(n), np.full(n, np.nan)
    extended.sort_descending(values, order)
    found = extended.l1_maximum(p_hat, radius, values, order, p)
    # variables p, t with |p - p_hat| <= t and sum t <= radius
    eye = np.eye(n)
    program = linprog(
        np.r_[-values, np.zeros(n)],
        A_ub=np.block([[eye, -eye], [-eye, -eye], [np.zeros((1, n)), np.ones((1, n))]]),
        b_ub=np.r_[p_hat, -p_hat, radius],
        A_eq=[np.r_[np.ones(n), np.zeros(n)]],
        b_eq=[1.0],
    )
    assert found == pytest.approx(-program.fun, abs=1e-9)
    assert found == pytest.approx(p @ values, abs=1e-12)
    assert (p >= 0).all() and p.sum() == pytest.approx(1.0, abs=1e-12)
    assert np.abs(p - p_hat).sum() <= radius + 1e-12


@given(case=distributions, size=st.integers(0, 10).map(lambda k: k / 10))
@settings(max_examples=60, deadline=None)
def test_box_maximum_is_that_of_the_linear_program(case, size):
    p_hat, values = np.array(case[0]) / sum(case[0]), np.array(case[1], dtype=float)
    n = len(p_hat)
    lower, upper = np.maximum(p_hat - size, 0.0), np.minimum(p_hat + size / np.arange(1, n + 1), 1.0)
    order, p = np.arange(n), np.full(n, np.nan)
    extended.sort_descending(values, order)
    found = extended.box_maximum(lower, upper, values, order, p)
    program = linprog(-values, A_eq=np.ones((1, n)), b_eq=[1.0], bounds=list(zip(lower, upper)))
    assert found == pytest.approx(-program.fun, abs=1e-9)
    assert p.sum() == pytest.approx(1.0, abs=1e-12)
    assert (p >= lower).all() and (p <= upper + 1e-15).all()


@given(case=distributions, exponent=st.floats(-6.0, 1.0), seed=st.integers(0, 10**6))
@settings(max_examples=150, deadline=None)
def test_kl_maximum_is_feasible_tight_and_best(case, exponent, seed):
    p_hat, values = np.array(case[0]) / sum(case[0]), np.array(case[1], dtype=float)
    radius, q = 10.0**exponent, np.full(len(p_hat), np.nan)
    found = extended.kl_maximum(p_hat, radius, values, q)
    assert (q >= 0).all() and q.sum() == pytest.approx(1.0, abs=1e-12)
    assert found == pytest.approx(q @ values, abs=1e-12)
    used = p_hat > 0
    if values[used].min() < values.max():  # otherwise p_hat itself is best
        assert (p_hat[used] * np.log(p_hat[used] / q[used])).sum() == pytest.approx(radius, rel=1e-8, abs=1e-13)
    else:
        assert found == pytest.approx(values.max(), abs=1e-12)
    rng = np.random.default_rng(seed)
    for direction in rng.dirichlet(np.full(len(p_hat), 0.3), size=10):
        for step in (1.0, 0.3, 0.1, 0.03, 0.01, 1e-3):
            other = (1 - step) * p_hat + step * direction
            if (p_hat[used] * np.log(p_hat[used] / np.maximum(other[used], 1e-300))).sum() <= radius:
                assert other @ values <= found + 1e-9


def test_kl_maximum_of_two_states_solves_the_scalar_equation():
    """p_hat = (1/2, 1/2): KL = -log(2 sqrt(q (1 - q))), so q (1 - q) = exp(-2 radius) / 4."""
    for radius in (1e-12, 1e-6, 0.1, 3.0):
        q = np.empty(2)
        extended.kl_maximum(np.array([0.5, 0.5]), radius, np.array([5.0, 7.0]), q)
        assert q[1] - 0.5 == pytest.approx(0.5 * np.sqrt(-np.expm1(-2.0 * radius)), rel=1e-9)


def test_kl_maximum_gives_mass_to_an_unseen_best_state():
    """From a point mass at a worse state, exp(-radius) of it must stay."""
    q = np.empty(3)
    extended.kl_maximum(np.array([0.0, 1.0, 0.0]), 0.7, np.array([0.0, 1.0, 2.0]), q)
    np.testing.assert_allclose(q, [0.0, np.exp(-0.7), 1 - np.exp(-0.7)], rtol=1e-14)


@pytest.mark.parametrize(
    "change, message",
    [
        (dict(rewards=np.zeros(3)), "shape"),
        (dict(rewards=np.full((6, 2), np.nan)), "reward at index"),
        (dict(p_hat=np.full((6, 2, 6), 0.5)), "distribution"),
        (dict(radius=np.full((6, 2), -1.0)), "radius at index"),
        (dict(radius=np.zeros(6)), "radius has shape"),
        (dict(epsilon=0.0), "epsilon"),
        (dict(aperiodicity=1.5), "aperiodicity"),
    ],
)
def test_malformed_plausible_sets_are_refused(change, message):
    p, r = river_swim().dense()
    arguments = dict(rewards=r, p_hat=p, radius=np.zeros((6, 2)), epsilon=1e-3) | change
    with pytest.raises(InvalidInput, match=message):
        extended.extended_value_iteration_l1(**arguments)


# ----------------------------------------------------------------------------------------------------- linear programs
@pytest.mark.parametrize("stages", [None, 4])
def test_occupancy_program_is_backward_induction(stages):
    mdp = random_mdp(12, 4, 3, stages=stages, horizon=4)
    v, _, _ = finite_horizon.backward_induction(mdp)
    solution = lp.occupancy_lp(mdp)
    assert solution.value == pytest.approx(mdp.initial @ v[0], abs=1e-9)
    np.testing.assert_allclose(solution.occupancy, finite_horizon.occupancies(mdp, solution.policy), atol=1e-9)
    np.testing.assert_allclose(solution.state_prices[0], v[0], atol=1e-8)


def test_budgeted_one_state_problem():
    """Altman 1999 in the smallest case: rewards (1, .6, 0), costs (1, .3, 0), budget 1/2."""
    mdp = MDP.from_dense(np.ones((1, 3, 1)), [[1.0, 0.6, 0.0]], horizon=1)
    solution = lp.occupancy_lp(mdp, budgets=[lp.Budget([[1.0, 0.3, 0.0]], 0.5)])
    assert solution.value == pytest.approx(5 / 7, abs=1e-9)
    np.testing.assert_allclose(solution.policy[0, 0], [2 / 7, 5 / 7, 0.0], atol=1e-9)
    assert solution.prices[0] == pytest.approx(4 / 7, abs=1e-9)


@pytest.mark.parametrize("criterion", ["episodic", "discounted", "average"])
def test_strong_duality_under_a_budget(criterion):
    """Charging the cost at its price, without the budget, is worth the same up to price times budget."""
    options = {"episodic": {"horizon": 5}, "discounted": {"discount": 0.9}, "average": {}}[criterion]
    mdp = random_mdp(13, 4, 3, **options)
    cost = np.random.default_rng(13).random((4, 3))
    program = {
        "episodic": lp.occupancy_lp,
        "discounted": lp.discounted_occupancy_lp,
        "average": lp.average_occupancy_lp,
    }[criterion]
    free = program(mdp)
    budget = 0.8 * float((free.occupancy * cost).sum())
    solution = program(mdp, budgets=[lp.Budget(cost, budget)])
    assert (solution.occupancy * cost).sum() == pytest.approx(budget, abs=1e-8)
    assert solution.value < free.value - 1e-4 and solution.prices[0] > 0
    charged = mdp.rewards.reshape(4, 3) - solution.prices[0] * cost
    assert program(mdp, charged).value + solution.prices[0] * budget == pytest.approx(solution.value, abs=1e-8)
    # a basic optimal solution randomises in at most as many situations as there are budgets
    randomised = ((solution.occupancy > 1e-9).sum(axis=-1) > 1).sum()
    assert randomised <= 1


def test_impossible_budgets_are_refused():
    with pytest.raises(lp.Infeasible):
        lp.discounted_occupancy_lp(river_swim(discount=0.9), budgets=[lp.Budget(np.ones((6, 2)), 0.5)])
    with pytest.raises(InvalidInput, match="limit"):
        lp.occupancy_lp(river_swim(horizon=2), budgets=[lp.Budget(np.ones((6, 2)), np.nan)])
    with pytest.raises(InvalidInput, match="cost"):
        lp.occupancy_lp(river_swim(horizon=2), budgets=[lp.Budget(np.ones((5, 2)), 1.0)])
