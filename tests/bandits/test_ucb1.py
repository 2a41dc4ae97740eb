"""UCB1 against its reference implementation and the exact expected regret."""

from __future__ import annotations

import numpy as np
import pytest

from bandits.algorithms.ucb1 import UCB1
from bandits.instances.bernoulli import BernoulliBandit
from kernels.engine import simulate
from tests.reference.stacks import REWARD, key_of, uniform_at
from tests.reference.ucb1 import ucb1


@pytest.mark.parametrize("means", [[0.5, 0.6], [0.9, 0.5, 0.2, 0.55, 0.7]])
def test_decides_as_the_reference_on_shared_stacks(means):
    horizon, seed, runs = 300, 11, 10
    trace = simulate(UCB1(), BernoulliBandit(means), horizon, runs, seed=seed, n_decisions=horizon)
    for run in range(runs):
        stack = [
            [float(uniform_at(key_of(seed, REWARD, run, arm), s) < mean) for s in range(horizon)]
            for arm, mean in enumerate(means)
        ]
        assert trace.extra["decisions"][run].tolist() == ucb1(stack, horizon)


def test_exact_expected_regret():
    """R_3 .. R_6 = 17/100, 1/5, 623/2500, 14211/50000 on (1/2, 3/5) (exact rationals), within 4 standard errors."""
    marks = [3, 4, 5, 6, 60]
    trace = simulate(UCB1(), BernoulliBandit([0.5, 0.6]), 60, 100_000, seed=3, checkpoints=marks, workers=2)
    exact = np.array([17 / 100, 1 / 5, 623 / 2500, 14211 / 50000, 2.468101])
    error = trace.regret.std(axis=0) / np.sqrt(trace.n_runs)
    assert (np.abs(trace.regret.mean(axis=0) - exact) < 4 * error + 5e-7).all()
