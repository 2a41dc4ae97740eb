"""Robust UCB against its reference; heavy-tailed arms; bad parameters."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import integrate

from bandits.algorithms.robust_ucb import RobustUCB, median_of_means
from bandits.instances.heavy import heavy
from kernels.engine import simulate
from tests.reference.robust_ucb import median_of_means as plain_median
from tests.reference.robust_ucb import robust_ucb
from tests.reference.stacks import REWARD, key_of, uniform_at
from theory.errors import InvalidInput
from theory.theorems import theorem

MEANS, TAIL, SCALE, SEED, HORIZON = (1.0, 0.6, 0.0), 2.5, 0.1, 4, 300


def stack(run: int) -> list[list[float]]:
    """Pre-drawn rewards, the quantile function written the other way round."""
    rows = []
    for arm, mean in enumerate(MEANS):
        key = key_of(SEED, REWARD, run, arm)
        sides = [2 * uniform_at(key, s) - 1 for s in range(HORIZON)]
        rows.append([mean + math.copysign(SCALE * ((1 - abs(v)) ** (-1 / TAIL) - 1), v) for v in sides])
    return rows


@pytest.mark.parametrize("order", [1.0, 0.5])
def test_decides_as_the_reference_on_shared_stacks(order):
    bandit = heavy(*MEANS, tail=TAIL, scale=SCALE)
    moment = bandit.central_moment(1 + order)
    trace = simulate(RobustUCB(moment, order), bandit, HORIZON, 6, seed=SEED, n_decisions=HORIZON)
    for run in range(6):
        assert trace.extra["decisions"][run].tolist() == robust_ucb(stack(run), HORIZON, moment, order)


@pytest.mark.parametrize(("n", "k"), [(1, 1), (2, 1), (7, 3), (40, 8), (41, 13)])
def test_median_of_means_of_running_sums(n, k):
    samples = np.random.default_rng(n).standard_cauchy(n)
    sums = np.concatenate([[0.0], np.cumsum(samples)])
    assert median_of_means(sums, n, k, np.zeros(k)) == pytest.approx(plain_median(list(samples), k), rel=1e-9)


@pytest.mark.parametrize("order", [0.5, 1.0, 2.0])
def test_moments_of_the_noise(order):
    bandit = heavy(0.0, tail=2.5, scale=0.3)
    exact = integrate.quad(lambda z: z**order * (2.5 / 0.3) * (1 + z / 0.3) ** -3.5, 0, np.inf)[0]
    assert bandit.central_moment(order) == pytest.approx(exact, rel=1e-6)
    assert bandit.central_moment(2.5) == math.inf


def test_the_bound_as_derived():
    bandit = heavy(1.0, 0.0, tail=3.0, scale=0.1)
    params = RobustUCB(bandit.central_moment(2.0))
    by_hand = 768 * params.moment * (0.125 + 3 * math.log(1000)) + 5
    assert float(theorem("robust-ucb/regret").bound(bandit, params, np.array([1000.0]))[0]) == pytest.approx(by_hand)


def test_rewards_have_the_stated_law():
    bandit = heavy(0.0, 0.0, tail=3.0, scale=1.0)
    world = bandit.world(1, 0)
    draws = np.array([world.pull(0) for _ in range(4000)])
    assert abs((draws > 0).mean() - 0.5) < 0.04
    assert abs((np.abs(draws) > 1.0).mean() - 0.125) < 0.03  # (1 + 1)^-3


@pytest.mark.parametrize(
    ("params", "message"),
    [
        (RobustUCB(0.0), "moment of RobustUCB"),
        (RobustUCB(1.0, 1.5), "order of RobustUCB is 1.5"),
        (RobustUCB(1.0, scale=-1.0), "scale of RobustUCB"),
    ],
)
def test_refuses_bad_parameters(params, message):
    with pytest.raises(InvalidInput, match=message):
        simulate(params, heavy(0.0, 1.0), 10, 1)


def test_refuses_bad_arms():
    with pytest.raises(InvalidInput, match="tail is 1"):
        heavy(0.0, tail=1.0)
    with pytest.raises(InvalidInput, match="scale is -1"):
        heavy(0.0, scale=-1.0)
    with pytest.raises(InvalidInput, match="order is 0"):
        heavy(0.0).central_moment(0.0)


def test_a_moment_below_the_true_one_is_outside_the_theorem():
    bandit = heavy(0.0, 1.0, tail=3.0)
    with pytest.raises(InvalidInput, match="central moment"):
        theorem("robust-ucb/regret").require(bandit, RobustUCB(bandit.central_moment(2.0) / 2), 100)
