"""The two interaction loops against plain Python, exact expectations, and refused input."""

from __future__ import annotations

import numpy as np
import pytest

from kernels.engine import simulate
from mdps.algorithms.q_learning_hoeffding import QLearningHoeffding
from mdps.algorithms.stationary_policy import StationaryPolicy
from mdps.instances.chains import river_swim
from mdps.instances.lower_bounds import jao_two_state
from mdps.instances.random import random_mdp
from mdps.loops import Episodes, Trajectory
from mdps.model import MDP
from mdps.planning import discounted
from mdps.planning.average import average_policy_iteration
from mdps.planning.finite_horizon import backward_induction, evaluate_policy
from tests.reference.stacks import ENVIRONMENT, TRANSITION, key_of, uniform_at
from theory.errors import InvalidInput


def walk(mdp: MDP, actions, n_steps: int, seed: int, run: int):
    """(states, actions, rewards) of a stationary policy on the shared stacks, in plain Python."""
    p, r = mdp.dense()
    cumulative = p.cumsum(axis=2)
    u = uniform_at(key_of(seed, ENVIRONMENT, run, 0), 0)
    s = int(np.argmax(np.cumsum(mdp.initial) > u))
    visits = np.zeros(p.shape[:2], int)
    states, rewards = [], []
    for _ in range(n_steps):
        a = actions[s]
        key = key_of(seed, TRANSITION, run, s * p.shape[1] + a)
        n = int(visits[s, a])
        visits[s, a] += 1
        states.append(s)
        coin = uniform_at(key, 2 * n + 1)
        rewards.append(float(coin < r[s, a]) if mdp.reward_law == "bernoulli" else r[s, a])
        s = min(int(np.argmax(cumulative[s, a] > uniform_at(key, 2 * n))), p.shape[0] - 1)
    return np.array(states), np.array(rewards)


@pytest.mark.parametrize("law", ["deterministic", "bernoulli"])
def test_average_reward_regret_step_by_step(law):
    mdp = random_mdp(4, 3, seed=2, reward_law=law)
    actions, n_steps = (0, 2, 1, 1), 500
    marks = np.arange(1, n_steps + 1)
    trace = simulate(StationaryPolicy(actions), Trajectory(mdp), n_steps, 3, seed=9, checkpoints=marks, n_decisions=9)
    gain = average_policy_iteration(mdp).gain
    _, r = mdp.dense()
    for run in range(3):
        states, rewards = walk(mdp, actions, n_steps, 9, run)
        taken = np.array(actions)[states]
        np.testing.assert_allclose(trace.regret[run], gain * marks - np.cumsum(r[states, taken]), atol=1e-9)
        np.testing.assert_allclose(trace.extra["realised"][run], gain * marks - np.cumsum(rewards), atol=1e-9)
        assert trace.extra["decisions"][run].tolist() == taken[:9].tolist()


def test_regret_of_the_optimal_policy_is_the_difference_of_bias():
    """E[regret of T steps] = E h(s_{T+1}) - h(s_1) <= span (Puterman 1994, section 8.2): bounded for the optimum."""
    mdp = river_swim(6)
    solution = average_policy_iteration(mdp)
    trace = simulate(StationaryPolicy(tuple(solution.policy.tolist())), Trajectory(mdp), 2_000, 3_000, seed=1)
    p, _ = mdp.dense()
    chain = p[np.arange(6), solution.policy]
    law = mdp.initial @ np.linalg.matrix_power(chain, 2_000)
    exact = solution.bias @ (law - mdp.initial)
    final = trace.regret[:, -1]
    assert abs(final.mean() - exact) <= 5 * final.std() / np.sqrt(len(final))
    assert abs(exact) <= solution.span


def test_gain_of_a_worse_policy_shows_as_linear_regret():
    """In the two-state model of Jaksch et al. the wrong action loses (delta + eps)/(2 delta + eps) - 1/2 a step."""
    delta, epsilon = 0.2, 0.1
    mdp = jao_two_state(delta=delta, epsilon=epsilon)
    best = average_policy_iteration(mdp).policy
    wrong = tuple((1 - best).tolist())
    trace = simulate(StationaryPolicy(wrong), Trajectory(mdp), 20_000, 20, seed=4)
    loss = (delta + epsilon) / (2 * delta + epsilon) - 0.5
    slopes = trace.regret[:, -1] / 20_000
    assert abs(slopes.mean() - loss) <= 5 * slopes.std() / np.sqrt(20) + 1e-4


