"""Replications in lockstep are the replications of the one-by-one loop, bit for bit."""

from __future__ import annotations

import numpy as np
import pytest

from bandits.algorithms.kl_ucb import KLUCB
from bandits.algorithms.moss import MOSS
from bandits.algorithms.ucb1 import UCB1
from bandits.instances.bernoulli import BernoulliBandit
from bandits.instances.beta import beta
from bandits.instances.gaussian import GaussianBandit
from bandits.instances.nonstationary import piecewise
from bandits.lockstep import simulate_lockstep
from bandits.policies import WIDE, highest_index
from kernels.engine import Trace, simulate
from theory.errors import InvalidInput


def same(one: Trace, other: Trace) -> bool:
    """All that a trace holds, bit for bit."""
    return (
        np.array_equal(one.checkpoints, other.checkpoints)
        and np.array_equal(one.regret, other.regret)
        and one.extra.keys() == other.extra.keys()
        and all(np.array_equal(one.extra[name], other.extra[name]) for name in one.extra)
        and (one.seed, one.first_run) == (other.seed, other.first_run)
    )


BANDITS = {
    "2 arms": BernoulliBandit([0.5, 0.6]),
    "ties": BernoulliBandit([0.5] * 5),
    "100 arms": BernoulliBandit(np.linspace(0.9, 0.1, 100)),
    "gaussian": GaussianBandit([0.0, 1.0, 0.5], sd=0.7),
    "beta": beta([1.0, 2.0], [2.0, 1.5]),
}


@pytest.mark.parametrize("name", BANDITS)
@pytest.mark.parametrize("params", [UCB1(), MOSS()], ids=["ucb1", "moss"])
def test_same_bits_as_one_by_one(name, params):
    horizon, runs, seed = 700, 70, 5
    one_by_one = simulate(params, BANDITS[name], horizon, runs, seed=seed, first_run=3)
    assert one_by_one.regret[:, -1].std() > 0 or name == "ties"
    assert same(simulate_lockstep(params, BANDITS[name], horizon, runs, seed=seed, first_run=3), one_by_one)


def test_lanes_and_workers_do_not_matter():
    bandit = BernoulliBandit([0.2, 0.5, 0.4])
    expected = simulate(UCB1(), bandit, 90, 150, seed=8)
    for lanes, workers in [(32, 1), (96, 1), (64, 3), (256, 2)]:
        assert same(simulate_lockstep(UCB1(), bandit, 90, 150, seed=8, lanes=lanes, workers=workers), expected)


def test_other_hyper_parameters_and_checkpoints():
    bandit = BernoulliBandit([0.2, 0.5, 0.4])
    marks = [1, 2, 3, 4, 50, 333]
    greedy = simulate_lockstep(UCB1(0.0), bandit, 400, 40, checkpoints=marks)
    assert same(greedy, simulate(UCB1(0.0), bandit, 400, 40, checkpoints=marks))
    assert not same(greedy, simulate_lockstep(UCB1(), bandit, 400, 40, checkpoints=marks))


def test_horizon_shorter_than_the_number_of_arms():
    bandit = BernoulliBandit(np.linspace(0.1, 0.9, 9))
    assert same(simulate_lockstep(UCB1(), bandit, 4, 5), simulate(UCB1(), bandit, 4, 5))


def test_refusals():
    bandit = BernoulliBandit([0.5, 0.6])
    with pytest.raises(InvalidInput, match="lanes is 40"):
        simulate_lockstep(UCB1(), bandit, 10, 10, lanes=40)
    with pytest.raises(InvalidInput, match="width of UCB1"):
        simulate_lockstep(UCB1(-1.0), bandit, 10, 10)
    with pytest.raises(InvalidInput, match="horizon is 0"):
        simulate_lockstep(UCB1(), bandit, 0, 10)
    with pytest.raises(InvalidInput, match="no lockstep form: its arrays have shapes"):
        simulate_lockstep(UCB1(), piecewise([1, 5], [[0.1, 0.2], [0.2, 0.1]]), 10, 10)
    with pytest.raises(InvalidInput, match="KLUCB has no lockstep form"):
        simulate_lockstep(KLUCB(), bandit, 10, 10)


@pytest.mark.parametrize("n_arms", [1, 3, WIDE - 1, WIDE, WIDE + 1, WIDE + 7, WIDE + 8, 200])
def test_highest_index_is_the_first_maximum(n_arms):
    rng = np.random.default_rng(n_arms)
    for _ in range(200):
        mean, width = rng.integers(0, 4, (2, n_arms)) / 4.0  # many ties
        assert highest_index(mean, width, 0.5) == np.argmax(mean + 0.5 * width)
    for place in range(n_arms):
        mean = np.zeros(n_arms)
        mean[place] = 1.0
        assert highest_index(mean, np.ones(n_arms), 3.0) == place
