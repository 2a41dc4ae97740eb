"""Sequential halving against its reference, its bound, bad parameters."""

from __future__ import annotations

import math

import pytest

from bandits.algorithms.sequential_halving import SequentialHalving, n_phases, phases
from bandits.instances.bernoulli import bernoulli
from kernels.engine import simulate
from proofs_check.claims.sequential_halving import phase_probability
from tests.bandits.stochastic import FIVE, bernoulli_stack
from tests.reference.sequential_halving import sequential_halving
from theory.errors import InvalidInput
from theory.theorems.sequential_halving import error_probability

SEED, RUNS = 3, 10


@pytest.mark.parametrize("means", [(0.6, 0.5), FIVE, (0.5, 0.5, 0.6, 0.4, 0.5, 0.3, 0.55)])
@pytest.mark.parametrize("budget", [60, 331])
def test_decides_as_the_reference_on_shared_stacks(means, budget):
    trace = simulate(SequentialHalving(budget), bernoulli(*means), budget, RUNS, seed=SEED, n_decisions=budget)
    for run in range(RUNS):
        decisions, answer = sequential_halving(bernoulli_stack(means, SEED, run, budget), budget)
        assert trace.extra["decisions"][run].tolist() == decisions
        assert trace.extra["summary"][run, 1] == answer


def test_the_number_of_phases():
    assert [phases(k) for k in (2, 3, 4, 5, 8, 9)] == [1, 2, 2, 3, 3, 4] == [n_phases(k) for k in (2, 3, 4, 5, 8, 9)]


def test_the_bound_as_printed():
    # K = 2, D = 1, sigma = 1: H_2 = 2, 3 exp(-T/32)
    assert error_probability(1.0, (1.0, 0.0), 64) == pytest.approx(3 * math.exp(-2))
    assert phase_probability(SequentialHalving(64), bernoulli(1.0, 0.0), 64) == pytest.approx(math.exp(-32.0))


def test_refuses_a_budget_that_does_not_go_round():
    with pytest.raises(InvalidInput, match="at least K ceil"):
        simulate(SequentialHalving(14), bernoulli(*FIVE), 14, 1)
    with pytest.raises(InvalidInput, match="sigma is 0"):
        error_probability(0.0, (1.0, 0.0), 64)