def test_discounted_losses_sum_to_the_value_gap():
    """sum_t gamma^{t-1} E[V*(s_t) - Q*(s_t, a_t)] = V*(s_1) - V^pi(s_1) (performance difference lemma)."""
    mdp = random_mdp(4, 2, seed=6, discount=0.8)
    actions = (1, 0, 1, 0)
    marks = np.arange(1, 81)
    trace = simulate(StationaryPolicy(actions), Trajectory(mdp), 80, 4_000, seed=2, checkpoints=marks)
    losses = np.diff(trace.regret, axis=1, prepend=0.0)
    assert losses.min() >= -1e-12
    sums = losses @ 0.8 ** (marks - 1.0)
    values = discounted.policy_iteration(mdp).values
    exact = values[0] - discounted.evaluate_policy(mdp, np.array(actions))[0]
    assert abs(sums.mean() - exact) <= 5 * sums.std() / np.sqrt(len(sums)) + 2 * 0.8**80


@pytest.mark.parametrize("options", [{"workers": 2}, {"block": 1}, {"block": 3, "workers": 2}])
def test_numbers_do_not_depend_on_workers_or_blocks(options):
    instance = Trajectory(random_mdp(3, 2, seed=1))
    one = simulate(StationaryPolicy((0, 1, 1)), instance, 200, 7, seed=3)
    other = simulate(StationaryPolicy((0, 1, 1)), instance, 200, 7, seed=3, **options)
    assert (one.regret == other.regret).all()
    episodes = Episodes(random_mdp(3, 2, horizon=3, seed=1))
    one = simulate(QLearningHoeffding(0.1, 0.05), episodes, 100, 7, seed=3)
    other = simulate(QLearningHoeffding(0.1, 0.05), episodes, 100, 7, seed=3, **options)
    assert (one.regret == other.regret).all()


def test_episodic_regret_is_the_exact_value_gap_of_each_policy():
    """The first policy of optimistic Q-learning is action 0 everywhere; its regret is V* - V^pi, no sampling."""
    mdp = random_mdp(4, 2, horizon=5, seed=3, stage_dependent=True, reward_law="bernoulli")
    trace = simulate(QLearningHoeffding(), Episodes(mdp), 1, 4, seed=0)
    gap = backward_induction(mdp)[0][0, 0] - evaluate_policy(mdp, np.zeros((5, 4), int))[0, 0]
    np.testing.assert_allclose(trace.regret[:, 0], gap, atol=1e-12)


def test_random_first_states_follow_the_initial_distribution():
    mdp = random_mdp(3, 2, horizon=1, seed=3)
    spread = MDP.from_dense(*mdp.dense(), horizon=1, initial=[0.2, 0.3, 0.5])
    trace = simulate(QLearningHoeffding(), Episodes(spread), 1, 2, seed=0)
    _, r = mdp.dense()
    expected = np.array([0.2, 0.3, 0.5]) @ (r.max(axis=1) - r[:, 0])
    np.testing.assert_allclose(trace.regret[:, 0], expected, atol=1e-12)


def test_refused_input():
    with pytest.raises(InvalidInput, match="has horizon 3"):
        Trajectory(random_mdp(2, 2, horizon=3))
    with pytest.raises(InvalidInput, match="has no horizon"):
        Episodes(random_mdp(2, 2))
    with pytest.raises(InvalidInput, match="action of state 1 is 5"):
        simulate(StationaryPolicy((0, 5)), Trajectory(random_mdp(2, 2)), 10, 1)
    with pytest.raises(InvalidInput, match="expected 2 integers"):
        simulate(StationaryPolicy((0,)), Trajectory(random_mdp(2, 2)), 10, 1)
    two_ends = MDP.from_dense([[[1.0, 0.0]], [[0.0, 1.0]]], [[0.0], [1.0]])
    with pytest.raises(InvalidInput, match="communicat"):
        simulate(StationaryPolicy((0, 0)), Trajectory(two_ends), 10, 1)
