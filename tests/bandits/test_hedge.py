"""Hedge against its reference, its exact regrets, and the price of fair coins that every algorithm pays."""

from __future__ import annotations

import math

import numpy as np
import pytest

from bandits.adversaries.alternating import AlternatingLosses
from bandits.adversaries.bernoulli import BernoulliLosses
from bandits.adversaries.constant import ConstantLosses
from bandits.adversaries.sequence import LossSequence
from bandits.algorithms.hedge import Hedge, allocate, anytime, tuned
from bandits.model import BanditProblem
from kernels.engine import simulate
from tests.bandits.test_exp3 import table
from tests.reference.hedge import hedge
from tests.reference.stacks import POLICY, uniforms
from theory.errors import HypothesisViolated, InvalidInput
from theory.lower_bounds import experts_coin_flips
from theory.theorems import theorem


@pytest.mark.parametrize("decay", [0.0, 0.5])
def test_decides_as_the_reference(decay):
    horizon, seed = 400, 17
    losses = table(horizon, 5)
    params = anytime(5) if decay else tuned(5, horizon)
    trace = simulate(params, LossSequence(losses), horizon, 10, seed=seed, n_decisions=horizon)
    for run in range(10):
        wanted = hedge(losses.tolist(), uniforms(seed, POLICY, run, 0), lambda t: params.learning_rate * t**-decay)
        assert trace.extra["decisions"][run].tolist() == wanted


def test_2_alternating_losses_cost_a_hyperbolic_tangent():
    """(T/4) tanh(eta/2) for even T: 2.929998 at T = 100, eta = sqrt(8 log 2/100), bound 5.887050."""
    trace = simulate(tuned(2, 100), AlternatingLosses(), 100, 3, checkpoints=[50, 100])
    assert trace.regret[:, 1] == pytest.approx(2.929998, abs=5e-7)
    eta = math.sqrt(8 * math.log(2) / 100)
    assert trace.regret == pytest.approx(np.tile([50 / 4 * math.tanh(eta / 2), 25 * math.tanh(eta / 2)], (3, 1)))
    bound = theorem("hedge/regret").bound(AlternatingLosses(), None, np.array([100.0]))[0]
    assert bound == pytest.approx(5.887050, abs=5e-7)


def test_constant_losses():
    """3.198433 on (0, 1) at the same rate: sum_t 1/(1 + exp(eta (t - 1)))."""
    trace = simulate(tuned(2, 100), ConstantLosses([0.0, 1.0]), 100, 1, checkpoints=[100])
    assert trace.regret[0, 0] == pytest.approx(3.198433, abs=5e-7)


def test_fair_coins_cost_every_algorithm_the_same():
    """E realised regret is T/2 - E min Binomial, whatever the rate; the constant 1/2 of the bound is the right one."""
    exact = experts_coin_flips(8, 200)
    for rate in (0.01, tuned(8, 200).learning_rate, 5.0):
        sample = simulate(Hedge(rate), BernoulliLosses(np.full(8, 0.5)), 200, 2000, checkpoints=[200]).extra["realised"]
        assert abs(sample.mean() - exact) < 4 * sample.std() / math.sqrt(2000)
    ratios = [experts_coin_flips(k, 4 * k * k) / math.sqrt(2.0 * k * k * math.log(k)) for k in (4, 64, 1024)]
    assert ratios == sorted(ratios) and 0.85 < ratios[-1] < 1.0


def test_shifts_change_nothing_and_permutations_permute():
    losses, order = 0.5 * table(60, 4), np.array([2, 0, 3, 1])
    plain = simulate(tuned(4, 60), LossSequence(losses), 60, 1)
    shifted = simulate(tuned(4, 60), LossSequence(losses + 0.5), 60, 1)
    permuted = simulate(tuned(4, 60), LossSequence(losses[:, order]), 60, 1)
    assert shifted.regret == pytest.approx(plain.regret, rel=1e-9)
    assert permuted.regret == pytest.approx(plain.regret, rel=1e-9)


def test_bounds_agree_where_they_meet():
    instance, t = ConstantLosses([0.0, 0.5, 1.0]), np.array([500.0])
    fixed = theorem("hedge/fixed-rate").bound(instance, tuned(3, 500), t)
    assert fixed == pytest.approx(theorem("hedge/regret").bound(instance, None, t))
    rates = anytime(3).learning_rate / np.sqrt(np.arange(1, 501))
    assert math.log(3) / rates[-1] + rates.sum() / 8 <= theorem("hedge/anytime").bound(instance, None, t)[0]


def test_a_schedule_of_another_theorem_is_refused():
    instance = ConstantLosses([0.0, 1.0])
    with pytest.raises(HypothesisViolated, match="learning rate is fixed"):
        theorem("hedge/fixed-rate").require(instance, anytime(2), 10)
    with pytest.raises(HypothesisViolated, match="times the prescribed"):
        theorem("hedge/regret").require(instance, tuned(2, 20), 10)


@pytest.mark.parametrize("params, message", [(Hedge(0.0), "learning rate of Hedge"), (Hedge(1.0, -1.0), "decay")])
def test_bad_hyper_parameters(params, message):
    with pytest.raises(InvalidInput, match=message):
        allocate(params, BanditProblem(2, 10))
