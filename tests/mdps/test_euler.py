"""EULER against its reference implementation, closed forms, and bad input."""

from __future__ import annotations

import math

import numpy as np
import pytest

from kernels.engine import simulate
from mdps.algorithms import euler as algorithm
from mdps.algorithms.euler import EULER, allocate, log_factor
from mdps.instances.chains import river_swim
from mdps.instances.lower_bounds import domingues_hard
from mdps.instances.random import random_mdp
from mdps.loops import Episodes
from mdps.model import MDP
from proofs_check.claims.euler import CLAIM
from proofs_check.episodic_cases import gamble
from tests.mdps.episodic import assert_decides_as
from tests.reference.euler import euler
from theory.errors import HypothesisViolated, InvalidInput
from theory.theorems.euler import environmental_norm


@pytest.mark.parametrize(
    ("mdp", "scale", "n_episodes"),
    [
        (random_mdp(3, 2, horizon=3, seed=5), 0.01, 150),
        (random_mdp(2, 3, horizon=2, seed=8, stage_dependent=True), 0.01, 150),
        (river_swim(4, horizon=6), 0.005, 100),
        (random_mdp(2, 2, horizon=2, seed=3), 1.0, 300),
    ],
)
def test_decides_as_the_reference_on_shared_stacks(mdp, scale, n_episodes):
    found = assert_decides_as(lambda model, k: euler(model, k, 0.1, scale), EULER(0.1, scale), mdp, n_episodes, runs=5)
    assert len(np.unique(found)) > 1


def test_bonuses_are_the_published_ones():
    """H = 5, L = 12, Var = 1.7, norm 0.8, n = 20: J = 20, B_v = sqrt 24, B_p = 5 sqrt 24, by hand."""
    bonus = algorithm.value_bonus.py_func(EULER(), 12.0, 5, 1.7, 0.8, 20.0)
    by_hand = math.sqrt(2 * 1.7 * 0.6) + 20 / 19 + (80 + 5 * math.sqrt(24)) / 20 + math.sqrt(24) * 0.8 / math.sqrt(20)
    assert bonus == pytest.approx(by_hand, rel=1e-14)
    reward = algorithm.reward_bonus.py_func(EULER(), 12.0, 0.2, 20.0)
    assert reward == pytest.approx(math.sqrt(2 * 0.2 * 0.6) + 84 / 57, rel=1e-14)
    assert log_factor(3, 2, 400, 0.1) == pytest.approx(math.log(4 * 6 * 400 * 70), rel=1e-14)


def test_environmental_norm():
    """The gamble: V*_2 is H - 1 = 3 or 0 with 0.6 and 0.4 at best, variance 2.16; 2.25 for the fair coin."""
    assert environmental_norm(gamble(2, 4, 0.1)) == pytest.approx(2.25, rel=1e-12)
    sure = MDP.from_dense(np.ones((1, 2, 1)), [[0.3, 0.6]], horizon=3, reward_law="bernoulli")
    assert environmental_norm(Episodes(sure)) == pytest.approx(0.24, rel=1e-12)
    hard = Episodes(domingues_hard(2, 2, 6, 0.3))
    p, _ = hard.mdp.dense()
    v = hard.arrays().optimal_values
    spreads = [p[h] @ v[h + 1] ** 2 - (p[h] @ v[h + 1]) ** 2 for h in range(6)]
    assert environmental_norm(hard) == pytest.approx(np.max(spreads), rel=1e-12)


def test_steps_hold_and_are_exercised():
    trace = simulate(EULER(0.1), CLAIM.cases[0].build(), 300, 10, watch=CLAIM.watch)
    assert (trace.records.violations == 0).all()
    assert (trace.records.checks.sum(axis=0) > 0).all()


def test_learns_with_the_theorems_bonuses():
    """S = A = H = 2: in 60,000 episodes the last third costs little."""
    instance = Episodes(random_mdp(2, 2, horizon=2, seed=1))
    trace = simulate(EULER(0.1), instance, 60_000, 3, checkpoints=[40_000, 60_000])
    late = np.diff(trace.regret, axis=1)
    assert late.max() < 0.1 * float(instance.trivial_regret(np.array([20_000.0]))[0])


@pytest.mark.parametrize(("delta", "scale"), [(0.0, 1.0), (1.0, 1.0), (0.1, -1.0), (0.1, np.inf)])
def test_bad_hyper_parameters_are_refused(delta, scale):
    with pytest.raises(InvalidInput, match=r"delta|scale"):
        allocate(EULER(delta, scale), Episodes(random_mdp(2, 2, horizon=2)).problem(10))


def test_theorem_refuses_a_stage_dependent_model():
    with pytest.raises(HypothesisViolated, match="stage"):
        CLAIM.bounds[0].theorem.require(Episodes(random_mdp(2, 2, horizon=3, stage_dependent=True)), EULER(), 100)


def test_rate_by_hand():
    """The gamble, S = 3, A = 2, H = 4, K = 1000, delta = 0.1: Q* = 2.25, T = 4000."""
    level = math.log(6 * 4000 / 0.1)
    leading = math.sqrt(2.25 * 6 * 4000 * level)
    found = CLAIM.bounds[0].theorem.bound(gamble(2, 4, 0.1), EULER(0.1), np.array([1000.0]))[0]
    assert found == pytest.approx(leading + 3**1.5 * 32 * (math.sqrt(3) + 2) * level, rel=1e-14)
    assert CLAIM.rate.theorem.bound(gamble(2, 4, 0.1), EULER(0.1), np.array([1000.0]))[0] == pytest.approx(leading)
