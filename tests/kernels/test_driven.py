"""Algorithms driven from Python: the same runs as the compiled loops, watched, stopped and sabotaged alike."""

from __future__ import annotations

import math
import sys
from typing import NamedTuple

import numpy as np
import pytest

from bandits.algorithms.ucb1 import UCB1
from bandits.instances.bernoulli import bernoulli
from bandits.linear import LinearBandit
from kernels.driven import DRIVEN
from kernels.engine import simulate
from kernels.steps import Step
from mdps.instances import named_instance
from mdps.loops import Episodes
from mdps.planning.finite_horizon import backward_induction, evaluate_policy
from tests.reference.stacks import ENVIRONMENT, TRANSITION, key_of, uniform_at
from theory.errors import InvalidInput

PROTOCOL = DRIVEN
STEPS = (Step("range", "reward <= 1", "by construction"), Step("count", "t <= horizon", "by construction"))


class Plain(NamedTuple):
    """UCB1, a fixed policy or a fixed action, in plain Python."""

    width: float = 2.0
    stop: int = 0
    policy: tuple = ()


class Moment(NamedTuple):
    reward: float


def allocate(params, problem):
    """Nothing to prepare but a check."""
    if params.width < 0:
        raise InvalidInput(f"width is {params.width}; expected >= 0")


def index(params, mean, t, n):
    return mean + math.sqrt(params.width * math.log(t - 1.0)) * (1.0 / math.sqrt(n))


def choose(params, total, pulls, t):
    if t <= len(pulls):
        return t - 1
    return int(np.argmax([index(params, total[i] / pulls[i], t, pulls[i]) for i in range(len(pulls))]))


def play(params, problem, world, horizon):
    if params.policy:
        for _ in range(horizon):
            walk = world.episode(np.array(params.policy))
            yield Moment(float(walk.rewards.max()))
        return
    if hasattr(world, "context"):
        for _ in range(horizon):
            features = world.observe_context()
            yield Moment(world.pull(len(features) - 1))
        return
    total, pulls = np.zeros(problem.n_arms), np.zeros(problem.n_arms, int)
    for t in range(1, horizon + 1):
        if t == params.stop:
            break
        arm = choose(params, total, pulls, t)
        reward = world.pull(arm)
        total[arm] += reward
        pulls[arm] += 1
        yield Moment(reward)
    return pulls


class Notes:
    seen = 0


class Watch:
    """A watch that need not be a module of its own."""

    __name__ = __name__
    STEPS = STEPS

    @staticmethod
    def allocate(params, instance, horizon):
        return Notes()

    @staticmethod
    def observed(check, watch, params, instance, t, moment):
        watch.seen += 1
        check("range", moment.reward, 1.0, t)
        check(1, t, 10**9, t)

    @staticmethod
    def ended(check, watch, params, instance, t):
        check("count", abs(watch.seen - t), 0.0, t)


BANDIT = bernoulli(0.6, 0.5, 0.3)


def always_the_last(params, total, pulls, t):
    return len(pulls) - 1


def test_the_same_run_as_the_compiled_loop():
    plain = simulate(Plain(), BANDIT, 300, 5, seed=3, n_decisions=300)
    fast = simulate(UCB1(), BANDIT, 300, 5, seed=3, n_decisions=300)
    assert np.array_equal(plain.extra["decisions"], fast.extra["decisions"])
    assert np.allclose(plain.regret, fast.regret, atol=1e-12)
    assert np.array_equal(plain.extra["summary"], fast.extra["pulls"])
    assert (plain.extra["stopped"] == 300).all()


def test_replications_do_not_depend_on_blocks_or_workers():
    whole = simulate(Plain(), BANDIT, 60, 6, seed=1)
    parts = simulate(Plain(), BANDIT, 60, 6, seed=1, workers=2, block=1)
    later = simulate(Plain(), BANDIT, 60, 2, seed=1, first_run=4)
    assert np.array_equal(whole.regret, parts.regret)
    assert np.array_equal(whole.regret[4:], later.regret)


def test_watched_steps_are_recorded():
    records = simulate(Plain(), BANDIT, 50, 3, watch=Watch()).records
    assert records.checks.tolist() == [[50, 51]] * 3
    assert records.violations.sum() == 0
    assert records.slack[0, 0] == 0.0


