"""Discounted UCB against its reference, tuning, bad parameters."""

from __future__ import annotations

import math

import pytest

from bandits.algorithms.d_ucb import DiscountedUCB, tuned_discount
from bandits.instances.nonstationary import piecewise
from kernels.engine import simulate
from tests.reference.d_ucb import d_ucb
from tests.reference.stacks import REWARD, key_of, uniform_at
from theory.errors import InvalidInput

BANDIT = piecewise((1, 121), [(0.8, 0.5, 0.3), (0.2, 0.5, 0.7)])
SEED, HORIZON = 9, 250


@pytest.mark.parametrize("discount", [0.7, 0.97, 0.9999])
def test_decides_as_the_reference_on_shared_stacks(discount):
    trace = simulate(DiscountedUCB(discount), BANDIT, HORIZON, 6, seed=SEED, n_decisions=HORIZON)
    for run in range(6):
        keys = [key_of(SEED, REWARD, run, arm) for arm in range(3)]

        def pay(arm, n, t, keys=keys):
            return float(uniform_at(keys[arm], n) < BANDIT.means_at(t)[arm])

        assert trace.extra["decisions"][run].tolist() == d_ucb(pay, 3, HORIZON, discount, 0.6)


def test_the_tuned_discount():
    assert tuned_discount(10_000, 4) == pytest.approx(1 - 0.02 / 4)
    assert tuned_discount(10_000, 0, 2.0) == pytest.approx(1 - 0.01 / 8)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        (DiscountedUCB(1.0), "discount of DiscountedUCB is 1"),
        (DiscountedUCB(0.9, xi=math.nan), "xi of DiscountedUCB"),
        (DiscountedUCB(0.9, largest=0.0), "largest of DiscountedUCB"),
    ],
)
def test_refuses_bad_parameters(params, message):
    with pytest.raises(InvalidInput, match=message):
        simulate(params, BANDIT, 10, 1)
