"""UCB-Advantage against its reference implementation, closed forms, and bad input."""

from __future__ import annotations

import math

import numpy as np
import pytest

from kernels.engine import simulate
from mdps.algorithms import ucb_advantage as algorithm
from mdps.algorithms.ucb_advantage import UCBAdvantage, allocate, log_factor
from mdps.instances.chains import river_swim
from mdps.instances.random import random_mdp
from mdps.loops import Episodes
from proofs_check.claims.ucb_advantage import CLAIM
from tests.mdps.episodic import assert_decides_as
from tests.reference.episodes import from_dense
from tests.reference.ucb_advantage import stage_ends, ucb_advantage
from theory.errors import HypothesisViolated, InvalidInput


@pytest.mark.parametrize(
    ("mdp", "c", "scale", "n_episodes"),
    [
        (random_mdp(3, 2, horizon=3, seed=5, stage_dependent=True), 1e-5, 0.005, 400),
        (random_mdp(2, 3, horizon=2, seed=8), 1e-4, 0.01, 400),
        (river_swim(4, horizon=6), 1.0, 0.002, 200),
        (random_mdp(2, 2, horizon=2, seed=3, stage_dependent=True), 1.0, 1.0, 100),
    ],
)
def test_decides_as_the_reference_on_shared_stacks(mdp, c, scale, n_episodes):
    found = assert_decides_as(
        lambda model, k: ucb_advantage(model, k, 0.1, c, scale), UCBAdvantage(0.1, c, scale), mdp, n_episodes, runs=5
    )
    assert len(np.unique(found)) > 1 or scale == 1.0


def test_the_reference_is_frozen_in_those_runs():
    """Otherwise the split of the next value would have gone untested."""
    mdp = random_mdp(3, 2, horizon=3, seed=5, stage_dependent=True)
    _, reference = ucb_advantage(from_dense(*mdp.dense(), 3, 7, 0), 400, 0.1, 1e-5, 0.005)
    assert sum(value < 3.0 for row in reference for value in row) >= 5


def test_stages_by_hand():
    """H = 3: lengths 3, 4, 5, 6, 8, 10."""
    assert stage_ends(3, 40) == {3, 7, 12, 18, 26, 36}
    assert stage_ends(1, 20) == {1, 3, 7, 15}


def test_bonuses_are_the_published_ones():
    """H = 4, i = 12, n = 60, m = 20, variances 1.7 and 0.3, by hand."""
    x, y = 0.2, 0.6
    by_hand = 2 * math.sqrt(1.7 * x) + 2 * math.sqrt(0.3 * y) + 20 * (x + y + x**0.75 + y**0.75)
    found = algorithm.advantage_bonus.py_func(UCBAdvantage(), 12.0, 4, 1.7, 0.3, 60.0, 20.0)
    assert found == pytest.approx(by_hand, rel=1e-14)
    assert algorithm.simple_bonus.py_func(UCBAdvantage(), 12.0, 4, 20.0) == pytest.approx(8 * math.sqrt(0.6))
    assert log_factor(4, 10, 0.1) == pytest.approx(math.log(2 / (0.1 / (80 * (16 * 64_000 + 7)))), rel=1e-14)


def test_steps_hold_and_are_exercised():
    trace = simulate(UCBAdvantage(0.1), CLAIM.cases[0].build(), 400, 5, watch=CLAIM.watch)
    assert (trace.records.violations == 0).all()
    assert (trace.records.checks.sum(axis=0) > 0).all()


def test_steps_hold_with_a_reference_that_is_frozen_early():
    """The same steps with N0 small: the split and its event are then more than the sum of two constants."""
    trace = simulate(UCBAdvantage(0.1, c=1e-4), CLAIM.cases[0].build(), 4_000, 5, watch=CLAIM.watch)
    assert (trace.records.violations == 0).all()


@pytest.mark.parametrize(
    ("delta", "c", "scale"), [(0.0, 1.0, 1.0), (1.0, 1.0, 1.0), (0.1, 0.0, 1.0), (0.1, 1.0, -1.0), (0.1, np.inf, 1.0)]
)
def test_bad_hyper_parameters_are_refused(delta, c, scale):
    with pytest.raises(InvalidInput, match=r"delta|scale|c is"):
        allocate(UCBAdvantage(delta, c, scale), Episodes(random_mdp(2, 2, horizon=2)).problem(10))


def test_theorem_refuses_random_rewards():
    with pytest.raises(HypothesisViolated, match="deterministic"):
        CLAIM.bounds[0].theorem.require(
            Episodes(random_mdp(2, 2, horizon=3, reward_law="bernoulli")), UCBAdvantage(), 100
        )


def test_rate_by_hand():
    """S = 3, A = 2, H = 3, K = 1000, delta = 0.1: T = 3000."""
    level, instance = math.log(12 * 3000 / 0.1), CLAIM.cases[0].build()
    bound = CLAIM.bounds[0].theorem.bound(instance, UCBAdvantage(0.1), np.array([1000.0]))[0]
    by_hand = math.sqrt(54 * 3000 * level) + 3**8 * 9 * 2**1.5 * 3000**0.25 * level
    assert bound == pytest.approx(by_hand, rel=1e-14)
    rate = CLAIM.rate.theorem.bound(instance, UCBAdvantage(0.1), np.array([1000.0]))[0]
    assert rate == pytest.approx(math.sqrt(162_000), rel=1e-14)
