"""LSVI-UCB against its reference implementation, its special cases and the steps of its proof."""

from __future__ import annotations

import math

import numpy as np
import pytest

from bandits.algorithms.oful import OFUL
from bandits.linear import LinearBandit
from kernels.engine import simulate
from kernels.jit import compiled
from mdps.algorithms import lsvi_ucb as module
from mdps.algorithms.lsvi_ucb import LSVIUCB, State, covered, init, observe, plan, practical
from mdps.instances.linear import one_hot_linear, simplex_linear
from mdps.instances.random import random_mdp
from mdps.linear import LinearMDP
from mdps.loops import Episodes
from mdps.model import MDP
from proofs_check.claims import lsvi_ucb as claim
from tests.reference.lsvi_ucb import lsvi_ucb
from tests.reference.stacks import ENVIRONMENT, TRANSITION, key_of, uniform_at
from theory.errors import InvalidInput
from theory.radii import lsvi_ucb_fixed_point

SEED, RUNS = 23, 10


class Stacks:
    """The environment of one run in plain Python."""

    def __init__(self, mdp: MDP, run: int) -> None:
        self.mdp, self.run = mdp, run
        self.visits = [0] * mdp.n_rows
        self.kernel, self.rewards = mdp.dense()
        self.kernel = self.kernel.reshape(-1, mdp.n_states)

    def first(self, episode: int) -> int:
        u = uniform_at(key_of(SEED, ENVIRONMENT, self.run, 0), episode)
        return int(np.searchsorted(np.cumsum(self.mdp.initial), u, side="right"))

    def step(self, h: int, s: int, a: int) -> tuple[float, int]:
        row = s * self.mdp.n_actions + a
        if self.mdp.stage_dependent:
            row += h * self.mdp.n_states * self.mdp.n_actions
        key = key_of(SEED, TRANSITION, self.run, row)
        n = self.visits[row]
        self.visits[row] += 1
        following = int(np.searchsorted(np.cumsum(self.kernel[row]), uniform_at(key, 2 * n), side="right"))
        mean = float(self.mdp.rewards[row])
        reward = float(uniform_at(key, 2 * n + 1) < mean) if self.mdp.reward_law == "bernoulli" else mean
        return reward, min(following, self.mdp.n_states - 1)


def _linear(seed: int, reward_law: str = "deterministic") -> Episodes:
    model = simplex_linear(5, 3, 3, 3, seed=seed, reward_law=reward_law)
    initial = np.random.default_rng(seed).dirichlet(np.ones(5))
    return claim.episodes_of(LinearMDP(model.features, model.measures, model.reward_vectors, initial, reward_law))


@pytest.mark.parametrize(
    ("instance", "radius", "regularization"),
    [(_linear(0), 1.3, 1.0), (_linear(1, "bernoulli"), 2.5, 0.5)],
    ids=["deterministic rewards", "Bernoulli rewards"],
)
def test_decides_as_the_reference_on_shared_stacks(instance, radius, regularization):
    n_episodes = 60
    params = LSVIUCB(radius, regularization=regularization)
    trace = simulate(params, instance, n_episodes, RUNS, seed=SEED, n_decisions=3 * n_episodes)
    for run in range(RUNS):
        stacks = Stacks(instance.mdp, run)
        expected = lsvi_ucb(instance.features, 3, n_episodes, stacks.first, stacks.step, radius, regularization)
        assert trace.extra["decisions"][run].tolist() == expected


def _shrunken_ucbvi(mdp: MDP, n_episodes: int, stacks: Stacks, radius: float) -> list[int]:
    """UCBVI with the bonus radius / sqrt(N + 1) and every mean shrunk by N / (N + 1)."""
    s_count, a_count, horizon = mdp.n_states, mdp.n_actions, mdp.horizon
    visits = np.zeros((horizon, s_count, a_count))
    sums = np.zeros((horizon, s_count, a_count))
    moves = np.zeros((horizon, s_count, a_count, s_count))
    decisions = []
    for k in range(n_episodes):
        values = np.zeros(s_count)
        policy = np.zeros((horizon, s_count), int)
        for h in reversed(range(horizon)):
            q = (sums[h] + moves[h] @ values) / (visits[h] + 1) + radius / np.sqrt(visits[h] + 1)
            q = np.minimum(q, horizon)
            policy[h], values = q.argmax(axis=1), q.max(axis=1)
        s = stacks.first(k)
        for h in range(horizon):
            a = int(policy[h, s])
            r, y = stacks.step(h, s, a)
            visits[h, s, a] += 1
            sums[h, s, a] += r
            moves[h, s, a, y] += 1
            decisions.append(a)
            s = y
    return decisions


def test_one_hot_features_give_ucbvi_with_shrunken_means():
    mdp = random_mdp(4, 3, horizon=3, seed=2, stage_dependent=True)
    model = one_hot_linear(mdp)
    instance = Episodes(mdp, model.features)
    trace = simulate(LSVIUCB(1.7), instance, 300, RUNS, seed=SEED, n_decisions=900)
    for run in range(RUNS):
        expected = _shrunken_ucbvi(mdp, 300, Stacks(mdp, run), 1.7)
        assert trace.extra["decisions"][run].tolist() == expected


