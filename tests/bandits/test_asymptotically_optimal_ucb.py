"""Asymptotically optimal UCB against its reference, exact regrets, and the inequalities of its proof."""

from __future__ import annotations

import math

import numpy as np
import pytest

from bandits.algorithms.asymptotically_optimal_ucb import AsymptoticallyOptimalUCB
from bandits.exact import expected_regret
from bandits.instances.gaussian import gaussian
from bandits.lockstep import simulate_lockstep
from kernels.engine import simulate
from proofs_check.claims.asymptotically_optimal_ucb import EVENT_PROBABILITY, first_watched, optimism_union
from tests.bandits.index_checks import HORIZON, assert_agrees_on_gaussian, decisions, on_gaussian
from tests.reference.asymptotically_optimal_ucb import asymptotically_optimal_ucb
from theory.errors import HypothesisViolated, InvalidInput
from theory.theorems import theorem
from theory.theorems.kl_ucb import exploration

MEANS = (0.3, 0.0, 0.5)


def reference(stack):
    return asymptotically_optimal_ucb(stack, HORIZON)


def test_decides_as_the_reference_on_shared_stacks():
    assert_agrees_on_gaussian(AsymptoticallyOptimalUCB(), MEANS, reference)


@pytest.mark.parametrize("sigma", [0.95, 1.0 / math.sqrt(math.log(10.0))])
def test_another_width_changes_decisions(sigma):
    assert decisions(AsymptoticallyOptimalUCB(sigma), gaussian(*MEANS)) != on_gaussian(MEANS, reference)


@pytest.mark.parametrize(
    ("means", "horizon", "golden"),
    [
        ((0.5, 0.6), 10, 0.454161),
        ((0.5, 0.6), 60, 2.249767),
        ((0.6, 0.5), 60, 2.245017),
        ((0.9, 0.8), 60, 2.165972),
        ((0.5, 0.25), 60, 3.510440),
    ],
)
def test_1_exact_regret_on_bernoulli_arms(means, horizon, golden):
    """Acceptance check 1, column `asym`: rewards in [0, 1] have sigma = 1/2."""
    exact = expected_regret(AsymptoticallyOptimalUCB(0.5), means, horizon)
    assert exact.regret[-1] == pytest.approx(golden, abs=1e-6)


def test_lockstep_gives_the_same_numbers():
    params, instance = AsymptoticallyOptimalUCB(), gaussian(*MEANS)
    one = simulate(params, instance, 200, 40, seed=3)
    other = simulate_lockstep(params, instance, 200, 40, seed=3)
    assert np.array_equal(one.regret, other.regret)


def test_the_infimum_of_the_theorem():
    """The closed form is the infimum over e: compared with a fine grid."""
    for gap in (0.1, 0.7, 2.0):
        for horizon in (10.0, 1e3, 1e6):
            log_f = float(exploration(horizon))
            e = np.linspace(0.0, gap, 200_002)[1:-1]
            c = 2 * (log_f + math.sqrt(math.pi * log_f) + 1)
            grid = gap * (1 + 5 / e**2 + c / (gap - e) ** 2)
            bound = theorem("asymptotically-optimal-ucb/regret").bound(
                gaussian(gap, 0.0), AsymptoticallyOptimalUCB(), np.array([horizon])
            )[0]
            assert bound <= grid.min() * (1 + 1e-12) and bound == pytest.approx(grid.min(), rel=1e-6)


def test_lemma_8_2():
    """E #{s <= n: mean_s + sqrt(2a/s) >= e} <= 1 + (2/e^2)(a + sqrt(pi a) + 1) on N(0, 1) walks, four errors wide.

    The left side is at least the number of s with sqrt(2a/s) >= e, so it is not trivially small.
    """
    rng, n, walks = np.random.default_rng(5), 1500, 4000
    s = np.arange(1.0, n + 1.0)
    means = np.cumsum(rng.standard_normal((walks, n)), axis=1) / s
    for a, e in ((1.0, 0.5), (5.0, 0.3)):
        counts = (means + np.sqrt(2.0 * a / s) >= e).sum(axis=1)
        limit = 1.0 + 2.0 / e**2 * (a + math.sqrt(math.pi * a) + 1.0)
        assert 2.0 * a / e**2 * 0.9 < counts.mean() <= limit + 4.0 * counts.std() / math.sqrt(walks)


def test_first_watched_round():
    instance = gaussian(1.0, 0.0)
    t = first_watched(instance)
    assert optimism_union(instance, t) <= EVENT_PROBABILITY < optimism_union(instance, t - 1)


def test_the_theorem_asks_for_the_class_of_the_rewards():
    with pytest.raises(HypothesisViolated, match=r"sigma is 0\.5"):
        theorem("asymptotically-optimal-ucb/regret").require(gaussian(1.0, 0.0), AsymptoticallyOptimalUCB(0.5), 10)


@pytest.mark.parametrize("sigma", [-0.5, math.nan, math.inf])
def test_refuses_a_bad_sigma(sigma):
    with pytest.raises(InvalidInput, match="sigma of the asymptotically optimal UCB"):
        simulate(AsymptoticallyOptimalUCB(sigma), gaussian(0.5, 0.6), 10, 1)
