"""Sliding-window UCB against its reference, tuning, bad parameters."""

from __future__ import annotations

import math

import numpy as np
import pytest

from bandits.algorithms.sw_ucb import SlidingWindowUCB, tuned_window
from bandits.instances.bernoulli import bernoulli
from bandits.instances.nonstationary import piecewise
from kernels.engine import simulate
from tests.reference.stacks import REWARD, key_of, uniform_at
from tests.reference.sw_ucb import sw_ucb
from theory.errors import InvalidInput

BANDIT = piecewise((1, 121), [(0.8, 0.5, 0.3), (0.2, 0.5, 0.7)])
SEED, HORIZON = 9, 300


@pytest.mark.parametrize("window", [1, 7, 40, 1000])
def test_decides_as_the_reference_on_shared_stacks(window):
    trace = simulate(SlidingWindowUCB(window), BANDIT, HORIZON, 8, seed=SEED, n_decisions=HORIZON)
    for run in range(8):
        keys = [key_of(SEED, REWARD, run, arm) for arm in range(3)]

        def pay(arm, n, t, keys=keys):
            return float(uniform_at(keys[arm], n) < BANDIT.means_at(t)[arm])

        assert trace.extra["decisions"][run].tolist() == sw_ucb(pay, 3, HORIZON, window, 0.6)


def test_the_regret_is_against_the_best_arm_of_every_round():
    trace = simulate(SlidingWindowUCB(20), BANDIT, HORIZON, 3, seed=SEED, n_decisions=HORIZON)
    for run in range(3):
        gaps = [BANDIT.means_at(t + 1).max() - BANDIT.means_at(t + 1)[a] for t, a in
                enumerate(trace.extra["decisions"][run])]  # fmt: skip
        assert trace.regret[run, -1] == pytest.approx(sum(gaps))


def test_a_window_as_long_as_the_run_is_a_ucb_that_never_forgets():
    short = simulate(SlidingWindowUCB(500), bernoulli(0.6, 0.5), 500, 5, seed=SEED)
    long = simulate(SlidingWindowUCB(5000), bernoulli(0.6, 0.5), 500, 5, seed=SEED)
    assert np.array_equal(short.regret, long.regret)


def test_the_tuned_window():
    assert tuned_window(10_000, 1) == round(2 * math.sqrt(10_000 * math.log(10_000)))
    assert tuned_window(10_000, 4, 0.5) == round(math.sqrt(10_000 * math.log(10_000) / 4))


@pytest.mark.parametrize(
    ("params", "message"),
    [
        (SlidingWindowUCB(0), "window of SlidingWindowUCB is 0"),
        (SlidingWindowUCB(5, xi=-1.0), "xi of SlidingWindowUCB"),
        (SlidingWindowUCB(5, largest=math.inf), "largest of SlidingWindowUCB"),
    ],
)
def test_refuses_bad_parameters(params, message):
    with pytest.raises(InvalidInput, match=message):
        simulate(params, BANDIT, 10, 1)
