"""epsilon_t-greedy against its reference, its bound, and what happens without the gap."""

from __future__ import annotations

import math

import numpy as np
import pytest

from bandits.algorithms.epsilon_greedy import EpsilonGreedy
from bandits.instances.bernoulli import bernoulli
from kernels.engine import simulate
from proofs_check.claims.epsilon_greedy import (
    act_on_the_first,
    bernstein_radius,
    enough_probability,
    explored_round,
    greedy_mistakes,
    half_of_the_exploration,
    rates,
    settled_probability,
    settled_round,
)
from tests.bandits.index_checks import HORIZON, RUNS, SEED, decisions
from tests.bandits.stochastic import FIVE, bernoulli_stack
from tests.reference.epsilon_greedy import epsilon_greedy
from tests.reference.stacks import POLICY, uniforms
from theory.errors import HypothesisViolated, InvalidInput
from theory.theorems import theorem
from theory.theorems.epsilon_greedy import play_probability


def reference(means, gap, c):
    return [
        epsilon_greedy(bernoulli_stack(means, SEED, run, HORIZON), uniforms(SEED, POLICY, run, 0), HORIZON, gap, c)
        for run in range(RUNS)
    ]


@pytest.mark.parametrize(("means", "gap", "c"), [((0.5, 0.6), 0.5, 6.0), (FIVE, 0.9, 0.5), ((0.0, 1.0, 0.5), 1.0, 0.1)])
def test_decides_as_the_reference_on_shared_stacks(means, gap, c):
    assert decisions(EpsilonGreedy(gap, c), bernoulli(*means)) == reference(means, gap, c)


def test_another_schedule_or_a_planted_fault_changes_decisions():
    theirs = reference(FIVE, 0.9, 0.5)
    assert decisions(EpsilonGreedy(0.9, 0.4), bernoulli(*FIVE)) != theirs
    assert decisions(EpsilonGreedy(0.9, 0.5), bernoulli(*FIVE), overrides={"act": act_on_the_first}) != theirs


def test_constant_exploration():
    """While e_t = 1 every arm is uniform: R_T = T mean gap."""
    instance = bernoulli(0.9, 0.5, 0.1)
    final = simulate(EpsilonGreedy(0.1), instance, 500, 400, seed=3).regret[:, -1]
    assert abs(final.mean() - 500 * 0.4) <= 4.0 * final.std(ddof=1) / math.sqrt(len(final))


def test_the_bound_of_one_round():
    """Its leading term is c/(d^2 t); it is 1 until t = cK/d and where it exceeds 1, and holds where it bites."""
    t = np.array([1.0, 22.0, 1e9])
    value = play_probability(2, 10.0, 0.9, t)
    assert value[0] == 1.0 == value[1]
    assert 1.0 < value[2] * 0.81 * 1e9 / 10.0 < 1.001
    trace = simulate(EpsilonGreedy(0.8), bernoulli(0.9, 0.1), 1000, 400, seed=6, n_decisions=1000)
    played = (trace.extra["decisions"][:, 499:] == 1).mean()
    assert 0.4 * 10.0 / (0.64 * 1000) < played <= play_probability(2, 10.0, 0.8, np.array([500.0]))[0]


def test_bernstein_radius():
    for variance in (0.0, 3.0, 100.0):
        r = bernstein_radius(variance, 0.05)
        assert 2.0 * math.exp(-(r**2) / (2.0 * (variance + r / 3.0))) == pytest.approx(0.05)


def test_constants_of_the_watch():
    instance = bernoulli(0.9, 0.1)
    e = rates(instance, 5000)
    assert (e[:31] == 1.0).all() and e[31] == pytest.approx(20.0 / (0.64 * 32))
    half, t2 = half_of_the_exploration(instance, 5000), explored_round(instance, 5000)
    assert half[-1] == pytest.approx(e.sum() / 4.0)
    assert 2 * math.exp(-half[t2 - 1] / 5) <= 0.05 < 2 * math.exp(-half[t2 - 2] / 5)
    assert explored_round(instance, 50) == 51 and enough_probability(None, instance, 50) == 1.0
    t1 = settled_round(instance, 5000)
    left = greedy_mistakes(instance, 5000)
    assert 1 < t1 <= 5000 and left[t1 - 1] <= 0.05 < left[t1 - 2]
    assert settled_round(instance, 50) == 51 and settled_probability(None, instance, 50) == 1.0


def test_with_d_above_the_gap_there_is_no_theorem():
    """Means (.5, .55) with d = 1: the bound that the theorem would give is exceeded threefold and more."""
    trace = simulate(EpsilonGreedy(1.0), bernoulli(0.5, 0.55), 1000, 400, seed=6, checkpoints=[500, 1000])
    worse = np.diff(trace.regret, axis=1)[:, 0] / (0.05 * 500)  # share of the second half
    would_be = play_probability(2, 10.0, 1.0, np.arange(501.0, 1001.0)).mean()
    assert worse.mean() - 4.0 * worse.std(ddof=1) / math.sqrt(len(worse)) > 3.0 * would_be
    with pytest.raises(HypothesisViolated, match=r"d is 0\.5, and the smallest gap is 0\.4"):
        theorem("epsilon-greedy/regret").require(bernoulli(0.9, 0.5), EpsilonGreedy(0.5), 100)
    with pytest.raises(HypothesisViolated, match="c is 5"):
        theorem("epsilon-greedy/regret").require(bernoulli(0.9, 0.5), EpsilonGreedy(0.4, 5.0), 100)


@pytest.mark.parametrize("params", [EpsilonGreedy(0.0), EpsilonGreedy(math.nan), EpsilonGreedy(0.5, -1.0)])
def test_refuses_bad_parameters(params):
    with pytest.raises(InvalidInput, match="of epsilon-greedy"):
        simulate(params, bernoulli(0.5, 0.6), 10, 1)
