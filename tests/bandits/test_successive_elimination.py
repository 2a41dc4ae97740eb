"""Successive elimination against its reference, its elimination times, bad parameters."""

from __future__ import annotations

import math

import numpy as np
import pytest

from bandits.algorithms.successive_elimination import SuccessiveElimination
from bandits.instances.bernoulli import bernoulli
from kernels.engine import simulate
from tests.bandits.stochastic import FIVE, bernoulli_stack
from tests.reference.successive_elimination import successive_elimination
from theory.errors import InvalidInput
from theory.identification import elimination_time
from theory.theorems.successive_elimination import most_pulls

HORIZON, SEED, RUNS = 2500, 11, 10


@pytest.mark.parametrize("means", [(0.9, 0.3), FIVE])
def test_decides_as_the_reference_on_shared_stacks(means):
    trace = simulate(SuccessiveElimination(), bernoulli(*means), HORIZON, RUNS, seed=SEED, n_decisions=HORIZON)
    for run in range(RUNS):
        stack = bernoulli_stack(means, SEED, run, HORIZON)
        assert trace.extra["decisions"][run].tolist() == successive_elimination(stack, HORIZON, 0.05, 0.5)
    assert (trace.extra["summary"][:, 1] == 0).all() or means == FIVE


def test_the_elimination_time_is_the_first_that_separates():
    def radius(t):
        return 0.5 * math.sqrt(2 * math.log(4 * 3 * t**2 / 0.05) / t)

    t = elimination_time(0.4, 3, 0.05, 0.5)
    assert radius(t) < 0.1 <= radius(t - 1)
    assert elimination_time(10.0, 2, 0.5, 0.1) == 1
    with pytest.raises(InvalidInput, match="gap is 0"):
        elimination_time(0.0, 3, 0.05, 0.5)


def test_no_arm_is_pulled_longer_than_the_theorem_allows():
    bandit = bernoulli(0.9, 0.5, 0.4)
    trace = simulate(SuccessiveElimination(), bandit, 3000, 50, seed=SEED)
    most = most_pulls(bandit, SuccessiveElimination())
    assert np.isinf(most[0]) and (trace.extra["pulls"][:, 1:] <= most[1:]).all()


def test_permuting_the_arms_permutes_the_answer():
    trace = simulate(SuccessiveElimination(), bernoulli(0.2, 0.9, 0.4), 2000, 20, seed=SEED)
    assert (trace.extra["summary"][:, 1] == 1).all()


@pytest.mark.parametrize(
    ("params", "message"),
    [
        (SuccessiveElimination(delta=0.0), "delta of SuccessiveElimination is 0"),
        (SuccessiveElimination(sigma=math.nan), "sigma of SuccessiveElimination"),
    ],
)
def test_refuses_bad_parameters(params, message):
    with pytest.raises(InvalidInput, match=message):
        simulate(params, bernoulli(0.5, 0.6), 10, 1)


def test_refuses_a_single_arm():
    with pytest.raises(InvalidInput, match="at least two"):
        simulate(SuccessiveElimination(), bernoulli(0.5), 10, 1)