def test_one_stage_is_oful_with_a_constant_radius():
    """H = 1, one state, known rewards: OFUL without noise has the constant radius sqrt(lam) S."""
    rng = np.random.default_rng(4)
    features = rng.dirichlet(np.ones(3), size=(1, 6))
    theta = np.array([0.2, 0.9, 0.4])
    model = LinearMDP(features, np.ones((1, 3, 1)), theta[None])
    radius = 0.6  # small enough that no index is clipped at H = 1
    first = simulate(LSVIUCB(radius), claim.episodes_of(model), 200, 1, n_decisions=200)
    bandit = LinearBandit.fixed(features[0], theta, scale=1e-300)
    second = simulate(OFUL(noise=0.0, parameter_bound=radius), bandit, 200, 1, n_decisions=200)
    assert len(set(first.extra["decisions"][0].tolist())) > 2
    np.testing.assert_array_equal(first.extra["decisions"], second.extra["decisions"])


@compiled
def _plan_after(params, state, data, rewards):
    """The algorithm after the given transitions, rows (h, s, a, s') of ``data``."""
    init(params, state)
    for i in range(data.shape[0]):
        observe(params, state, data[i, 0], data[i, 1], data[i, 2], rewards[i], data[i, 3])
    plan(params, state, data.shape[0] + 1)


def _planned(instance: Episodes, params: LSVIUCB, data: np.ndarray, rewards: np.ndarray) -> State:
    state = module.allocate(params, instance.problem(len(data)))
    _plan_after(params, state, np.asarray(data, dtype=np.int64), np.asarray(rewards, dtype=np.float64))
    return state


def test_one_constant_feature_gives_the_shrunken_mean():
    """d = 1, phi = 1: w_H is sum r / (n + lam), the bonus beta / sqrt(n + lam), and all actions look alike."""
    model = LinearMDP(np.ones((2, 2, 1)), np.full((2, 1, 2), 0.5), np.array([[0.3], [0.8]]))
    state = _planned(claim.episodes_of(model), LSVIUCB(0.5), np.tile([1, 0, 1, 1], (49, 1)), np.full(49, 0.8))
    assert state.weights[1, 0] == pytest.approx(49 * 0.8 / 50, abs=1e-14)
    np.testing.assert_allclose(state.q[1], 49 * 0.8 / 50 + 0.5 / math.sqrt(50), atol=1e-14)
    assert (state.policy == 0).all()


def test_permuting_the_actions_permutes_the_plan():
    instance = _linear(3)
    order = np.array([2, 0, 1])
    permuted = Episodes(instance.mdp, instance.features[:, order])
    rng = np.random.default_rng(0)
    data = np.column_stack([rng.integers(n, size=600) for n in (3, 5, 3, 5)])
    rewards = rng.random(600)
    moved = data.copy()
    moved[:, 2] = np.argsort(order)[data[:, 2]]
    first = _planned(instance, LSVIUCB(2.0), data, rewards).q.reshape(3, 5, 3)
    second = _planned(permuted, LSVIUCB(2.0), moved, rewards).q.reshape(3, 5, 3)
    assert (first < 3.0).any()
    np.testing.assert_allclose(first[:, :, order], second, atol=1e-12)


def test_known_radii():
    """d = 10, H = 5, K = 1000, p = .05, lam = 1: fixed point 567.55; c = 1 gives 190.45."""
    assert covered(10, 5, 1000).radius == pytest.approx(567.55, abs=0.01)
    assert practical(10, 5, 1000, scale=1.0).radius == pytest.approx(190.45, abs=0.01)
    instance = _linear(0)
    state = module.allocate(LSVIUCB(), instance.problem(77))
    assert state.radius == pytest.approx(float(lsvi_ucb_fixed_point(77, 3, 3, 0.05)))


def test_every_step_of_the_proof_holds():
    case = claim.CLAIM.cases[0]
    instance = case.build()
    params = claim.theorem_parameters(instance, case.horizon)
    records = simulate(params, instance, case.horizon, 5, seed=5, watch=claim).records
    assert (records.checks > 0).all()
    assert records.violations.sum() == 0
    # The statements bite: after thousands of episodes the radius no longer exceeds every clip.
    bonus = records.tightest[:, claim.DECOMPOSITION]
    assert (bonus[:, 1] < 2.0 * 2.0 * instance.horizon).all()


@pytest.mark.parametrize(
    ("params", "message"),
    [
        (LSVIUCB(1.0, delta=1.5), "delta is 1.5"),
        (LSVIUCB(1.0, regularization=0.0), "regularization is 0.0"),
        (LSVIUCB(-1.0), "radius is -1.0"),
    ],
)
def test_bad_hyper_parameters_are_refused(params, message):
    with pytest.raises(InvalidInput, match=message):
        module.allocate(params, _linear(0).problem(10))


def test_an_instance_without_features_is_refused():
    with pytest.raises(InvalidInput, match="needs the features"):
        module.allocate(LSVIUCB(1.0), Episodes(_linear(0).mdp).problem(10))