def test_a_run_may_stop_by_itself():
    trace = simulate(Plain(stop=20), BANDIT, 100, 2)
    assert (trace.extra["stopped"] == 19).all()
    assert (trace.regret[:, -1] == trace.regret[:, np.searchsorted(trace.checkpoints, 20)]).all()
    assert (trace.extra["summary"].sum(axis=1) == 19).all()


def test_faults_are_planted_deep_inside_and_leave_the_module_alone():
    broken = simulate(Plain(), BANDIT, 50, 2, overrides={"choose": always_the_last}, n_decisions=50)
    assert (broken.extra["decisions"] == 2).all()
    deep = simulate(Plain(), BANDIT, 50, 2, overrides={"index": lambda p, mean, t, n: -n}, n_decisions=50)
    honest = simulate(Plain(), BANDIT, 50, 2, n_decisions=50)
    assert (np.bincount(deep.extra["decisions"][0]) >= 16).all()  # the least pulled arm: round robin
    assert not np.array_equal(deep.extra["decisions"], honest.extra["decisions"])
    assert sys.modules[__name__].choose is choose


def test_episodes_meet_the_same_stacks_as_the_compiled_loop():
    mdp = named_instance("garnet:5,2,3,horizon=4,seed=2")
    policy = np.arange(20).reshape(4, 5) % 2
    world = Episodes(mdp).world(5, 1)
    visits = dict.fromkeys(range(len(mdp.rewards.ravel())), 0)
    first = key_of(5, ENVIRONMENT, 1, 0)
    matrix = mdp.arrays()
    for episode in range(30):
        walk = world.episode(policy)
        s = int(np.searchsorted(np.cumsum(mdp.initial), uniform_at(first, episode), side="right"))
        for h in range(4):
            a = policy[h, s]
            row = int(h * matrix.stage_stride + s * 2 + a)
            assert (walk.states[h], walk.actions[h]) == (s, a)
            u = uniform_at(key_of(5, TRANSITION, 1, row), 2 * visits[row])
            visits[row] += 1
            chances = matrix.probabilities[matrix.indptr[row] : matrix.indptr[row + 1]]
            at = int(np.searchsorted(np.cumsum(chances), u, side="right"))
            s = int(matrix.successors[matrix.indptr[row] + at])
        assert walk.states[4] == s


def test_the_regret_of_episodes_is_exact():
    mdp = named_instance("garnet:5,2,3,horizon=4,seed=2")
    policy = np.arange(20).reshape(4, 5) % 2
    trace = simulate(Plain(policy=tuple(map(tuple, policy))), Episodes(mdp), 30, 3, seed=5)
    gap = float(mdp.initial @ (backward_induction(mdp)[0][0] - evaluate_policy(mdp, policy)[0]))
    assert np.allclose(trace.regret[:, -1], 30 * gap, atol=1e-10)


def test_the_world_of_episodes_draws_the_model():
    mdp = named_instance("garnet:4,2,2,horizon=3,seed=1")
    instance = Episodes(mdp)
    policy = np.zeros((3, 4), int)
    world = instance.world(0, 0)
    returns = [world.episode(policy).rewards.sum() for _ in range(4000)]
    value = float(instance.mdp.initial @ evaluate_policy(instance.mdp, policy)[0])
    assert abs(np.mean(returns) - value) < 5 * np.std(returns) / math.sqrt(4000) + 1e-12
    assert world.value(policy) == pytest.approx(value)
    with pytest.raises(InvalidInput, match="action 7 was played"):
        world.explore(lambda h, s: 7)


def test_linear_worlds_run_on_the_same_noise():
    instance = LinearBandit.fixed([[1.0, 0.0], [0.0, 1.0]], [0.3, 0.1])
    trace = simulate(Plain(), instance, 20, 2, n_decisions=20)
    assert (trace.extra["decisions"] == 1).all()
    assert np.allclose(trace.regret[:, -1], 20 * 0.2)
    world = instance.world(0, 0)
    with pytest.raises(RuntimeError, match="before observe_context"):
        world.pull(0)


def test_bad_hyper_parameters_and_arms_are_refused():
    with pytest.raises(InvalidInput, match="expected >= 0"):
        simulate(Plain(width=-1.0), BANDIT, 10, 1)
    with pytest.raises(IndexError, match="arm 3 was pulled"):
        BANDIT.world(0, 0).pull(3)
