"""UCB1 against its reference implementation, invariances, bad parameters."""

from __future__ import annotations

import math

import numpy as np
import pytest

from bandits.algorithms.ucb1 import UCB1
from bandits.instances.bernoulli import bernoulli
from kernels.engine import simulate
from proofs_check.claims.ucb1 import observe_for_the_neighbour
from tests.bandits.stochastic import FIVE, bernoulli_stack
from tests.reference.ucb1 import ucb1
from theory.errors import InvalidInput

HORIZON, SEED, RUNS = 300, 11, 10


@pytest.mark.parametrize("means", [(0.5, 0.6), FIVE, (0.0, 1.0, 0.5), (0.4,)])
def test_decides_as_the_reference_on_shared_stacks(means):
    trace = simulate(UCB1(), bernoulli(*means), HORIZON, RUNS, seed=SEED, n_decisions=HORIZON)
    for run in range(RUNS):
        assert trace.extra["decisions"][run].tolist() == ucb1(bernoulli_stack(means, SEED, run, HORIZON), HORIZON)


@pytest.mark.parametrize("width", [0.5, 1.9, 2.0 / math.log(10.0)])
def test_another_width_changes_decisions(width):
    theirs = simulate(UCB1(width), bernoulli(*FIVE), HORIZON, RUNS, seed=SEED, n_decisions=HORIZON)
    stacks = [bernoulli_stack(FIVE, SEED, run, HORIZON) for run in range(RUNS)]
    assert any(theirs.extra["decisions"][run].tolist() != ucb1(stacks[run], HORIZON) for run in range(RUNS))


def test_planted_fault_changes_decisions():
    broken = simulate(UCB1(), bernoulli(*FIVE), HORIZON, 1, seed=SEED, n_decisions=HORIZON,
                      overrides={"observe": observe_for_the_neighbour})  # fmt: skip
    assert broken.extra["decisions"][0].tolist() != ucb1(bernoulli_stack(FIVE, SEED, 0, HORIZON), HORIZON)


def test_the_numbers_do_not_depend_on_workers_blocks_or_the_first_run():
    whole = simulate(UCB1(), bernoulli(*FIVE), 500, 12, seed=5)
    parts = simulate(UCB1(), bernoulli(*FIVE), 500, 12, seed=5, workers=2, block=5)
    tail = simulate(UCB1(), bernoulli(*FIVE), 500, 3, seed=5, first_run=9)
    assert np.array_equal(whole.regret, parts.regret)
    assert np.array_equal(whole.regret[9:], tail.regret)


@pytest.mark.parametrize("width", [-1.0, math.nan, math.inf])
def test_refuses_a_bad_width(width):
    with pytest.raises(InvalidInput, match="width of UCB1"):
        simulate(UCB1(width), bernoulli(0.5, 0.6), 10, 1)
